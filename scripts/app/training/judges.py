# SPDX-License-Identifier: MIT
"""States at which the commands judge policies: drawn, measured by the oracle, cached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.futures import known_judge
from tandem.agents.evaluation.judge import Judge, SiteExplorer, StateDraw, draw_states
from tandem.agents.evaluation.oracle import Oracle, Solution
from tandem.agents.evaluation.played_evaluation import (
    FoundState,
    PlayedEvaluationSet,
    with_histories,
)
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.objective import CostObjective
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.schema import Schema
from tandem.bridge.parts.api import Executor
from tandem.scripts.app.common.place import open_env
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.oracle_parts import drawn_episodes, measure_parts


@dataclass(frozen=True)
class MeasuredStates:
    """States that the oracle has measured.

    Attributes:
        env: the environment that they are of; it lives as long as `measured_states` does.
        rule: what an epoch costs.
        exact: whether every joint action's cost is known there.
        futures: those that the oracle averages over.
        found: the states, and what is known about each.
        episodes: the number of each state's episode.
        fresh: tables that parts measured just before; the cache counts them as found.
    """

    env: TandemEnv
    rule: CostRule
    exact: bool
    futures: tuple[int, ...]
    found: tuple[FoundState, ...]
    episodes: tuple[int, ...]
    fresh: int = 0

    @property
    def solutions(self) -> tuple[Solution, ...]:
        """What the oracle knows about each state."""
        return tuple(state.solution for state in self.found)


@dataclass(frozen=True)
class JudgedStates:
    """States with their judge.

    Attributes:
        judge: compares policies with the best known.
        schema: of the scenario.
        lower_bound_s: mean of what no joint action costs less than, seconds.
        rule: what an epoch costs.
        episodes: the number of each state's episode.
        solutions: what the oracle knows about each state.
    """

    judge: Judge
    schema: Schema
    lower_bound_s: float
    rule: CostRule
    episodes: tuple[int, ...]
    solutions: tuple[Solution, ...]


@contextmanager
def measured_states(
    scenario: str,
    arguments: Mapping[str, object],
    objective: CostObjective,
    draw: StateDraw,
    *,
    cache: OracleCache,
    console: Console | None = None,
    target: Target | None = None,
    futures: int = 0,
    executor: Executor | None = None,
) -> Iterator[MeasuredStates]:
    """Draw states and let the oracle measure them; shows a bar while it does.

    Args:
        arguments: of the scenario; the episode is long enough for ``draw`` if they do not say.
        cache: of measured states.
        target: the server that simulates; ``None``: here.
        futures: as for `Oracle`.
        executor: measures episodes as parts; ``None``: one simulator, and its branches in parallel.
    """
    episode = {"epochs": draw.per_episode * draw.stride + 1, **arguments}
    with open_env(scenario, episode, target, objective=objective) as env:
        oracle = Oracle(env, cache=cache, futures=futures)
        fresh = 0
        if executor is not None:
            parts = drawn_episodes(scenario, episode, objective, futures, draw)
            fresh = measure_parts(executor, env, parts, cache, console or Console(stderr=True))
        walk, explorer = Walk(env), SiteExplorer(env.schema)
        total = oracle.branches * draw.count
        title = f"oracle · {draw.count} states"
        with progress(title, total, "branches", console=console) as bar:
            states = draw_states(walk, oracle, explorer, draw, bar.advance)
            found = tuple(with_histories(walk, states))
        yield MeasuredStates(
            env=env,
            rule=oracle.rule,
            exact=oracle.is_exhaustive,
            futures=oracle.futures,
            found=found,
            episodes=tuple(index // draw.per_episode for index in range(len(found))),
            fresh=fresh,
        )


@contextmanager
def judged_states(
    scenario: str,
    arguments: Mapping[str, object],
    objective: CostObjective,
    draw: StateDraw,
    *,
    cache: Path | None = None,
    console: Console | None = None,
    target: Target | None = None,
    futures: int = 0,
    executor: Executor | None = None,
) -> Iterator[JudgedStates]:
    """Draw states, let the oracle measure them, and make their judge.

    With few users everything about the states is known after this, and the simulator is closed.
    With many users it stays open for the evaluations.

    Args:
        arguments: of the scenario; the episode's length follows from ``draw``.
        cache: folder of measured states; default: the user's cache.
        futures: as for `Oracle`. From 2 on policies are compared with the held-out optimum
            (`tandem.agents.evaluation.futures`), or with what a search found on average.
        executor: as for `measured_states`.
    """
    given = {name: value for name, value in arguments.items() if name != "epochs"}
    with measured_states(
        scenario,
        given,
        objective,
        draw,
        cache=OracleCache() if cache is None else OracleCache(cache),
        console=console,
        target=target,
        futures=futures,
        executor=executor,
    ) as measured:
        schema = measured.env.schema
        if not measured.exact:
            played = PlayedEvaluationSet(measured.env, measured.found, measured.futures)
            yield _judged(measured, played, schema, played.lower_bound_s)
            return
    tables = [solution.futures for solution in measured.solutions]
    known = known_judge(tables, measured.rule)
    yield _judged(measured, known, schema, known.oracle_s)


def _judged(
    measured: MeasuredStates, judge: Judge, schema: Schema, lower_bound_s: float
) -> JudgedStates:
    return JudgedStates(
        judge, schema, lower_bound_s, measured.rule, measured.episodes, measured.solutions
    )
