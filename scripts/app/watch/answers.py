# SPDX-License-Identifier: MIT
"""What the page is told when it asks: only what it does not have, and never more than a part.

An episode is sent in parts of a bounded number of decisions, so that a long run neither fills the
browser nor the connection.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.watch import curves
from tandem.scripts.app.watch.moments import MOST_REQUESTS, moments, scene
from tandem.scripts.app.watch.runs import WatchedFolder, WatchedRun

#: Decisions of a part with few users; with many, so many rows of users.
MOST_DECISIONS: Final = 200
MOST_ROWS: Final = 10_000


class Question(BaseModel):
    """What a page asks for.

    Attributes:
        run: key of the run; empty: the first.
        episode: its position in the run; -1: the last.
        part: of the episode; -1: the last.
        since: decisions of the part that the page has.
        seen: what the page has: the answer's ``version``.
        curve: what the page has: the answer's ``curve.version``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str = ""
    episode: int = Field(default=-1, ge=-1)
    part: int = Field(default=-1, ge=-1)
    since: int = Field(default=0, ge=0)
    seen: str = ""
    curve: str = ""


class Answers:
    """Answers the page's questions about a folder; of several at a time one after the other.

    Args:
        folder: to watch.

    Raises:
        TandemError: it holds no run.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._watched = WatchedFolder(folder)
        self._shown = ""
        self._learning: tuple[str, str | None] = ("", None)

    @property
    def title(self) -> str:
        """Name of the folder."""
        return self._watched.title

    def answer(self, question: Question) -> dict[str, Any]:
        """What is new for a page.

        Raises:
            TandemError: there is no such run.
        """
        with self._lock:
            try:
                return self._read(question)
            except FileNotFoundError:
                # The run ended between two reads: its journal is gone, its tables are there.
                return self._read(question)

    def close(self) -> None:
        """Wait for the answer under way; no other is begun.

        So no thread reads tables while the interpreter is taken down.
        """
        self._lock.acquire()

    def _read(self, question: Question) -> dict[str, Any]:
        self._watched.refresh()
        runs = self._watched.runs
        key = question.run or next(iter(runs), "")
        if key not in runs:
            raise TandemError(f"no run {key!r} in {self._watched.folder}")
        if self._shown in runs and self._shown != key:
            runs[self._shown].release()
        self._shown = key
        return {
            "title": self._watched.title,
            "runs": self._watched.as_json(),
            "left_out": self._watched.left_out,
            "run": key,
            "status": runs[key].status,
            **self._episode(runs[key], question),
            "curve": self._curve(runs[key], question),
        }

    def _episode(self, run: WatchedRun, question: Question) -> dict[str, Any]:
        episodes = run.episodes
        if not episodes or (len(episodes) == 1 and not episodes[0][1]):
            return {"episodes": len(episodes), "version": "", "notes": ["no decision yet"]}
        # A new episode has no decisions to show: the one before it is the last.
        last = len(episodes) - 1 if episodes[-1][1] else len(episodes) - 2
        position = last if question.episode < 0 else min(question.episode, last)
        number, decisions = episodes[position]
        size = _decisions_of_a_part(run)
        parts = max(1, -(-decisions // size))
        part = parts - 1 if question.part < 0 else min(question.part, parts - 1)
        first, end = part * size, min(decisions, (part + 1) * size)
        version = f"{self._shown}/{run.generation}/{position}/{part}"
        since = question.since if question.seen == version else 0
        rows = run.part(position, first + since, end) if first + since < end else None
        notes = []
        if parts > 1:
            notes.append(
                f"a long episode: decisions {first}–{end - 1} of {decisions}; requests that were "
                "under way at the border of two parts are shown in the part in which they ended"
            )
        told = moments(rows) if rows is not None else None
        if told is not None and told["left_out"]:
            notes.append(f"only the first {MOST_REQUESTS} requests of this part are shown")
        return {
            "version": version,
            "episodes": last + 1,
            "episode": position,
            "number": number,
            "parts": parts,
            "part": part,
            "first": first,
            "before": sum(count for _, count in episodes[:position]),
            "decisions": decisions,
            "since": since,
            "notes": notes,
            "scene": scene(run.part(position, first, first + 1)) if not since else None,
            "moments": told,
        }

    def _curve(self, run: WatchedRun, question: Question) -> dict[str, Any] | None:
        version = f"{self._shown}/{run.generation}/{len(run.rewards)}/{run.learning_stamp()}"
        if version == question.curve:
            return None
        stamp = f"{self._shown}/{run.learning_stamp()}"
        if self._learning[0] != stamp:
            drawn = curves.learning(run.learning()) if run.learning_stamp() else None
            self._learning = (stamp, drawn)
        return {
            "version": version,
            "rewards": curves.rewards(run.rewards),
            "learning": self._learning[1],
        }


def _decisions_of_a_part(run: WatchedRun) -> int:
    users = int(run.description.meta.get("users") or 1)
    return max(1, min(MOST_DECISIONS, MOST_ROWS // users))
