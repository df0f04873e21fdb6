# SPDX-License-Identifier: MIT
"""Finding and starting the simulators that scripts for ns3-ai and ns3-gym name."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tandem.bridge.core.errors import (
    NoEpisode,
    ScenarioError,
    ScenarioNotFound,
    SimulatorDied,
    indent,
)
from tandem.bridge.core.forked_process import ForkedProcess, SharedOutput
from tandem.bridge.core.output import SHOWN, open_output
from tandem.bridge.core.ownership import Owner, finalize
from tandem.bridge.core.preload import loader_environment

#: Where ``tandem build --compat`` puts executables, beside the sources.
BUILD_FOLDER: Final = "tandem-build"
#: Further folders with executables, separated by colons.
PATH_VARIABLE: Final = "TANDEM_COMPAT_PATH"
#: Tells a simulator its segment; the same name is in ns3_scenarios/compat/simulator-end.h.
SEGMENT_VARIABLE: Final = "TANDEM_SEGMENT"
#: ns-3 takes the defaults of its global values, such as the run number, from here.
GLOBALS_VARIABLE: Final = "NS_GLOBAL_VALUE"

_NO_FD: Final = -1
"""Tells a simulator that it was started by a script but given no memory."""

_REAP_S: Final = 2.0
"""Longest wait for the exit status of a process that has ended."""

_running: weakref.WeakValueDictionary[int, Launched] = weakref.WeakValueDictionary()


def find_executable(target: str, start: Path | None = None) -> Path:
    """The executable that a script means by a build target's name.

    The search takes the name as a path, then ``tandem-build/<name>`` in the start folder and those
    above it, then the folders of ``$TANDEM_COMPAT_PATH``.

    Args:
        target: the target's name, or a path.
        start: where to start; default: the working folder.

    Raises:
        ScenarioNotFound: there is none; the message lists the folders searched.
    """
    if os.sep in target:
        path = Path(target)
        if _executable(path):
            return path.resolve()
        raise ScenarioNotFound(
            f"'{target}' is no executable: build it with `tandem build --compat`"
        )
    start = (start or Path.cwd()).resolve()
    folders = [folder / BUILD_FOLDER for folder in (start, *start.parents)]
    folders += [Path(entry) for entry in os.environ.get(PATH_VARIABLE, "").split(":") if entry]
    for folder in folders:
        if _executable(folder / target):
            return (folder / target).resolve()
    there = sorted({file.name for folder in folders for file in _executables(folder)})
    built = f"built are: {', '.join(there)}. " if there else ""
    raise ScenarioNotFound(
        f"no simulator '{target}' in {BUILD_FOLDER}/ of {start} or of a folder above it. {built}"
        f"Compile the scenario's folder with `tandem build --compat PATH`"
    )


def only_executable(start: Path) -> str | None:
    """The name of the nearest build folder's only executable, if it has just one."""
    for folder in (start, *start.parents):
        names = _executables(folder / BUILD_FOLDER)
        if names:
            return names[0].name if len(names) == 1 else None
    return None


