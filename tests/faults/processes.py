# SPDX-License-Identifier: MIT
"""Processes of a fault campaign: who is whose child, and who is left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> None:
    """Become the parent of every process whose own parent dies below this one.

    So nothing that is left behind can hide from `descendants`.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def parent(pid: int) -> int:
    """The process that a living process belongs to."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children(pid: int) -> list[int]:
    """Direct children of a process, zombies included."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """All processes below one, nearest first."""
    found: list[int] = []
    level = children(pid)
    while level:
        found += level
        level = [below for one in level for below in children(one)]
    return found


def alive(pid: int) -> bool:
    """Whether it still runs; a zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill(pid: int) -> bool:
    """SIGKILL; whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def seconds_until(condition: Callable[[], bool], limit_s: float) -> float:
    """How long a condition takes to come true; above ``limit_s`` if it does not."""
    start_s = time.monotonic()
    while not condition():
        if time.monotonic() - start_s > limit_s:
            return float("inf")
        time.sleep(0.001)
    return time.monotonic() - start_s


def seconds_until_gone(pids: Iterable[int], limit_s: float) -> float:
    """How long some processes take to end."""
    watched = list(pids)
    return seconds_until(lambda: not any(alive(pid) for pid in watched), limit_s)


def reap(spare: Iterable[int]) -> None:
    """Take note of the end of adopted processes, but for those that others wait for."""
    kept = set(spare)
    for pid in children(os.getpid()):
        if pid not in kept and not alive(pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
