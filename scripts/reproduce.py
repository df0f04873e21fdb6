# SPDX-License-Identifier: MIT
"""``tandem reproduce``: repeats the paper (Shahhosseini et al., ISQED 2022); it can be resumed."""

from __future__ import annotations

import enum
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.judging_futures import HELP, judging_futures
from tandem.scripts.app.common.needs import need_torch
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.app.paper.choice import changed_grid, thresholds_of
from tandem.scripts.app.paper.csv_file import csv_text
from tandem.scripts.app.paper.curves import write_curves
from tandem.scripts.app.paper.grid import QUICK, PaperGrid
from tandem.scripts.app.paper.reproduction import (
    facts_of,
    pool_weight,
    run_all,
)
from tandem.scripts.app.paper.results import markdown
from tandem.scripts.app.paper.units import Places, build_pool, finished, run_unit
from tandem.scripts.options import DEFAULT_SCENARIO, Cache, InferenceScenario, Quiet, Settings

DEFAULT_OUT: Final = Path("docs/results/paper")
DEFAULT_WORK: Final = Path("runs/reproduce-paper")
QUICK_SUFFIX: Final = "-quick"
RESULTS: Final = "results"


class Experiment(str, enum.Enum):
    """What can be reproduced."""

    PAPER = "paper"


def reproduce(
    experiment: Annotated[Experiment, typer.Argument(help="Which experiments.")],
    quick: Annotated[bool, typer.Option("--quick", help="A smoke run of a few minutes.")] = False,
    out: Annotated[
        Path | None, typer.Option(help=f"Folder of tables and curves [{DEFAULT_OUT}].")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help=f"Folder of finished parts [{DEFAULT_WORK}].")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; default: one per core.")] = len(
        os.sched_getaffinity(0)
    ),
    scenario: InferenceScenario = DEFAULT_SCENARIO,
    users: Annotated[list[int] | None, typer.Option(min=1, help="Repeatable.")] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option("--condition", help="Network condition A, B, C or D; repeatable."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many: 1, 2, …")] = None,
    training_states: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Replay outcomes of so many states to tabular agents, per pool; 0: they play in "
            "ns-3 like all others.",
        ),
    ] = None,
    evaluation_states: Annotated[
        int | None, typer.Option(min=1, help="States that judge, per pool.")
    ] = None,
    futures: Annotated[
        int | None,
        typer.Option(min=0, help=HELP),
    ] = None,
    agents: Annotated[
        list[str] | None, typer.Option("--agent", help="Only these agents; repeatable.")
    ] = None,
    thresholds: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            help="Accuracy threshold of every agent: percent, min or max; repeatable. Default: "
            "all for the hybrid agent, 85 for the others.",
        ),
    ] = None,
    caps: Annotated[
        list[str] | None,
        typer.Option("--cap", metavar="AGENT=N", help="Most interactions; repeatable."),
    ] = None,
    settings: Settings = None,
    cache: Cache = None,
    quiet: Quiet = False,
) -> None:
    """Repeat the paper's experiments: count the interactions that agents need.

    The paper is Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning Inference in
    Multi-user Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098).

    An agent is done when its policy stays near the packet-level optimum. The grid is users 3, 4, 5
    × accuracy thresholds × network conditions A–D × agents × seeds. Each finished part is a file:
    after an interruption the same command does the rest.

    Example: tandem reproduce paper --quick
    """
    need_torch("reproducing the paper")

    console = Console(stderr=True)
    started_s = time.monotonic()
    suffix = QUICK_SUFFIX if quick else ""
    out = out or DEFAULT_OUT.with_name(DEFAULT_OUT.name + suffix)
    grid = changed_grid(
        QUICK if quick else PaperGrid(), scenario, users, conditions, seeds, agents, caps, settings
    )
    if thresholds:
        grid = replace(grid, agents=dict.fromkeys(grid.agents, thresholds_of(thresholds)))
    if training_states is not None:
        grid = replace(grid, training_states=training_states)
    if evaluation_states:
        grid = replace(grid, evaluation_states=evaluation_states)
    if futures is not None:
        grid = replace(grid, futures=judging_futures(futures))
    check_folder(out, "--out")
    check_folder(work or DEFAULT_WORK, "--work")
    places = Places(
        str(work or DEFAULT_WORK.with_name(DEFAULT_WORK.name + suffix)), str(cache or "")
    )
    tasks: list[Any] = list(grid.pools())
    try:
        with sigterm_as_interrupt():
            pool_s = run_all(
                "states", console, quiet, jobs, build_pool, tasks, places, weigh=pool_weight
            )
            units = list(grid.units())
            known = {unit.name: result for unit in units if (result := finished(unit, places))}
            missing = [unit for unit in units if unit.name not in known]
            fresh = run_all("runs", console, quiet, jobs, run_unit, missing, places)
    except KeyboardInterrupt:
        console.print("[yellow]interrupted[/]; the same command resumes from here")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    known.update((unit.name, result) for unit, result in fresh.items())
    results = [known[unit.name] for unit in units]
    wall_s = time.monotonic() - started_s
    facts = facts_of(grid, jobs, wall_s, pool_s, fresh, results)
    out.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(out / f"{RESULTS}.json", {**facts, "runs": results})
    replace_text(out / f"{RESULTS}.csv", csv_text(results))
    replace_text(out / "README.md", markdown(results, facts))
    write_curves(results, out)
    console.print(f"{len(results)} runs in [bold]{out}[/], {wall_s:.0f} s", highlight=False)
