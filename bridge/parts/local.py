# SPDX-License-Identifier: MIT
"""Parts on the processors of this machine."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tandem.bridge.parts.api import MOST_LOSSES, Doing, Done, Failure, Folders, P, R, Task
from tandem.bridge.parts.attempt import attempt
from tandem.bridge.parts.worker import Worker


class LocalExecutor:
    """Does parts in processes of this machine; an `tandem.bridge.parts.api.Executor`.

    Args:
        jobs: processes; a single part at a time is done in this process.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    @property
    def at_once(self) -> str:
        """How many processes."""
        return f"{self._jobs} processes"

    def map(self, task: Task[P, R], parts: Sequence[P], folders: Folders) -> Doing[P, R]:
        """As `tandem.bridge.parts.api.Executor.map`."""
        jobs = min(self._jobs, len(parts))
        if jobs > 1:
            yield from _in_processes(task, parts, folders, jobs)
            return
        for number, part in enumerate(parts):
            yield Done(number, part, *attempt(task, part, folders))


def _in_processes(task: Task[P, R], parts: Sequence[P], folders: Folders, jobs: int) -> Doing[P, R]:
    crew = _Crew(jobs)
    waiting = deque(range(len(parts)))
    losses: Counter[int] = Counter()
    try:
        while waiting or crew.running:
            while waiting and crew.idle:
                number = waiting.popleft()
                crew.begin(number, task, parts[number], folders)
            for number, outcome in crew.ended():
                if outcome is not None:
                    yield Done(number, parts[number], *outcome)
                    continue
                losses[number] += 1
                if losses[number] <= MOST_LOSSES:
                    waiting.appendleft(number)
                else:
                    yield Done(number, parts[number], None, lost(losses[number]))
    finally:
        crew.end()


class _Crew:
    """Worker processes, and which part each of them does."""

    def __init__(self, jobs: int) -> None:
        self.idle = [Worker() for _ in range(jobs)]
        self.running: dict[Future[Any], tuple[Worker, int]] = {}

    def begin(self, number: int, task: Task[P, R], part: P, folders: Folders) -> None:
        """Give a part to an idle process."""
        worker = self.idle[-1]
        try:
            future = worker.submit(task, part, folders)
        except BrokenProcessPool:  # it was killed while it had nothing to do
            self.idle[-1] = worker = Worker()
            future = worker.submit(task, part, folders)
        self.running[future] = worker, number
        self.idle.pop()

    def ended(self) -> Iterator[tuple[int, tuple[Any, Failure | None] | None]]:
        """Wait; parts that have ended, and how; ``None``: the process was lost."""
        for future in wait(self.running, return_when=FIRST_COMPLETED).done:
            worker, number = self.running[future]
            outcome: tuple[Any, Failure | None] | None = None
            try:
                outcome = future.result()
            except BrokenProcessPool:
                worker.end()
                worker = Worker()
            except Exception as error:  # the result cannot be pickled
                outcome = None, Failure(f"{type(error).__name__}: {error}")
            del self.running[future]
            self.idle.append(worker)
            yield number, outcome

    def end(self) -> None:
        """Stop everything; returns when no process is left."""
        busy = [worker for worker, _ in self.running.values()]
        for worker in busy:
            worker.ask_to_end(busy=True)
        for worker in self.idle:
            worker.ask_to_end(busy=False)
        for worker in (*busy, *self.idle):
            worker.end()


def lost(times: int, told: str = "") -> Failure:
    """Why a part is given up whose process does not live to its end."""
    return Failure(
        f"its process was lost {times} times before it ended: look at the memory of the machine"
        + (f". {told}" if told else "")
    )
