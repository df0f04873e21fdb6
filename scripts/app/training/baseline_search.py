# SPDX-License-Identifier: MIT
"""A small search for the settings of every baseline, so that none loses by neglect.

    python -m tandem.scripts.app.training.baseline_search docs/results/baselines

Every setting is tried with the same seeds and budget in wifi-edge with 3 users at 85 %, and judged
at states of its own (`JUDGES`), which no experiment judges by. The setting that comes near the
optimum after the fewest interactions, and stays for three evaluations, is chosen.

Interactions replay what the oracle measured (`tandem.agents.training.pool_world`): that takes
seconds where ns-3 takes minutes. ``--check`` plays some of the settings in ns-3 itself, to see
whether the replay ranks them alike. Finished runs are kept in ``--work`` and not repeated.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

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
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.files import replace_text
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS
from tandem.scripts.app.training.baseline_grid import GRID, Given, Search
from tandem.scripts.app.training.baseline_table import markdown
from tandem.scripts.app.training.judges import measured_states

SCENARIO: Final = "wifi-edge"
ARGUMENTS: Final[Mapping[str, object]] = {"users": 3}
OBJECTIVE: Final = PaperObjective(85.0)
SEEDS: Final = (1, 2)
#: States that judge, in four futures each; and states whose outcomes are replayed.
JUDGES: Final = StateDraw(count=24, first_seed=3_500_000, per_episode=4, stride=3)
FUTURES: Final = 4
LESSONS: Final = StateDraw(count=120, first_seed=3_600_000, per_episode=4, stride=3)
PERCENT: Final = 100.0
RESULTS: Final = "results.json"
WORK: Final = Path("runs/baselines")


@dataclass(frozen=True)
class Run:
    """A setting of a baseline with one seed.

    Attributes:
        search: the baseline and its budget.
        given: settings that differ from the defaults.
        seed: of the learner and of what it meets.
        known: what it is told, by name.
        simulated: whether it plays in ns-3 itself.
    """

    search: Search
    given: Given
    seed: int
    known: str
    simulated: bool

    def key(self) -> str:
        """Changes with all that decides the result, but for the code."""
        settings = learner_config(self.search.agent, self.given).model_dump_json()
        parts = (self.search.agent, self.search.evaluations, settings, self.seed, self.known)
        text = repr((*parts, self.simulated, JUDGES, LESSONS, FUTURES))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def file(self, work: Path) -> Path:
        """Where its result is kept."""
        return work / f"{self.search.agent}-{self.key()}.json"


@functools.cache
def pool(draw: StateDraw, futures: int) -> StatePool:
    """States to learn from or to judge by; measured once, then read from the cache."""
    with measured_states(
        SCENARIO, ARGUMENTS, OBJECTIVE, draw, cache=OracleCache(), futures=futures
    ) as measured:
        states = [PooledState(found.history, found.solution.futures) for found in measured.found]
        return StatePool(measured.env.schema, tuple(states))


@functools.cache
def judge(known: str) -> BelievedJudge:
    """Of all runs that are told the same."""
    judging = pool(JUDGES, FUTURES)
    problem = JointProblem.from_schema(judging.schema, OBJECTIVE)
    return BelievedJudge(judging.judge(OBJECTIVE), SETTINGS[known].knowledge, problem)


@contextmanager
def world(run: Run) -> Iterator[World]:
    """ns-3, or what it did before; seen as the run's agent sees it."""
    with ExitStack() as stack:
        true: World
        if run.simulated:
            env = TandemEnv(SCENARIO, ARGUMENTS, objective=OBJECTIVE)
            true = EnvWorld(stack.enter_context(env))
        else:
            true = PoolWorld(pool(LESSONS, 0), OBJECTIVE)
        yield BelievedWorld(true, SETTINGS[run.known].knowledge, run.seed)


def play(run: Run, work: Path) -> dict[str, Any]:
    """Train and evaluate; a run that is there already is read."""
    path = run.file(work)
    if path.is_file():
        return dict(read_json(path))
    started_s = time.monotonic()
    excess: list[float] = []
    with world(run) as where:
        config = learner_config(run.search.agent, run.given)
        learner = make_learner(run.search.agent, where.problem, run.seed, config)
        training = Training(where, learner, run.seed)
        for interactions in run.search.evaluations:
            training.run(interactions)
            ratio = judge(run.known).evaluate(learner.act).ratio
            excess.append(round(PERCENT * (ratio - 1.0), 3))
    costs_s = [row.cost_s for row in training.history]
    result = {
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
    work.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(path, result)
    return result


def runs(agents: Sequence[str], check: bool) -> Iterator[Run]:
    """All that the search consists of."""
    for search in GRID:
        if agents and search.agent not in agents:
            continue
        for number, given in enumerate(search.settings):
            for known, seed in itertools.product(search.known, SEEDS):
                yield Run(search, given, seed, known, False)
                if check and number in search.checked:
                    yield Run(search, given, seed, known, True)


def _finished(planned: Sequence[Run], work: Path) -> list[Run]:
    """The runs of those settings all of whose runs are there."""

    def setting(run: Run) -> tuple[str, str, bool]:
        return run.search.agent, repr(run.given), run.simulated

    missing = {setting(run) for run in planned if not run.file(work).is_file()}
    return [run for run in planned if setting(run) not in missing]


def main() -> None:
    """Try all settings and write what came of them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path, help="folder of the table")
    parser.add_argument("--agent", action="append", default=[], help="only these; repeatable")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of finished runs")
    parser.add_argument("--finished", action="store_true", help="play nothing: a table so far")
    parser.add_argument("--check", action="store_true", help="some settings in ns-3 as well")
    asked = parser.parse_args()
    planned = list(runs(asked.agent, asked.check))
    wanted = _finished(planned, asked.work) if asked.finished else planned
    results = []
    for run in wanted:
        results.append(play(run, asked.work))
        print(json.dumps(results[-1]), flush=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(asked.out / RESULTS, {"runs": results})
    replace_text(asked.out / "README.md", markdown(results, len(planned)))


if __name__ == "__main__":
    main()
