# SPDX-License-Identifier: MIT
"""A small search for the settings of every baseline, so that none loses by neglect.

    python -m tandem.scripts.app.training.baseline_search docs/results/baselines

Every setting is tried with the same seeds and budget in wifi-edge with 3 users at 85 %, and judged
at states of its own (`SearchStates`), which no experiment judges by. The setting that comes near
the optimum after the fewest interactions, and stays for three evaluations, is chosen.

Interactions replay what the oracle measured (`tandem.agents.training.pool_world`): that takes
seconds where ns-3 takes minutes. ``--check`` plays some of the settings in ns-3 itself, to see
whether the replay ranks them alike. Finished runs are kept in ``--work`` and not repeated.
``--runner`` and ``--jobs`` say where runs are played, as for the commands (`docs/scaling.md`).
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.files import replace_text
from tandem.bridge.parts.api import Executor, results_of
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.parts import run_parts
from tandem.scripts.app.common.runner import Runner, executor_of
from tandem.scripts.app.training.baseline_grid import GRID
from tandem.scripts.app.training.baseline_runs import CACHE, WORK, PlayingRuns, Run, measure
from tandem.scripts.app.training.baseline_table import markdown

SEEDS: Final = (1, 2)
RESULTS: Final = "results.json"
FINISHED: Final = Path("runs/baselines")


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


def play_missing(
    planned: Sequence[Run], work: Path, executor: Executor, cache: Path, console: Console
) -> None:
    """Play the runs whose file is not there.

    Args:
        work: folder of finished runs.
        executor: plays them.
        cache: folder of measured states.
        console: for progress.

    Raises:
        PartsFailed: some failed, after the others have finished.
    """
    missing = [run for run in planned if not run.file(work).is_file()]
    for states in dict.fromkeys(run.states for run in missing):
        task = PlayingRuns(measure(states, cache, executor, console))
        those = [run for run in missing if run.states == states]
        folders = {WORK: work, CACHE: cache}
        done = run_parts(
            executor,
            task,
            those,
            folders,
            title="baselines",
            unit="interactions",
            console=console,
            told=True,
        )
        results_of(done)


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
    parser.add_argument("--work", type=Path, default=FINISHED, help="folder of finished runs")
    parser.add_argument("--finished", action="store_true", help="play nothing: a table so far")
    parser.add_argument("--check", action="store_true", help="some settings in ns-3 as well")
    parser.add_argument(
        "--runner", choices=[one.value for one in Runner], default="local", help="who plays"
    )
    parser.add_argument("--jobs", type=int, help="runs at the same time; default: one per core")
    asked = parser.parse_args()
    planned = list(runs(asked.agent, asked.check))
    if not asked.finished:
        executor = executor_of(Runner(asked.runner), asked.jobs)
        console = Console(stderr=True)
        play_missing(planned, asked.work, executor, OracleCache().folder, console)
    results = [read_json(run.file(asked.work)) for run in _finished(planned, asked.work)]
    asked.out.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(asked.out / RESULTS, {"runs": results})
    replace_text(asked.out / "README.md", markdown(results, len(planned)))


if __name__ == "__main__":
    main()
