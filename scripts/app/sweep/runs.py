# SPDX-License-Identifier: MIT
"""Runs of a grid: which are missing, and all of them in parallel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console

from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.provenance import config_hash
from tandem.scripts.app.progress import progress
from tandem.scripts.app.sweep.grid import PlannedRun, SweepError


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


def run_all(
    missing: Sequence[PlannedRun], jobs: int, console: Console, *, quiet: bool
) -> dict[Path, str]:
    """Run each in a process of its own; returns the reason for each that failed.

    Raises:
        KeyboardInterrupt: the runs under way are ended and keep what they have.
    """
    for one in missing:
        # Each run tries whether its folder can be made; none may own the folder of several.
        one.folder.parent.mkdir(parents=True, exist_ok=True)
    failures: dict[Path, str] = {}
    running: set[subprocess.Popen[str]] = set()

    def run_one(one: PlannedRun) -> str | None:
        command = [sys.executable, "-m", "tandem.scripts.main", "run", *one.options]
        command += ["--out", str(one.folder), "--force", "--quiet"]
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
        futures = {pool.submit(run_one, one): one for one in missing}
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
            raise
    return failures
