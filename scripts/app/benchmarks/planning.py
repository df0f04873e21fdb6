# SPDX-License-Identifier: MIT
"""How fast the hybrid agent decides and learns, and how that grows with the users."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.registry import make_agent
from tandem.agents.training.loop import Training
from tandem.agents.training.timed import TimedLearner
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.benchmarks.record import Aim, Measurement, at_most

_GROUP: Final = "Planning (hybrid agent, wifi-edge unless told)"
_REPEATS: Final = 7
#: More than 64 would take longer than the rest of the benchmark.
_USERS: Final = (5, 20, 50, 64)
#: Interactions whose decisions and lessons are timed.
_INTERACTIONS: Final = 12
_ACCURACY_PERCENT: Final = 85.0
#: Most milliseconds of a core that an interaction, and a decision, may take, by users.
_INTERACTION_AIMS: Final = {5: 10.0, 20: 40.0}
_DECISION_AIMS: Final = {5: 5.0, 50: 100.0}
#: `campus`: users, and most milliseconds that a decision may take, on all cores.
_CAMPUS_AIMS: Final = {50: 250.0, 200: 1000.0}
#: Its warm-up is as short as it can be: only planning is measured.
_UNTRAINED: Final = {f"wifi{cell}Training": 0 for cell in (1, 2, 3)}


def planning() -> list[Measurement]:
    """Times of deciding and learning, and how they grow with the users."""
    results: list[Measurement] = []
    decisions: list[tuple[float, ...]] = []
    for users in _USERS:
        objective = PaperObjective(_ACCURACY_PERCENT)
        with TandemEnv("wifi-edge", users=users, epochs=0, objective=objective) as env:
            world = EnvWorld(env)
            agent = make_agent("hybrid", env.schema, world.problem, 1, {})
            timed = TimedLearner(agent)
            Training(world, timed, 1).run(_INTERACTIONS)
            observation, _ = env.reset(seed=1)
        decided = _times_s(functools.partial(agent.act, observation))
        decisions.append(tuple(t * MS_PER_S for t in decided))
        taken = tuple(t * MS_PER_S for t in timed.times_s[1:])  # the first one fills caches
        results += [
            Measurement(
                _GROUP,
                f"agent's share of an interaction, {users} users",
                "ms",
                taken,
                _aim(_INTERACTION_AIMS, users),
            ),
            Measurement(
                _GROUP, f"decision, {users} users", "ms", decisions[-1], _aim(_DECISION_AIMS, users)
            ),
        ]
    results += [_campus(users, limit_ms) for users, limit_ms in _CAMPUS_AIMS.items()]
    sizes = np.log(_USERS)
    exponents = tuple(float(np.polyfit(sizes, np.log(row), 1)[0]) for row in zip(*decisions))  # noqa: B905
    results.append(Measurement(_GROUP, "growth exponent of a decision in users", "", exponents))
    return results


def _campus(users: int, limit_ms: float) -> Measurement:
    """A decision over four cells, two edges and a cloud."""
    objective = PaperObjective(_ACCURACY_PERCENT)
    arguments = {"users": users, "epochs": 0, **_UNTRAINED}
    with TandemEnv("campus", arguments, objective=objective) as env:
        agent = make_agent("hybrid", env.schema, EnvWorld(env).problem, 1, {})
        observation, _ = env.reset(seed=1)
        times_s = _times_s(functools.partial(agent.act, observation))
    times_ms = tuple(time_s * MS_PER_S for time_s in times_s)
    return Measurement(
        _GROUP, f"decision, campus, {users} users", "ms", times_ms, at_most(limit_ms)
    )


def _aim(limits_ms: Mapping[int, float], users: int) -> Aim | None:
    return at_most(limits_ms[users]) if users in limits_ms else None


def _times_s(call: Callable[[], object]) -> tuple[float, ...]:
    call()  # the first one fills caches
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return tuple(times)
