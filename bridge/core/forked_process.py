# SPDX-License-Identifier: MIT
"""A simulator's process that another simulator has forked."""

from __future__ import annotations

import select
import subprocess

from tandem.bridge.core.output import Output


class ForkedProcess:
    """Looks like a `subprocess.Popen` of it, as far as it is used here.

    Its parent is another simulator: its end can be seen, its exit status cannot be learned.

    Args:
        pid: of the process.
        pidfd: a descriptor that tells of its end; the caller's.
    """

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pidfd = pidfd

    def poll(self) -> int | None:
        """The exit status: unknown."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it has not ended in time.
        """
        waiter = select.poll()
        waiter.register(self._pidfd, select.POLLIN)
        if not waiter.poll(None if timeout is None else max(0.0, timeout) * 1000):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return self.returncode


class SharedOutput:
    """One user's share of an output that several simulators write to.

    It is closed when its last user has closed its share.

    Args:
        output: what they write to.
        users: all of them, kept in common.
    """

    def __init__(self, output: Output, users: set[int] | None = None) -> None:
        self._output = output
        self._users: set[int] = set() if users is None else users
        self._users.add(id(self))
        self.stdout = output.stdout
        self.stderr = output.stderr

    def share(self) -> SharedOutput:
        """The share of another user."""
        return SharedOutput(self._output, self._users)

    def tail(self, lines: int = 20) -> str:
        """As `Output.tail`."""
        return self._output.tail(lines)

    def summary(self) -> str:
        """As `Output.summary`."""
        return self._output.summary()

    def close(self) -> None:
        """As `Output.close`, when this was the last user."""
        self._users.discard(id(self))
        if not self._users:
            self._output.close()
