# SPDX-License-Identifier: MIT
"""``tandem sweep``: a grid of runs, in parallel, only those that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.runs.provenance import build_identity
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.common.runner import Runner, executor_of
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.app.sweep.grid import planned_runs, read_grid
from tandem.scripts.app.sweep.results import over_seeds, summary
from tandem.scripts.app.sweep.runs import is_done, run_all
from tandem.scripts.app.tables import print_table, wide_console
from tandem.scripts.options import Jobs, PartsRunner, Quiet

SUMMARY: Final = "sweep.csv"
EXIT_FAILED: Final = 1


def sweep(
    grid_file: Annotated[Path, typer.Argument(metavar="GRID.YAML", help="What to run.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the runs; default: runs/ and the file's name.")
    ] = None,
    runner: PartsRunner = Runner.LOCAL,
    jobs: Jobs = None,
    mix_builds: Annotated[
        bool, typer.Option("--mix-builds", help="Accept finished runs of another build.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what is missing.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run a grid of scenario arguments, policies and seeds, and compare the results.

    What is complete is not run again; sweep.csv has one line per run. The file's fields: scenario,
    policies, seeds, epochs, episodes, objective, accuracy, set, grid, frames.
    """
    console = Console(stderr=True)
    grid = read_grid(grid_file)
    folder = out or Path("runs") / grid_file.stem
    check_folder(folder, "--out")
    planned = list(planned_runs(grid, folder))
    build = build_identity(scenario_executable(grid.scenario))
    missing = [one for one in planned if not is_done(one, build, mix_builds=mix_builds)]
    console.print(f"{len(planned)} runs, {len(missing)} missing, in [bold]{folder}[/]")
    if dry_run:
        for one in missing:
            typer.echo(str(one.folder))
        return
    try:
        with sigterm_as_interrupt():
            executor = executor_of(runner, jobs)
            failures = run_all(missing, grid.scenario, folder, executor, console, quiet=quiet)
    except KeyboardInterrupt:
        console.print("[yellow]interrupted[/]; the same command runs what is missing")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    done = [one for one in planned if one.folder not in failures]
    if done:
        table = summary(done)
        replace_text(folder / SUMMARY, table.to_csv(index=False))
        print_table(wide_console(), "means over seeds", over_seeds(table))
    for place, reason in failures.items():
        console.print(f"[red]{place} failed[/]: {reason}", soft_wrap=True, highlight=False)
    if failures:
        raise typer.Exit(EXIT_FAILED)
