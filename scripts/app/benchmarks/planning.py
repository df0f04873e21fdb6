# SPDX-License-Identifier: MIT
"""How fast the hybrid agent imagines and decides, and how that grows with the users."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.agents.hybrid import HybridAgent
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.registry import make_agent
from tandem.agents.training.loop import Training
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.benchmarks.record import Measurement

_GROUP: Final = "Planning (hybrid agent, wifi-edge, CPU)"
_REPEATS: Final = 7
#: More than 64 would take longer than the rest of the benchmark.
_USERS: Final = (5, 20, 50, 64)
_BATCH: Final = 256
#: Interactions with the fewest users before the clock starts, so that the model has been fitted.
_INTERACTIONS: Final = 6
_ACCURACY_PERCENT: Final = 85.0


def planning() -> list[Measurement]:
    """Imagined joint transitions per second, decision times and their growth exponent."""
    results: list[Measurement] = []
    decisions: list[tuple[float, ...]] = []
    trained: dict[str, Any] | None = None
    for users in _USERS:
        objective = PaperObjective(_ACCURACY_PERCENT)
        with TandemEnv("wifi-edge", users=users, epochs=0, objective=objective) as env:
            world = EnvWorld(env)
            agent = make_agent("hybrid", env.schema, world.problem, 1, {})
            if not isinstance(agent, HybridAgent):
                raise TypeError(f"the hybrid agent is a {type(agent).__name__}")
            model = agent.model
            if trained is None:
                Training(world, agent, 1).run(_INTERACTIONS)
                trained = model.state_dict()
            else:
                # A fitted model predicts for any number of users.
                model.load_state_dict(trained)
            observation, _ = env.reset(seed=1)
        options = len(world.problem.options)
        draws = np.random.default_rng(1).integers(0, options, (_BATCH, users)).astype(np.int32)
        imagined = _times_s(functools.partial(model.predict, observation, draws))
        decided = _times_s(functools.partial(agent.act, observation))
        decisions.append(tuple(t * MS_PER_S for t in decided))
        rates = tuple(_BATCH / t for t in imagined)
        results.append(
            Measurement(_GROUP, f"imagined joint transitions, {users} users", "1/s", rates)
        )
        results.append(Measurement(_GROUP, f"decision, {users} users", "ms", decisions[-1]))
    sizes = np.log(_USERS)
    exponents = tuple(float(np.polyfit(sizes, np.log(row), 1)[0]) for row in zip(*decisions))  # noqa: B905
    results.append(Measurement(_GROUP, "growth exponent of a decision in users", "", exponents))
    return results


def _times_s(call: Callable[[], object]) -> tuple[float, ...]:
    call()  # the first one fills caches
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return tuple(times)
