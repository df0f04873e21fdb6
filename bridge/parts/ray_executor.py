# SPDX-License-Identifier: MIT
"""Parts as tasks of Ray, on this machine or on a cluster.

Nothing has to be shared between the machines but the installed package. What a part reads goes with
it, and what it writes comes home before it counts as finished.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tandem._version import version
from tandem.bridge.backends.ray_link import connected_ray
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.scenarios import working_folder
from tandem.bridge.parts.api import (
    MOST_LOSSES,
    Doing,
    Done,
    Ended,
    Failure,
    Folders,
    OtherBuild,
    P,
    R,
    Task,
)
from tandem.bridge.parts.build import Build
from tandem.bridge.parts.carried import Carried
from tandem.bridge.parts.local import lost
from tandem.bridge.parts.node import Returned, run_away

#: Parts that wait in Ray's queue beyond those that run: a node never waits for the next one, and a
#: cluster that grows by itself sees that there is more to do.
AHEAD: Final = 64
#: Longest wait for the end of processes that are killed, seconds.
STOP_S: Final = 5.0
#: Before that, parts on their way to a worker get so long to arrive: Ray (2.60) ends this process
#: where it cancels one in between.
SETTLE_S: Final = 0.5
#: How often an interrupt is looked for, and whether files have been written, seconds.
LOOK_S: Final = 1.0
STORE_LOOK_S: Final = 0.01
#: Parts whose files are written at the same time: each waits for the disk.
STORES: Final = 8
#: How Ray tells that a worker cannot load what it is to run.
_NO_MODULE: Final = re.compile(r"No module named '[^']+'")


class RayExecutor:
    """Does parts as tasks of Ray; an `tandem.bridge.parts.api.Executor`.

    It joins the cluster that ``RAY_ADDRESS`` names, or starts Ray on this machine.

    Args:
        jobs: parts at the same time; default: one per processor of the cluster.

    Raises:
        TandemError: Ray is not installed.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs
        self._ray = connected_ray()

    @property
    def at_once(self) -> str:
        """Processors and nodes of the cluster."""
        nodes = sum(bool(node["Alive"]) for node in self._ray.nodes())
        tasks = min(self._jobs or self._processors, self._processors)
        return f"{tasks} Ray tasks on {nodes} node{'s' if nodes != 1 else ''}"

    @property
    def _processors(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 1))

    def map(self, task: Task[P, R], parts: Sequence[P], folders: Folders) -> Doing[P, R]:
        """As `tandem.bridge.parts.api.Executor.map`.

        Raises:
            TandemError: a node does not have the package.
        """
        if not parts:
            return
        ray = self._ray
        # An error of a part is its result; only what was lost is run again.
        options = {"num_cpus": 1, "max_retries": MOST_LOSSES, "scheduling_strategy": "SPREAD"}
        remote = ray.remote(**options)(run_away)
        what, build = ray.put(task), ray.put(Build.here(task.programs))
        names, here = tuple(folders), str(working_folder() or "")
        shared = _Shared(ray, task, folders)
        waiting = deque(range(len(parts)))
        running: dict[Any, int] = {}
        storing: dict[Future[Ended[R]], int] = {}
        pool = ThreadPoolExecutor(STORES)
        try:
            while waiting or running or storing:
                room = (self._jobs or self._processors + AHEAD) - len(running)
                for _ in range(min(room, len(waiting))):
                    number = waiting.popleft()
                    part = parts[number]
                    read = shared.reference(part)
                    running[remote.remote(what, part, names, read, build, here)] = number
                for reference in self._ended(list(running), STORE_LOOK_S if storing else LOOK_S):
                    number = running.pop(reference)
                    stored = pool.submit(self._home, reference, task, parts[number], folders)
                    storing[stored] = number
                for stored in [future for future in storing if future.done()]:
                    number = storing.pop(stored)
                    yield Done(number, parts[number], *stored.result())
        finally:
            self._stop(list(running))
            pool.shutdown()

    def _ended(self, references: list[Any], limit_s: float) -> list[Any]:
        """Wait for parts; those that have ended."""
        if not references:
            time.sleep(limit_s)
            return []
        ended, _ = self._ray.wait(references, num_returns=1, timeout=limit_s)
        return list(ended)

    def _home(self, reference: Any, task: Task[P, R], part: P, folders: Folders) -> Ended[R]:
        """What a part returned; its files are written."""
        exceptions = self._ray.exceptions
        try:
            returned: Returned[R] = self._ray.get(reference)
        except exceptions.RayTaskError as error:
            told = str(error.cause)
            if (missing := _NO_MODULE.search(told)) is not None:
                raise TandemError(
                    f"a node of the Ray cluster has not what parts need ({missing[0]}): install "
                    f"ns3-tandem {version} on each node, with the same extras as here"
                ) from None
            return None, Failure(told)
        except exceptions.RayError as error:
            return None, lost(MOST_LOSSES + 1, str(error))
        if returned.refused:
            raise OtherBuild(returned.refused)
        if returned.written.files:
            task.arriving(part, folders)
            returned.written.put(folders)
        return returned.result, returned.failure

    def _stop(self, references: list[Any]) -> None:
        """End the processes of parts under way, and with them their simulators."""
        if not references or not self._ray.is_initialized():
            return
        _, left = self._ray.wait(
            references, num_returns=len(references), timeout=SETTLE_S, fetch_local=False
        )
        for reference in left:
            with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
                # Without force a process is only asked, and does not notice while it waits.
                self._ray.cancel(reference, force=True)
        self._ray.wait(references, num_returns=len(references), timeout=STOP_S, fetch_local=False)


class _Shared:
    """Files that parts read: equal ones are given to Ray once."""

    def __init__(self, ray: Any, task: Task[Any, Any], folders: Folders) -> None:
        self._ray = ray
        self._task = task
        self._folders = folders
        self._references: dict[tuple[Path, ...], Any] = {}

    def reference(self, part: Any) -> Any:
        """To what one part reads."""
        paths = tuple(self._task.reads(part, self._folders))
        if paths not in self._references:
            self._references[paths] = self._ray.put(Carried.read(self._folders, paths))
        return self._references[paths]
