# SPDX-License-Identifier: MIT
"""The life of one simulator process: start, control socket, exit status, clean end."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import resource
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tandem.bridge.core.descriptors import keep_standard_descriptors
from tandem.bridge.core.errors import (
    KERNEL_NEEDS,
    ScenarioError,
    SimulatorTimeout,
    TandemError,
    describe_exit,
    indent,
)
from tandem.bridge.core.forked_process import ForkedProcess, SharedOutput
from tandem.bridge.core.output import Output, OutputChoice, open_output
from tandem.bridge.core.ownership import Owner, finalize
from tandem.bridge.core.preload import simulator_environment

_MESSAGE_BYTES = 256
#: What a zygote and its episode say (``ns3_scenarios/agent-link``); three bring a descriptor.
_MESSAGES = re.compile(
    r"(?P<with_descriptor>READY|EPISODE \d+ \d+|FORKED \d+)"
    r"|WARMUP|EXIT \d+ \d+|UNWATCHED \d+ \d+|UNFORKED \d+",
    re.ASCII,
)
_KIB = 1024
_LIMIT_ADVICE = "close other environments, or raise the limit with `ulimit -n`"
_END_S = 0.5
"""How long a zygote may take to end by itself."""
_REAP_S = 2.0
"""How long a killed process may take to be gone, and its exit status to arrive."""


class SimulatorProcess:
    """A scenario's zygote and the socket that controls it.

    The socket carries one message per packet (see ``ns3_scenarios/agent-link/zygote.h``).

    Args:
        command: executable and arguments, without ``--agent``.
        output: where what the processes print goes (`tandem.bridge.core.output`).
        folder: their working folder; ``None``: the present one.
        memory_bytes: limit of the address space of each process, ``None`` for this process's own.

    Raises:
        ScenarioError: the executable cannot be started.
        TandemError: the output cannot be written.
    """

    def __init__(
        self,
        command: Sequence[str],
        output: OutputChoice = None,
        folder: Path | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        environment = simulator_environment(os.environ, Path(command[0]))
        keep_standard_descriptors()
        try:
            with contextlib.ExitStack() as undo:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                undo.callback(ours.close)
                with theirs:
                    opened = SharedOutput(open_output(output))
                    undo.callback(opened.close)
                    popen = subprocess.Popen(
                        [*_limited(memory_bytes), *command, f"--agent={theirs.fileno()}"],
                        stdin=subprocess.DEVNULL,
                        stdout=opened.stdout,
                        stderr=opened.stderr,
                        pass_fds=(theirs.fileno(),),
                        env=environment,
                        cwd=folder,
                        start_new_session=True,  # a terminal's Ctrl-C is for Python only
                    )
                undo.callback(popen.wait)
                undo.callback(popen.kill)
                pidfd = _open_pidfd(popen.pid)
                undo.pop_all()
        except OSError as error:
            raise ScenarioError(
                f"cannot start {command[0]}: {error.strerror}{limit_advice(error)}"
            ) from error
        self._own(command, popen, ours, pidfd, opened)

    def _own(
        self,
        command: Sequence[str],
        popen: subprocess.Popen[bytes] | ForkedProcess,
        control: socket.socket,
        pidfd: int,
        output: SharedOutput,
    ) -> None:
        """Take over the process and what leads to it."""
        self.command = tuple(command)
        self.output = output
        self.pid = popen.pid
        self._popen = popen
        self._socket = control
        self._pidfd = pidfd
        self._exits: dict[int, int] = {}
        self._reset = 0
        self._forks_owed = 0
        self._owner = Owner("this simulator")
        self._finalizer = finalize(self, _stop, popen, control, pidfd, output)

    def receive_channel(self, timeout_s: float) -> int:
        """Wait for the end of the warm-up.

        Returns:
            The file descriptor of the shared memory, the caller's from now on.

        Raises:
            ScenarioError: the process ended instead; the message has what it printed.
            SimulatorTimeout: the warm-up takes longer than ``timeout_s``; the process is stopped.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            text, fds = self._receive(deadline - time.monotonic())
            if text == "READY":
                return fds[0]
            if not text:
                break
        if self._popen.poll() is None and not self._wait_gone(_REAP_S):
            raise self._warmup_timeout(timeout_s)
        status = describe_exit(self._popen.returncode)
        raise ScenarioError(
            f"{Path(self.command[0]).name} did not start ({status}):\n"
            f"{indent(self.output.summary())}\n"
            f"list its arguments with: {self.command[0]} --help"
        )

    def fork_episode(
        self, seed: int, timeout_s: float, warmup_timeout_s: float
    ) -> tuple[int, list[int]]:
        """Have the zygote replace the running episode by a new one.

        Returns:
            The episode's pid, and pidfds of the zygote and of the episode for the watcher.

        Raises:
            ConnectionError: the zygote is gone.
            SimulatorTimeout: it does not answer within ``timeout_s``, or within
                ``warmup_timeout_s`` where it warms up first; all processes are stopped.
            TandemError: no file descriptor is left; the next call may succeed.
            WrongProcess: another process started the simulator.
        """
        self._owner.check()
        self._reset += 1
        self._socket.send(f"RESET {seed} {self._reset}".encode())
        deadline = time.monotonic() + timeout_s
        warming_up = False
        while True:
            text, fds = self._receive(deadline - time.monotonic())
            words = text.split()
            if not words:
                if time.monotonic() < deadline or self._wait_gone(0.0):
                    raise ConnectionError("the simulator's zygote is gone")
                if warming_up:
                    raise self._warmup_timeout(timeout_s)
                raise self._held_up("begin an episode", timeout_s)
            if words[0] == "WARMUP":
                warming_up, timeout_s = True, warmup_timeout_s
                deadline = time.monotonic() + timeout_s
            stale = words[0] in ("EPISODE", "UNWATCHED") and int(words[2]) != self._reset
            if stale or words[0] == "FORKED":
                for fd in fds:  # of a reset or a fork that was interrupted
                    os.close(fd)
                continue
            if words[0] == "UNWATCHED":
                # Some zygotes get no pidfd: no descriptor is left, or an old valgrind runs them.
                fds = [_open_pidfd(int(words[1]))]
            if words[0] in ("EPISODE", "UNWATCHED"):
                self._forks_owed = 0  # their episode is gone
                try:
                    return int(words[1]), [os.dup(self._pidfd), *fds]
                except OSError:
                    for fd in fds:
                        os.close(fd)
                    raise _no_descriptor() from None
            self._note_exit(words)

    def expect_fork(self) -> None:
        """The episode is about to be asked for a fork: `receive_fork` waits for the answer."""
        self._forks_owed += 1

    def receive_fork(self, timeout_s: float) -> SimulatorProcess:
        """The process that the episode has forked; its zygote.

        Raises:
            ConnectionError: the simulator is gone.
            SimulatorTimeout: it does not answer; all its processes are stopped.
            TandemError: it cannot fork, or no file descriptor is left here.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                text, fds = self._receive(deadline - time.monotonic())
            except TandemError:  # the answer came, but not its descriptor
                self._forks_owed -= 1
                raise
            words = text.split()
            if not words:
                if time.monotonic() < deadline or self._wait_gone(0.0):
                    raise ConnectionError("the simulator is gone")
                raise self._held_up("fork", timeout_s)
            if words[0] in ("FORKED", "UNFORKED"):
                self._forks_owed -= 1
                if self._forks_owed == 0:
                    break
                for fd in fds:  # of a fork that was interrupted
                    os.close(fd)
            self._note_exit(words)
        if words[0] == "UNFORKED":
            raise TandemError(
                f"the simulator cannot be forked: {os.strerror(int(words[1]))}; close other "
                "forks, or raise the limits of processes and memory"
            )
        return self._forked(int(words[1]), socket.socket(fileno=fds[0]))

    def _forked(self, pid: int, control: socket.socket) -> SimulatorProcess:
        try:
            pidfd = _open_pidfd(pid)
        except ProcessLookupError as error:
            control.close()
            raise ConnectionError("the forked simulator is gone") from error
        except BaseException:
            control.close()
            raise
        fork = SimulatorProcess.__new__(SimulatorProcess)
        fork._own(self.command, ForkedProcess(pid, pidfd), control, pidfd, self.output.share())
        return fork

    def exit_status(self, episode: int) -> int | None:
        """How an episode ended, as a return code; ``None`` if that cannot be learned."""
        self._owner.check()
        deadline = time.monotonic() + _REAP_S
        while episode not in self._exits:
            text, fds = self._receive(deadline - time.monotonic())
            for fd in fds:
                os.close(fd)
            if not text:
                self._wait_gone(deadline - time.monotonic())
                return self._popen.returncode
            self._note_exit(text.split())
        return os.waitstatus_to_exitcode(self._exits[episode])

    @property
    def ended(self) -> bool:
        """Whether the first process, from which episodes are forked, is gone."""
        return self._popen.poll() is not None

    def stop(self) -> None:
        """Kill all processes and free everything; may be called again."""
        self._owner.check()
        self._finalizer()

    def _warmup_timeout(self, timeout_s: float) -> SimulatorTimeout:
        """The error for a warm-up that takes too long; ends the processes."""
        last = self.output.tail()
        self.stop()
        return SimulatorTimeout(
            f"{self.command[0]} did not finish its warm-up within {timeout_s:g} s and was "
            f"stopped; raise start_timeout_s. Its last output:\n{indent(last)}"
        )

    def _held_up(self, what: str, timeout_s: float) -> SimulatorTimeout:
        """The error for a simulator that lives but does not answer; ends the processes."""
        last = self.output.tail()
        self.stop()
        return SimulatorTimeout(
            f"the simulator did not {what} within {timeout_s:g} s and was stopped: something "
            "holds its process (a debugger, SIGSTOP), or the machine is overloaded. Its last "
            f"output:\n{indent(last)}"
        )

    def _note_exit(self, words: list[str]) -> None:
        if words[0] == "EXIT":
            self._exits[int(words[1])] = int(words[2])

    def _odd_message(self, text: str, fds: list[int]) -> ScenarioError:
        """The error for a message that no scenario of this version sends; ends the processes."""
        for fd in fds:
            os.close(fd)
        said = self.output.tail()
        self.stop()
        return ScenarioError(
            f"{Path(self.command[0]).name} sent {text!a} with {len(fds)} file descriptors on "
            "its control socket, which is no message of this version: rebuild it with `tandem "
            f"build`. It was stopped; its last output:\n{indent(said)}"
        )

    def _receive(self, timeout_s: float) -> tuple[str, list[int]]:
        """One control message with its file descriptors; "" on a closed socket or time-out.

        Raises:
            TandemError: descriptors came that this process has no room for.
            ScenarioError: it is no message of this version.
        """
        poll = select.poll()
        try:
            poll.register(self._socket, select.POLLIN)
            if not poll.poll(max(0.0, timeout_s) * 1000):
                return "", []
            data, fds, flags, _ = socket.recv_fds(self._socket, _MESSAGE_BYTES, 2)
        except (OSError, ValueError):  # closed here or there
            return "", []
        if flags & socket.MSG_CTRUNC:
            for fd in fds:
                os.close(fd)
            raise _no_descriptor()
        text = data.decode(errors="backslashreplace")
        known = _MESSAGES.fullmatch(text)
        if data and (known is None or len(fds) != (known["with_descriptor"] is not None)):
            raise self._odd_message(text, list(fds))
        return text, list(fds)

    def _wait_gone(self, timeout_s: float) -> bool:
        try:
            self._popen.wait(max(0.0, timeout_s))
        except subprocess.TimeoutExpired:
            return False
        return True


def _limited(memory_bytes: int | None) -> list[str]:
    """What stands before a command so that it starts with a limit of its address space.

    A shell sets it: code between fork and exec would run in a copy of a process with threads.
    """
    if memory_bytes is None:
        return []
    return ["/bin/sh", "-c", 'ulimit -v "$0" && exec "$@"', str(max(1, memory_bytes // _KIB))]


def _open_pidfd(pid: int) -> int:
    """A descriptor that tells of a process's end.

    Raises:
        ProcessLookupError: it has ended.
        ScenarioError: the kernel gives none.
    """
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError as error:
        advice = limit_advice(error) or f": {KERNEL_NEEDS}"
        raise ScenarioError(f"cannot open a pidfd: {error.strerror}{advice}") from error


def limit_advice(error: OSError) -> str:
    """What to do about an error if it is this process's limit of descriptors, else ""."""
    return f" ({_LIMIT_ADVICE})" if error.errno in (errno.EMFILE, errno.ENFILE) else ""


def _no_descriptor() -> TandemError:
    """The error for a control message that came without its descriptors."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return TandemError(
        f"this process has no file descriptor left for its simulator, its limit is {limit}: "
        f"{_LIMIT_ADVICE}"
    )


def _stop(
    owner: Owner,
    popen: subprocess.Popen[bytes] | ForkedProcess,
    control: socket.socket,
    pidfd: int,
    output: Output,
) -> None:
    """Kill a simulator's process group and close what belongs to it."""
    control.close()
    if owner.here:
        # Without its socket the zygote ends and reaps its children; only if it cannot is it killed.
        with contextlib.suppress(subprocess.TimeoutExpired):
            popen.wait(_END_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone, or zombies only
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()
    else:
        popen.returncode = 0  # no child of this process: it would warn that one is left
    os.close(pidfd)
    output.close()
