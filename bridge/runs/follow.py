# SPDX-License-Identifier: MIT
"""Following a run while it is written: its journal is read, and nothing is written.

Only where each decision is in the file is kept, with its reward; the tables of a part of an episode
are made when they are asked for. So a long run needs little memory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tandem.bridge.runs.entries import (
    ADD,
    BEGIN,
    STATE,
    empty_tables,
    observation_of,
    replay,
)
from tandem.bridge.runs.folder import CONFIG, DECISIONS, JOURNAL
from tandem.bridge.runs.journal import MAGIC, Entry, read
from tandem.bridge.runs.tables import ROWS_PREFIX

#: Bytes at the start of a journal that tell whether it is still the one that was read before.
_HEAD_BYTES: Final = 64


@dataclass
class Episode:
    """An episode in a journal.

    Attributes:
        number: of the episode.
        rewards: of each decision so far.
        earlier: decisions that are in the journal's first entry: those before a resume.
        offsets: where each later decision's entry begins, and last where the next one will.
        begin: where the entry of the reset begins, or that which holds what was before a resume.
    """

    number: int
    rewards: list[float] = field(default_factory=list)
    earlier: int = 0
    offsets: list[int] = field(default_factory=list)
    begin: int = 0


class JournalFollower:
    """What the journal of a folder holds so far.

    Args:
        folder: of a run that is under way, or of one whose process was killed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        #: Raised by one whenever the run began anew: what was read before counts no more.
        self.generation = 0
        self._forget()

    def _forget(self) -> None:
        self.episodes: list[Episode] = []
        self._head: tuple[int, int, bytes] | None = None
        self._first: Entry | None = None
        self._earlier: dict[str, pa.Table] = {}
        self._end = 0

    def refresh(self) -> bool:
        """Read what was added since the last call; returns whether there was anything.

        Raises:
            FileNotFoundError: there is no journal (any more): the run has ended.
            ValueError: another version wrote it.
        """
        with (self._folder / JOURNAL).open("rb") as file:
            status = os.fstat(file.fileno())
            head = (self._begun_ns(), status.st_ino, file.read(len(MAGIC) + _HEAD_BYTES))
        if status.st_size == self._end and head == self._head:
            return False
        if self._first is not None and (head != self._head or status.st_size < self._end):
            self.generation += 1
            self._forget()
        before = self._end
        for entry in read(self._folder, self._end):
            self._note(entry, self._end)
            self._end = entry.end
            self._head = head
        return self._end != before

    def _begun_ns(self) -> int:
        """When the settings were written: a run that replaces another one may get its inode."""
        try:
            return (self._folder / CONFIG).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _note(self, entry: Entry, begin: int) -> None:
        if entry.call == STATE:
            self._begin_with(entry, begin)
        elif entry.call == BEGIN:
            number = int(entry.values["episode"])
            self.episodes.append(Episode(number, offsets=[entry.end], begin=begin))
        elif entry.call == ADD:
            episode = self.episodes[-1]
            episode.rewards.append(float(entry.values["reward"]))
            episode.offsets.append(entry.end)

    def _begin_with(self, entry: Entry, begin: int) -> None:
        """Take over what was recorded before a resume; it replaces what was noted before."""
        if self._first is not None:
            self.generation += 1
            self.episodes = []
        tables = empty_tables(entry)
        replay(tables, [entry])
        self._first = entry
        self._earlier = tables.arrow()
        decisions = self._earlier.get(DECISIONS)
        if decisions is not None:
            frame = decisions.select(["episode", "reward"]).to_pandas()
            for number, rows in frame.groupby("episode", sort=False):
                rewards = rows["reward"].tolist()
                self.episodes.append(Episode(int(number), rewards, len(rewards)))
        running = entry.values["episode"]
        if running is not None and (
            not self.episodes or self.episodes[-1].number != running["episode"]
        ):
            self.episodes.append(Episode(int(running["episode"])))
        if self.episodes:
            self.episodes[-1].begin = begin
            self.episodes[-1].offsets = [entry.end]

    def part(self, position: int, first: int, last: int) -> dict[str, pd.DataFrame]:
        """The tables of some decisions of an episode, as `tandem.bridge.runs.reader.Run` has them.

        Args:
            position: of the episode in `episodes`.
            first, last: decisions from ``first`` to before ``last``.
        """
        episode = self.episodes[position]
        last = min(last, len(episode.rewards))
        parts = [
            rows_of(
                {name: table.to_pandas() for name, table in self._earlier_rows(episode).items()},
                episode.number,
                first,
                min(last, episode.earlier),
            ),
            self._later_rows(episode, max(first, episode.earlier), last),
        ]
        names = dict.fromkeys(name for frames in parts for name in frames)
        return {
            name: pd.concat(
                [frames[name] for frames in parts if name in frames and len(frames[name])]
                or [frames[name] for frames in parts if name in frames][:1],
                ignore_index=True,
            )
            for name in names
        }

    def _earlier_rows(self, episode: Episode) -> dict[str, pa.Table]:
        if not episode.earlier:
            return {}
        return {
            name: table.filter(pc.equal(table["episode"], episode.number))
            for name, table in self._earlier.items()
        }

    def _later_rows(self, episode: Episode, first: int, last: int) -> dict[str, pd.DataFrame]:
        if first >= last or self._first is None:
            return {}
        before = first - episode.earlier
        # The observation of a decision is in the entry before it.
        start = episode.offsets[before - 1] if before else episode.begin
        tables = empty_tables(self._first)
        wanted = last - first
        for number, entry in enumerate(read(self._folder, start)):
            if number > wanted:
                break
            if number:
                replay(tables, [entry])
                continue
            seen = observation_of(entry) if entry.call != BEGIN else dict(entry.arrays)
            tables.begin_episode(episode.number, 0, seen)
        frames = {name: table.to_pandas() for name, table in tables.arrow().items()}
        frames[DECISIONS]["decision"] += first
        return frames


def rows_of(
    frames: dict[str, pd.DataFrame], number: int, first: int, last: int
) -> dict[str, pd.DataFrame]:
    """The rows that some decisions of an episode added to each table.

    A row belongs to the decision in whose epoch it was recorded: a request to that in which it
    ended, not to that in which it arrived.

    Args:
        frames: tables by name, with the columns ``episode`` and ``decision``.
        number: of the episode.
        first, last: decisions from ``first`` to before ``last``.
    """
    if first >= last or DECISIONS not in frames:
        return {}
    decisions = frames[DECISIONS]
    decisions = decisions[decisions["episode"] == number]
    cut = {DECISIONS: decisions.iloc[first:last]}
    for name, frame in frames.items():
        counts = f"{ROWS_PREFIX}{name}"
        if name == DECISIONS or "episode" not in frame:
            continue
        own = frame[frame["episode"] == number]
        if counts in decisions:
            ends = decisions[counts].fillna(0).astype(int).cumsum().tolist()
            cut[name] = own.iloc[ends[first - 1] if first else 0 : ends[last - 1]]
        elif "decision" in own:  # a run of an earlier format
            cut[name] = own[own["decision"].between(first, last - 1)]
    return cut
