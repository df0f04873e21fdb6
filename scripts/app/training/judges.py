# SPDX-License-Identifier: MIT
"""States at which the commands judge policies: drawn, measured by the oracle, cached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.futures import FuturesJudge
from tandem.agents.evaluation.judge import (
    EvaluationSet,
    Judge,
    SiteExplorer,
    StateDraw,
    draw_states,
)
from tandem.agents.evaluation.oracle import Oracle, Solution, bar
from tandem.agents.evaluation.outcome_table import CostRule
from tandem.agents.evaluation.played_evaluation import PlayedEvaluationSet, with_histories
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.schema import Schema
from tandem.scripts.app.common.place import open_env


@dataclass(frozen=True)
class JudgedStates:
    """States with their judge.

    Attributes:
        judge: compares policies with the best known.
        schema: of the scenario.
        lower_bound_s: mean of what no joint action costs less than, seconds.
        rule: what an epoch costs.
        per_episode: how many neighbouring states are from one episode.
        solutions: what the oracle knows about each state.
    """

    judge: Judge
    schema: Schema
    lower_bound_s: float
    rule: CostRule
    per_episode: int
    solutions: tuple[Solution, ...]


@contextmanager
def judged_states(
    scenario: str,
    arguments: Mapping[str, object],
    objective: PaperObjective,
    draw: StateDraw,
    *,
    cache: Path | None = None,
    console: Console | None = None,
    target: Target | None = None,
    futures: int = 0,
) -> Iterator[JudgedStates]:
    """Draw states and let the oracle measure them; shows a bar while it does.

    With few users everything about the states is known in the end and the simulator is gone; with
    many it stays for the evaluations.

    Args:
        arguments: of the scenario; the episode's length follows from ``draw``.
        cache: folder of measured states; default: the user's cache.
        target: the server that simulates; ``None``: here.
        futures: as for `Oracle`. From 2 on policies are compared with the held-out optimum
            (`tandem.agents.evaluation.futures`), or with what a search found on average.
    """
    epochs = draw.per_episode * draw.stride + 1
    store = OracleCache() if cache is None else OracleCache(cache)
    episodes = {**arguments, "epochs": epochs}
    with open_env(scenario, episodes, target, objective=objective) as env:
        oracle = Oracle(env, cache=store, futures=futures)
        walk, explorer = Walk(env), SiteExplorer(env.schema)
        with bar(f"oracle · {draw.count} states", oracle.branches * draw.count, console) as advance:
            states = with_histories(walk, draw_states(walk, oracle, explorer, draw, advance))
        solutions = tuple(state.solution for state in states)
        if not oracle.is_exhaustive:
            played = PlayedEvaluationSet(env, states, oracle.futures)
            bound_s = played.lower_bound_s
            yield JudgedStates(
                played, env.schema, bound_s, oracle.rule, draw.per_episode, solutions
            )
            return
        schema = env.schema
    known: Judge
    if len(oracle.futures) > 1:
        known = FuturesJudge([solution.futures for solution in solutions], oracle.rule)
    else:
        known = EvaluationSet(solutions, oracle.rule)
    yield JudgedStates(known, schema, known.oracle_s, oracle.rule, draw.per_episode, solutions)