class Launched:
    """One simulator process, which cannot outlive this one.

    The kernel sends it SIGTERM when the last copy of a pipe's other end is closed, so it dies with
    this process, but not with the thread that started it.

    Args:
        command: executable and arguments.
        segment_fd: the memory that it is to use; ``None``: what this process offers by name.
        segment_name: by what name it asks for it.
        global_values: defaults of ns-3's global values.
        show_output: let it write to this process's output instead of a file.
        cwd: its working folder.

    Raises:
        ScenarioError: the executable cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        segment_fd: int | None,
        segment_name: str,
        *,
        global_values: Mapping[str, str] | None = None,
        show_output: bool = False,
        cwd: Path | None = None,
    ) -> None:
        self.command = tuple(command)
        environment = loader_environment(os.environ, Path(self.command[0]))
        self.output = SharedOutput(open_output(SHOWN if show_output else None))
        given_fd = _NO_FD if segment_fd is None else segment_fd
        environment[SEGMENT_VARIABLE] = f"{given_fd}:{segment_name}"
        if global_values:
            given = [text for text in environment.get(GLOBALS_VARIABLE, "").split(";") if text]
            given += [f"{key}={value}" for key, value in global_values.items()]
            environment[GLOBALS_VARIABLE] = ";".join(given)
        lifeline, self._lifeline = os.pipe2(os.O_CLOEXEC)
        try:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=self.output.stdout,
                stderr=self.output.stderr,
                pass_fds=(lifeline,) if segment_fd is None else (segment_fd, lifeline),
                env=environment,
                cwd=cwd,
                start_new_session=True,  # a terminal's Ctrl-C is for Python only
            )
            fcntl.fcntl(lifeline, fcntl.F_SETOWN, self._popen.pid)
            fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGTERM)
            fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)
        except OSError as error:
            os.close(self._lifeline)
            self.output.close()
            raise ScenarioError(f"cannot start {command[0]}: {error.strerror}") from error
        finally:
            os.close(lifeline)
        self.pid = self._popen.pid
        self._owner = Owner("this simulator")
        self._finalizer = finalize(self, _stop, self._popen, self._lifeline, self.output)
        _running[self.pid] = self

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        self._owner.check()
        return self._popen.poll() is None

    def wait(self, timeout_s: float) -> bool:
        """Wait for the process to end by itself; false if it has not."""
        self._owner.check()
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Kill the process if it still runs; may be called again."""
        self._owner.check()
        self._finalizer()

    def died(self, what: str = "the simulator ended") -> SimulatorDied:
        """The error for a process that ended or does not answer."""
        status = self.exit_status()
        return SimulatorDied.report(what, status, self.output.summary(), self.command)

    def exit_status(self) -> int | None:
        """Of a process that has just ended; ``None`` if it has not."""
        self.wait(_REAP_S)
        return self._popen.returncode


class Forked:
    """A simulator that another one has forked; to be used like `Launched`.

    It does not die with the one that it comes from, but with this object.

    Args:
        pid: of the process.
        command: of the simulator that was started.
        output: a share of what that one writes to.
    """

    def __init__(self, pid: int, command: Sequence[str], output: SharedOutput) -> None:
        self.pid = pid
        self.command = tuple(command)
        self.output = output
        self._owner = Owner("this simulator")
        pidfd = os.pidfd_open(pid)
        self._process = ForkedProcess(pid, pidfd)
        self._finalizer = finalize(self, _stop_fork, pidfd, self.output)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return not self.wait(0.0)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the process to end by itself; false if it has not."""
        self._owner.check()
        if not self._finalizer.alive:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Kill the process if it still runs; may be called again."""
        self._owner.check()
        self._finalizer()

    def died(self, what: str = "the simulator ended") -> SimulatorDied:
        """The error for a process that ended or does not answer."""
        return SimulatorDied.report(f"{what} (a fork)", None, self.output.summary(), self.command)


def raise_died(pid: int, handled: bool = False, told: bool = False) -> bool:
    """Raise the end of a simulator that this module started; called by users' modules.

    A simulation that is over is an episode that has ended, and not a death.

    Args:
        pid: the simulator's process.
        handled: the script asks for the end itself, by ``PyGetFinished()``.
        told: the simulator has said that nothing more comes.

    Returns:
        Whether this is an end that the script handles. False: this module did not start it.

    Raises:
        NoEpisode: the simulation is over and the script does not ask for that.
        SimulatorDied: with exit status, last output and command.
    """
    launched = _running.get(pid)
    if launched is None:
        return False
    if launched.exit_status() != 0 and not told:
        raise launched.died()
    if not handled:
        raise NoEpisode(
            "the simulation is over, without an error: no further message comes. Count the "
            "messages, or give Experiment handleFinish=True and leave the loop when "
            "PyGetFinished() is true after PyRecvBegin()\n"
            f"last output:\n{indent(launched.output.summary())}\n"
            f"the simulator was: {shlex.join(launched.command)}"
        )
    return True


def _stop(
    owner: Owner, popen: subprocess.Popen[bytes], lifeline: int, output: SharedOutput
) -> None:
    """Kill a simulator's process group and close what belongs to it."""
    if owner.here:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()
    else:
        popen.returncode = 0  # no child of this process: it would warn that one is left
    os.close(lifeline)
    output.close()


def _stop_fork(owner: Owner, pidfd: int, output: SharedOutput) -> None:
    """Kill a forked simulator and close what belongs to it."""
    if owner.here:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)
    output.close()


def _executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _executables(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if _executable(file) and not file.suffix)
