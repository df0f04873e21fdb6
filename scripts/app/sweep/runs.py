# SPDX-License-Identifier: MIT
"""Runs of a grid: which are missing, and all of them in parallel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tandem.bridge.core.scenarios import fixed_scenario
from tandem.bridge.parts.api import Executor, Folders, Task
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.provenance import config_hash
from tandem.scripts.app.common.parts import run_parts
from tandem.scripts.app.sweep.grid import PlannedRun, SweepError
from tandem.scripts.app.sweep.one_run import one_run

#: The sweep's folder, for its parts.
OUT: Final = "out"


def is_done(one: PlannedRun, build: dict[str, Any], *, mix_builds: bool) -> bool:
    """Whether a run is complete and was made with this configuration and build.

    Raises:
        SweepError: something else is in its folder, or it was made by another build.
    """
    path = one.folder / run_folder.METADATA
    if not path.is_file():
        if one.folder.is_dir() and any(one.folder.iterdir()):
            raise SweepError(f"{one.folder} holds no run: choose another --out")
        return False
    metadata = run_folder.read_metadata(one.folder)
    if metadata.get("status") != run_folder.COMPLETE:
        return False
    if metadata.get("config_sha256") != config_hash(one.config):
        raise SweepError(
            f"{one.folder} holds a run with other settings than the grid file asks for: choose "
            "another --out, or delete that folder"
        )
    found = metadata.get("build") or {}
    differing = [name for name in build if found.get(name) != build[name]]
    if differing and not mix_builds:
        name = differing[0]
        raise SweepError(
            f"{one.folder} was made by another build ({name} {found.get(name)}, now "
            f"{build[name]}), and results of two builds should not be compared by accident: choose "
            "another --out, delete the old runs, or accept them with --mix-builds"
        )
    return True


class RunTask(Task[PlannedRun, None]):
    """Does the runs of a sweep.

    Args:
        scenario: of all of them.
    """

    def __init__(self, scenario: str) -> None:
        self._scenario = scenario

    @property
    def programs(self) -> tuple[str, ...]:
        """The scenario."""
        return (fixed_scenario(self._scenario),)

    def run(self, part: PlannedRun, folders: Folders) -> None:
        """Run it; raises `tandem.scripts.app.sweep.one_run.RunFailed`."""
        folder = folders[OUT] / part.name
        # Each run tries whether its folder can be made; none may own the folder of several.
        folder.parent.mkdir(parents=True, exist_ok=True)
        one_run([*part.options, "--out", str(folder), "--force", "--quiet"])

    def arriving(self, part: PlannedRun, folders: Folders) -> None:
        """Delete what an earlier, interrupted run has left."""
        run_folder.prepare(folders[OUT] / part.name, force=True)


def run_all(
    missing: Sequence[PlannedRun],
    scenario: str,
    folder: Path,
    executor: Executor,
    console: Console,
    *,
    quiet: bool,
) -> dict[Path, str]:
    """Do each run in a process of its own; returns the reason for each that failed.

    Args:
        folder: of the sweep.

    Raises:
        KeyboardInterrupt: the runs under way are ended and keep what they have.
    """
    done = run_parts(
        executor,
        RunTask(scenario),
        missing,
        {OUT: folder},
        title="sweep",
        unit="runs",
        console=console,
        quiet=quiet,
    )
    return {one.part.folder: str(one.failure) for one in done if one.failure is not None}
