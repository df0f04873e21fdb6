# SPDX-License-Identifier: MIT
"""``tandem sweep``: a grid of runs, in parallel, only those that are missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer
from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.provenance import build_identity, config_hash
from tandem.scripts.analyze import print_table, wide_console
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.progress import progress
from tandem.scripts.run import EXIT_INTERRUPTED
from tandem.scripts.sweep_grid import Cell, SweepError, cells, read_grid

SUMMARY: Final = "sweep.csv"
#: Figures of a run that the table of a sweep shows.
SHOWN: Final = ("mean_s", "p95_s", "accuracy_percent", "timeouts", "jain_response_time")
EXIT_FAILED: Final = 1


def sweep(
    grid_file: Annotated[Path, typer.Argument(metavar="GRID.YAML", help="What to run.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the runs; default: runs/ and the file's name.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at the same time; default: one per core.")
    ] = None,
    mix_builds: Annotated[
        bool, typer.Option("--mix-builds", help="Accept finished runs of another build.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what is missing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Run a grid of scenario arguments, policies and seeds, and compare the results.

    What is complete is not run again; sweep.csv has one line per run. The file's fields: scenario,
    policies, seeds, epochs, episodes, objective, accuracy, set, grid, frames.
    """
    console = Console(stderr=True)
    grid = read_grid(grid_file)
    folder = out or Path("runs") / grid_file.stem
    planned = list(cells(grid, folder))
    build = build_identity(scenario_executable(grid.scenario))
    missing = [cell for cell in planned if not is_done(cell, build, mix_builds=mix_builds)]
    console.print(f"{len(planned)} runs, {len(missing)} missing, in [bold]{folder}[/]")
    if dry_run:
        for cell in missing:
            typer.echo(str(cell.folder))
        return
    failures = run_all(missing, jobs or os.cpu_count() or 1, console, quiet=quiet)
    done = [cell for cell in planned if cell.folder not in failures]
    if done:
        table = summary(done)
        replace_text(folder / SUMMARY, table.to_csv(index=False))
        print_table(wide_console(), "means over seeds", over_seeds(table))
    for place, reason in failures.items():
        console.print(f"[red]{place} failed[/]: {reason}", soft_wrap=True, highlight=False)
    if failures:
        raise typer.Exit(EXIT_FAILED)


def is_done(cell: Cell, build: dict[str, Any], *, mix_builds: bool) -> bool:
    """Whether a run is complete and was made with this configuration and build.

    Raises:
        SweepError: something else is in its folder, or it was made by another build.
    """
    path = cell.folder / run_folder.METADATA
    if not path.is_file():
        if cell.folder.is_dir() and any(cell.folder.iterdir()):
            raise SweepError(f"{cell.folder} holds no run: choose another --out")
        return False
    metadata = json.loads(path.read_text(encoding="utf-8"))
    if metadata.get("status") != "complete":
        return False
    if metadata.get("config_sha256") != config_hash(cell.config):
        raise SweepError(
            f"{cell.folder} holds a run with other settings than the grid file asks for: choose "
            "another --out, or delete that folder"
        )
    found = metadata.get("build") or {}
    differing = [name for name in build if found.get(name) != build[name]]
    if differing and not mix_builds:
        name = differing[0]
        raise SweepError(
            f"{cell.folder} was made by another build ({name} {found.get(name)}, now "
            f"{build[name]}), and results of two builds should not be compared unawares: choose "
            "another --out, delete the old runs, or accept them with --mix-builds"
        )
    return True


def run_all(
    missing: Sequence[Cell], jobs: int, console: Console, *, quiet: bool
) -> dict[Path, str]:
    """Run cells in processes of their own; returns the reason for each that failed.

    Raises:
        typer.Exit: Ctrl-C; the runs under way are ended and keep what they have.
    """
    failures: dict[Path, str] = {}
    running: set[subprocess.Popen[str]] = set()

    def run_one(cell: Cell) -> str | None:
        command = [sys.executable, "-m", "tandem.scripts.main", "run", *cell.options]
        command += ["--out", str(cell.folder), "--force", "--quiet"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        running.add(process)
        _, errors = process.communicate()
        running.discard(process)
        return errors.strip() if process.returncode else None

    with (
        progress("sweep", len(missing), "runs", console=console, quiet=quiet) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        futures = {pool.submit(run_one, cell): cell for cell in missing}
        try:
            for future in as_completed(futures):
                reason = future.result()
                if reason is not None:
                    failures[futures[future].folder] = reason
                bar.advance()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.terminate()
            console.print("[yellow]interrupted[/]; the same command goes on with what is missing")
            raise typer.Exit(EXIT_INTERRUPTED) from None
    return failures


def summary(done: Sequence[Cell]) -> pd.DataFrame:
    """One line per run: its place in the grid, its folder, its figures."""
    return pd.DataFrame(
        [
            {
                **cell.point,
                "policy": cell.policy,
                "seed": cell.seed,
                "folder": str(cell.folder),
                **measures.summary(measures.load_run(cell.folder).requests),
            }
            for cell in done
        ]
    )


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of each figure over the seeds of a point and policy, and the spread of the mean time.

    Returns:
        Index: point and policy in words. Columns: seeds, `SHOWN`, ``sd_s`` (standard deviation of
        ``mean_s``; NaN for one seed).
    """
    place = list(table.columns[: list(table.columns).index("seed")])
    words = table[place].astype(str)
    named = [
        ", ".join(f"{n} {v}" if n != "policy" else v for n, v in row.items())
        for row in words.to_dict(orient="records")
    ]
    groups = table.assign(run=named).groupby("run", sort=False)
    result = groups[list(SHOWN)].mean()
    result.insert(0, "seeds", groups.size())
    result.insert(2, "sd_s", groups["mean_s"].std())
    return result
