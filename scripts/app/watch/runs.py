# SPDX-License-Identifier: MIT
"""Runs that are watched: one that is being written and one that has ended look the same here."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from tandem.agents.inference.request_table import TABLE as REQUESTS
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.follow import JournalFollower, rows_of
from tandem.bridge.runs.reader import POSITIONS, Run, read_run

#: Folders below the watched one in which runs are looked for: a sweep has two.
MOST_LEVELS: Final = 3
#: Runs of a folder that the page lists.
MOST_RUNS: Final = 300
#: A journal that has not grown for so long may be that of a killed process.
SILENCE_S: Final = 5.0
#: Status in ``metadata.json`` of a run that is being written.
RUNNING: Final = "running"
KILLED: Final = "killed"
#: Tables that training commands write at each checkpoint.
LEARNING: Final = ("history", "evaluation")
_SHOWN: Final = (run_folder.DECISIONS, REQUESTS, POSITIONS)


class WatchedRun:
    """What a run folder holds now; the folder is only read.

    Args:
        folder: of the run.
        name: on the page.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.status = RUNNING
        #: Number and decisions of each episode.
        self.episodes: list[tuple[int, int]] = []
        #: Of each decision of the run.
        self.rewards: list[float] = []
        self._journal: JournalFollower | None = None
        self._ended: Run | None = None
        self._frame: Run | None = None
        self._stamp: tuple[int, ...] = ()
        self._born_ns = time.monotonic_ns()
        self._generation = 0
        self._grown_s = time.monotonic()

    @property
    def generation(self) -> str:
        """Another one whenever what was read before counts no more."""
        own = self._journal.generation if self._journal is not None else 0
        return f"{self._born_ns}.{self._generation}.{own}"

    def refresh(self) -> None:
        """Read what is new.

        Raises:
            TandemError: the folder cannot be read.
        """
        status = str(run_folder.read_metadata(self.folder).get("status", RUNNING))
        try:
            if status == RUNNING:
                self._follow()
                return
        except FileNotFoundError:
            pass  # it ended just now
        except ValueError as error:
            raise TandemError(f"{self.folder / run_folder.JOURNAL}: {error}") from error
        self._read_tables()

    def _follow(self) -> None:
        if self._journal is None:
            self._generation += 1
            self._journal, self._ended, self._frame = JournalFollower(self.folder), None, None
            self._grown_s = time.monotonic()
        now_s = time.monotonic()
        if self._journal.refresh():
            self._grown_s = now_s
            self.status = RUNNING
            episodes = self._journal.episodes
            self.episodes = [(one.number, len(one.rewards)) for one in episodes]
            self.rewards = [reward for one in episodes for reward in one.rewards]
        elif now_s - self._grown_s > SILENCE_S:
            self._grown_s = now_s
            self.status = RUNNING if run_folder.is_locked(self.folder) else KILLED

    def _read_tables(self) -> None:
        path = run_folder.table_path(self.folder, run_folder.DECISIONS)
        metadata = (self.folder / run_folder.METADATA).stat()
        stamp = (metadata.st_mtime_ns, path.stat().st_mtime_ns if path.is_file() else 0)
        if self._ended is not None and stamp == self._stamp:
            return
        # All but the few columns that every poll needs is read when the run is chosen.
        run = read_run(self.folder, (run_folder.DECISIONS,))
        self._journal, self._ended, self._frame = None, run, None
        self._stamp = stamp
        self._generation += 1
        self.status = str(run.metadata.get("status"))
        self.episodes = []
        if len(run.decisions):
            numbers, counts = np.unique(run.decisions["episode"], return_counts=True)
            self.episodes = list(zip(numbers.tolist(), counts.tolist(), strict=True))
        self.rewards = run.decisions["reward"].tolist() if len(run.decisions) else []

    @property
    def description(self) -> Run:
        """Settings and schema, without rows.

        Raises:
            RunFolderError: the folder cannot be read (yet).
        """
        if self._frame is None:
            self._frame = read_run(self.folder, ())
        return self._frame

    def part(self, position: int, first: int, last: int) -> Run:
        """The rows of some decisions of the episode at a position."""
        return self._with(self._rows(position, first, last))

    def learning(self) -> Run:
        """What a training wrote at its last checkpoint."""
        return self._with(dict(read_run(self.folder, LEARNING).tables))

    def learning_stamp(self) -> int:
        """Another one whenever a training has written its tables; 0: it has none."""
        paths = [run_folder.table_path(self.folder, name) for name in LEARNING]
        return sum(path.stat().st_mtime_ns for path in paths if path.is_file())

    def release(self) -> None:
        """Forget the rows of a run that is not shown."""
        if self._ended is not None:
            self._ended = dataclasses.replace(self._ended, tables={})

    def _rows(self, position: int, first: int, last: int) -> dict[str, pd.DataFrame]:
        if self._journal is not None:
            return self._journal.part(position, first, last)
        if self._ended is None:
            return {}
        if REQUESTS not in self._ended.tables and POSITIONS not in self._ended.tables:
            self._ended = read_run(self.folder, _SHOWN)
        return rows_of(dict(self._ended.tables), self.episodes[position][0], first, last)

    def _with(self, tables: dict[str, pd.DataFrame]) -> Run:
        return dataclasses.replace(self.description, tables=tables)


class WatchedFolder:
    """The runs in a folder: a run's own, or that of a sweep or of several runs.

    Args:
        folder: of one of these.

    Raises:
        TandemError: there is none.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            what = "a file" if folder.exists() else "not there"
            raise TandemError(
                f"{folder} is {what}, not the folder of a run: begin one with `tandem run`, "
                f"`tandem train` or `tandem sweep` and --out {folder}, then watch it"
            )
        self.folder = folder
        self.runs: dict[str, WatchedRun] = {}
        self.left_out = 0
        self.refresh()
        if not self.runs:
            raise TandemError(
                f"{folder} holds no run (yet): no {run_folder.METADATA} of format "
                f"{run_folder.FORMAT!r} in it or up to {MOST_LEVELS} folders below. `tandem run` "
                "writes it as it begins, `tandem train` once its evaluation states are measured"
            )

    @property
    def title(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    def refresh(self) -> None:
        """Look for runs that have begun, and read what is new in each.

        One that cannot be read says so as its status; the others are shown.
        """
        found = {path.relative_to(self.folder).as_posix(): path for path in _runs(self.folder)}
        names = list(found)[:MOST_RUNS]
        self.left_out = len(found) - len(names)
        for name in [name for name in self.runs if name not in found]:
            del self.runs[name]
        for name in names:
            shown = self.title if name == "." else name
            run = self.runs.setdefault(name, WatchedRun(found[name], shown))
            try:
                run.refresh()
            except (TandemError, OSError) as error:
                run.status = f"not readable: {error}"

    def as_json(self) -> list[dict[str, Any]]:
        """A line per run."""
        return [
            {
                "key": key,
                "name": run.name,
                "status": run.status,
                "episodes": len(run.episodes),
                "decisions": len(run.rewards),
                "reward": sum(run.rewards) / len(run.rewards) if run.rewards else None,
            }
            for key, run in self.runs.items()
        ]


def _runs(folder: Path, levels: int = MOST_LEVELS) -> Iterator[Path]:
    """The run folders in ``folder``, itself included, in the order of their names."""
    if run_folder.is_run(folder):
        yield folder
        return
    if not levels:
        return
    try:
        below = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return
    for name in below:
        # A link could lead out of the folder.
        if not (folder / name).is_symlink():
            yield from _runs(folder / name, levels - 1)
