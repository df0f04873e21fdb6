# SPDX-License-Identifier: MIT
"""Runs the parts of the grid of the paper (Shahhosseini et al., ISQED 2022).

Pools and units are the parts; each one is a file when it is finished.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.convergence import Convergence
from tandem.agents.evaluation.futures import FuturesJudge
from tandem.agents.evaluation.judge import Judge, SiteExplorer, StateDraw
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.prober import THE_FUTURE
from tandem.agents.evaluation.states import Walk
from tandem.agents.training.pool_world import Pool, PoolWorld, load_pool, pool_keys, save_pool
from tandem.agents.training.world import EnvWorld, World
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.paper.grid import PoolSpec, Unit

FORMAT_VERSION: Final = 3
#: Episodes of one decision have no next decision, so learners with a discount get 0.
NO_FUTURE: Final = {"dqn": {"gamma": 0.0}}


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are kept.

    Attributes:
        work: finished pools and units.
        cache: the oracle's tables; empty: the user's cache.
    """

    work: str
    cache: str = ""

    @property
    def store(self) -> OracleCache:
        """The oracle's cache."""
        return OracleCache(Path(self.cache)) if self.cache else OracleCache()

    def pool(self, spec: PoolSpec) -> Path:
        """The file of a pool."""
        digest = hashlib.sha256(repr(spec).encode()).hexdigest()[:8]
        return Path(self.work) / "pools" / f"{spec.name}-{digest}.json"

    def unit(self, unit: Unit) -> Path:
        """The file of a unit."""
        return Path(self.work) / "units" / f"{unit.name}.json"


def build_pool(spec: PoolSpec, places: Places) -> float:
    """Measure a pool's states, as far as the cache lacks them; returns the seconds it took."""
    started_s = time.monotonic()
    training, evaluation = spec.draws()
    with TandemEnv(spec.scenario, spec.arguments) as env:
        walk, explorer = Walk(env), SiteExplorer(env.schema)

        def keys(draw: StateDraw, future: int) -> list[str]:
            # One branch at a time: pools are built side by side.
            oracle = Oracle(env, cache=places.store, parallel=1, futures=(future,))
            return pool_keys(walk, oracle, explorer, draw)

        train = keys(training, THE_FUTURE[0])
        futures = range(1, spec.futures + 1) if spec.futures else THE_FUTURE
        judge = [keys(evaluation, future) for future in futures]
        by_state = [list(state) for state in zip(*judge, strict=True)]
        path = places.pool(spec)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_pool(path, env.simulator.schema_text, train, by_state)
    return time.monotonic() - started_s


def run_unit(unit: Unit, places: Places) -> dict[str, Any]:
    """Train until the target is sustained or the cap is reached; returns and keeps the result."""
    from tandem.agents.registry import learner_config, learner_kind, make_learner
    from tandem.agents.training.loop import Training

    pool, digest = _pool(unit.pool, places)
    given: dict[str, Any] = {}
    if not unit.in_simulator and "dqn" in type(learner_kind(unit.agent).default).model_fields:
        given = NO_FUTURE
    judge = _judge(unit, places)
    convergence = Convergence()
    evaluations = []
    training_s = 0.0
    with _world(unit, pool) as world:
        config = learner_config(unit.agent, given)
        learner = make_learner(unit.agent, world.problem, unit.seed, config)
        training = Training(world, learner, unit.seed)
        for interactions in unit.schedule():
            started_s = time.process_time()
            training.run(interactions)
            training_s += time.process_time() - started_s
            result = judge.evaluate(learner.act)
            evaluations.append(
                [interactions, result.ratio, result.accuracy_percent, result.violated]
            )
            if convergence.add(interactions, result, learner.policy_version):
                break
    reached = convergence.interactions
    content = {
        "version": FORMAT_VERSION,
        "key": unit_key(unit, digest),
        "users": unit.pool.users,
        "condition": unit.pool.condition,
        "threshold": unit.threshold,
        "agent": unit.agent,
        "seed": unit.seed,
        "cap": unit.cap,
        "interactions": reached.value,
        "censored": reached.censored,
        "played": training.interactions,
        "oracle_s": judge.oracle_s,
        **_other_optima(judge),
        "evaluations": evaluations,
        "training_cpu_s": round(training_s, 3),
    }
    path = places.unit(unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(path, content)
    return content


@contextmanager
def _world(unit: Unit, pool: Pool) -> Iterator[World]:
    """ns-3 itself, or its outcomes replayed."""
    if not unit.in_simulator:
        yield PoolWorld(pool, unit.objective)
        return
    spec = unit.pool
    with TandemEnv(spec.scenario, spec.arguments, objective=unit.objective) as env:
        yield EnvWorld(env)


def finished(unit: Unit, places: Places) -> dict[str, Any] | None:
    """The result of an earlier run of the same unit on the same states."""
    try:
        content = read_json(places.unit(unit))
        digest = pool_digest(places.pool(unit.pool))
    except (OSError, ValueError):
        return None
    if content.get("version") != FORMAT_VERSION or content.get("key") != unit_key(unit, digest):
        return None
    return dict(content)


def unit_key(unit: Unit, digest: str) -> str:
    """A key that changes with everything that a unit's result depends on, except the code."""
    from tandem.agents.registry import learner_config

    settings = learner_config(unit.agent).model_dump_json()
    return hashlib.sha256(f"{unit!r} {unit.in_simulator} {digest} {settings}".encode()).hexdigest()


def pool_digest(path: Path) -> str:
    """Digest of the file that lists a pool's states; their keys also depend on the build."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=1)
def _pool(spec: PoolSpec, places: Places) -> tuple[Pool, str]:
    path = places.pool(spec)
    pool = load_pool(path, places.store)
    if pool is None:
        raise TandemError(
            f"the outcomes of pool {spec.name} are not in the oracle's cache any more: run the "
            "same command again to measure them"
        )
    return pool, pool_digest(path)


def _other_optima(judge: Judge) -> dict[str, float]:
    """The optima that use more knowledge than a policy can have."""
    if not isinstance(judge, FuturesJudge):
        return {"best_on_average_s": judge.oracle_s, "hindsight_s": judge.oracle_s}
    return {"best_on_average_s": judge.best_on_average_s, "hindsight_s": judge.hindsight_s}


def _judge(unit: Unit, places: Places) -> Judge:
    return _judge_of(unit.pool, places)(unit)


@functools.lru_cache(maxsize=1)
def _judge_of(spec: PoolSpec, places: Places) -> Callable[[Unit], Judge]:
    """Optima are slow to find: once per pool and threshold."""
    pool, _ = _pool(spec, places)
    known: dict[Any, Judge] = {}

    def judge(unit: Unit) -> Judge:
        objective = unit.objective
        if objective not in known:
            known[objective] = pool.judge(objective)
        return known[objective]

    return judge
