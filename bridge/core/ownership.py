# SPDX-License-Identifier: MIT
"""What belongs to one process: a forked copy of it must neither use nor end it.

After ``os.fork`` (multiprocessing's default on Linux before Python 3.14) the child has the parent's
objects, and with them its sockets, shared memory and files. A step there would step the parent's
simulator.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any, Final

from tandem.bridge.core.errors import WrongProcess

_finalizers: Final[weakref.WeakKeyDictionary[Any, weakref.finalize[Any, Any]]] = (
    weakref.WeakKeyDictionary()
)


class Owner:
    """The process that made an object, kept by that object.

    Args:
        what: the object, as its user calls it: "this environment".
    """

    __slots__ = ("_pid", "_what")

    def __init__(self, what: str) -> None:
        self._what = what
        self._pid = os.getpid()

    @property
    def here(self) -> bool:
        """Whether this is the process that made the object."""
        return os.getpid() == self._pid

    def check(self) -> None:
        """Do nothing in the process that made the object.

        Raises:
            WrongProcess: in any other one.
        """
        if not self.here:
            raise self.error()

    def error(self) -> WrongProcess:
        """The error for a use in another process."""
        return WrongProcess(
            f"{self._what} belongs to process {self._pid}, which made it; this is process "
            f"{os.getpid()}, forked from it: make one here, in the process that uses it "
            "(with multiprocessing in the worker's own function)"
        )


def finalize(
    owned: Any, free: Callable[..., object], *arguments: Any
) -> weakref.finalize[Any, Any]:
    """Call ``free(owner, *arguments)`` when an object is collected, and in forked copies at once.

    Args:
        owned: the object.
        free: closes this process's descriptors, and ends what they lead to if ``owner.here``.
        arguments: of it; they must not refer to the object.
    """
    finalizer = weakref.finalize(owned, free, Owner("it"), *arguments)
    _finalizers[owned] = finalizer
    return finalizer


def _after_fork() -> None:
    """Close the child's copies: who waits for the last one to be closed must not wait for it."""
    for finalizer in list(_finalizers.values()):
        finalizer()


os.register_at_fork(after_in_child=_after_fork)
