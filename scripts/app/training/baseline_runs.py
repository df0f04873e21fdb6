# SPDX-License-Identifier: MIT
"""The runs of the search for the baselines' settings: each a setting with a seed, and a part."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.evaluation.state_pool import PooledState, StatePool
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.problem import JointProblem
from tandem.agents.registry import learner_config, make_learner
from tandem.agents.training.knowledge import BelievedJudge
from tandem.agents.training.loop import Training
from tandem.agents.training.pool_world import PoolWorld
from tandem.agents.training.world import EnvWorld, World
from tandem.agents.training.worlds import BelievedWorld
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.parts.api import Executor, Folders, Task
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS
from tandem.scripts.app.training.baseline_grid import Given, Search
from tandem.scripts.app.training.judges import MeasuredStates, measured_states

SCENARIO: Final = "wifi-edge"
ARGUMENTS: Final[Mapping[str, object]] = {"users": 3}
OBJECTIVE: Final = PaperObjective(85.0)
JUDGES: Final = StateDraw(count=24, first_seed=3_500_000, per_episode=4, stride=3)
LESSONS: Final = StateDraw(count=120, first_seed=3_600_000, per_episode=4, stride=3)
PERCENT: Final = 100.0
#: Folders of parts: finished runs, and the oracle's tables.
WORK: Final = "work"
CACHE: Final = "cache"


@dataclass(frozen=True)
class SearchStates:
    """Where runs are judged, and what they learn from.

    Attributes:
        judges: states that judge.
        futures: in which they do.
        lessons: states whose outcomes are replayed.
    """

    judges: StateDraw = JUDGES
    futures: int = 4
    lessons: StateDraw = LESSONS

    @property
    def draws(self) -> tuple[tuple[StateDraw, int], ...]:
        """All states that are measured, and in how many futures; 0: the coming one."""
        return (self.judges, self.futures), (self.lessons, 0)


@dataclass(frozen=True)
class Run:
    """A setting of a baseline with one seed.

    Attributes:
        search: the baseline and its budget.
        given: settings that differ from the defaults.
        seed: of the learner and of what it meets.
        known: what it is told, by name.
        simulated: whether it plays in ns-3 itself.
        states: that judge and teach.
    """

    search: Search
    given: Given
    seed: int
    known: str
    simulated: bool
    states: SearchStates = SearchStates()

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.search.agent}-{self.key()}"

    @property
    def weight(self) -> float:
        """Interactions."""
        return self.search.evaluations[-1]

    def key(self) -> str:
        """Changes with all that decides the result, but for the code."""
        settings = learner_config(self.search.agent, self.given).model_dump_json()
        parts = (self.search.agent, self.search.evaluations, settings, self.seed, self.known)
        states = self.states
        text = repr((*parts, self.simulated, states.judges, states.lessons, states.futures))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def file(self, work: Path) -> Path:
        """Where its result is kept."""
        return work / f"{self.name}.json"


class PlayingRuns(Task[Run, None]):
    """Plays runs; each writes its result.

    Args:
        tables: names of the files in the oracle's cache that the runs need.
    """

    def __init__(self, tables: tuple[str, ...]) -> None:
        self._tables = tables

    @property
    def programs(self) -> tuple[str, ...]:
        """The scenario."""
        return (SCENARIO,)

    def run(self, part: Run, folders: Folders) -> None:
        """Train and evaluate."""
        folders[WORK].mkdir(parents=True, exist_ok=True)
        run_folder.write_json(part.file(folders[WORK]), play(part, folders[CACHE]))

    def reads(self, part: Run, folders: Folders) -> Iterable[Path]:
        """What the oracle measured."""
        return [folders[CACHE] / name for name in self._tables]


def measure(
    states: SearchStates, cache: Path, executor: Executor, console: Console
) -> tuple[str, ...]:
    """Measure the states, as far as the cache lacks them; returns the names of their tables."""
    noted = _Noted(cache)
    for draw, futures in states.draws:
        with _measured(draw, futures, noted, executor=executor, console=console):
            pass
    return tuple(sorted(noted.names))


class _Noted(OracleCache):
    """Notes which tables are asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: set[str] = set()

    def path(self, key: str) -> Path:
        """As `OracleCache.path`."""
        path = super().path(key)
        self.names.add(path.name)
        return path


def _measured(
    draw: StateDraw, futures: int, cache: OracleCache, **options: Any
) -> AbstractContextManager[MeasuredStates]:
    return measured_states(
        SCENARIO, ARGUMENTS, OBJECTIVE, draw, cache=cache, futures=futures, **options
    )


@functools.cache
def pool(draw: StateDraw, futures: int, cache: Path) -> StatePool:
    """States to learn from or to judge by; measured once, then read from the cache."""
    with _measured(draw, futures, OracleCache(cache)) as measured:
        states = [PooledState(found.history, found.solution.futures) for found in measured.found]
        return StatePool(measured.env.schema, tuple(states))


@functools.cache
def judge(states: SearchStates, known: str, cache: Path) -> BelievedJudge:
    """Of all runs that are told the same."""
    judging = pool(states.judges, states.futures, cache)
    problem = JointProblem.from_schema(judging.schema, OBJECTIVE)
    return BelievedJudge(judging.judge(OBJECTIVE), SETTINGS[known].knowledge, problem)


@contextmanager
def world(run: Run, cache: Path) -> Iterator[World]:
    """ns-3, or what it did before; seen as the run's agent sees it."""
    with ExitStack() as stack:
        true: World
        if run.simulated:
            env = TandemEnv(SCENARIO, ARGUMENTS, objective=OBJECTIVE)
            true = EnvWorld(stack.enter_context(env))
        else:
            true = PoolWorld(pool(run.states.lessons, 0, cache), OBJECTIVE)
        yield BelievedWorld(true, SETTINGS[run.known].knowledge, run.seed)


def play(run: Run, cache: Path) -> dict[str, Any]:
    """Train and evaluate."""
    started_s = time.monotonic()
    excess: list[float] = []
    with world(run, cache) as where:
        config = learner_config(run.search.agent, run.given)
        learner = make_learner(run.search.agent, where.problem, run.seed, config)
        training = Training(where, learner, run.seed)
        for interactions in run.search.evaluations:
            training.run(interactions)
            ratio = judge(run.states, run.known, cache).evaluate(learner.act).ratio
            excess.append(round(PERCENT * (ratio - 1.0), 3))
    costs_s = [row.cost_s for row in training.history]
    return {
        "agent": run.search.agent,
        "given": dict(run.given),
        "seed": run.seed,
        "known": run.known,
        "simulated": run.simulated,
        "evaluations": list(run.search.evaluations),
        "excess_percent": excess,
        "mean_cost_while_learning_s": round(float(np.mean(costs_s)), 6),
        "wall_s": round(time.monotonic() - started_s, 1),
    }
