# SPDX-License-Identifier: MIT
"""Errors of the bridge. Each message names the value, the limit and the next step."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Sequence
from typing import Final

#: What to do where a simulator's shared memory or process cannot be opened.
KERNEL_NEEDS: Final = (
    "memfd_create and pidfd_open need Linux 5.3 or later, and a container or sandbox (seccomp) "
    "that allows them; `tandem doctor` tries both"
)
#: What may have sent a signal that no program sends itself, and what to do.
_SIGNAL_ADVICE: Final = {
    signal.SIGKILL: "by somebody, or by the kernel for lack of memory, which `dmesg` or the "
    "container's memory.events tells: then run fewer simulators, or raise the limit",
    signal.SIGXFSZ: "a file would grow beyond the limit of file sizes: raise it with `ulimit -f`",
    signal.SIGXCPU: "its processor time is used up: raise the limit with `ulimit -t`",
    signal.SIGBUS: "memory that it has mapped cannot be had: the machine's or the container's "
    "shared memory is full, or a file was cut",
    signal.SIGSYS: "a sandbox (seccomp) denies it a system call; " + KERNEL_NEEDS,
}


class TandemError(RuntimeError):
    """Base of everything that tandem raises on purpose."""


class Notice(UserWarning):
    """Something that users should know and that ends nothing; commands print it as one line."""


class ScenarioWarning(Notice):
    """What a scenario says of itself that makes its results doubtful (`AgentLink::Warn`)."""


class ScenarioNotFound(TandemError, ValueError):
    """No scenario executable of that name or path."""


class ScenarioError(TandemError):
    """The simulator refused its arguments or failed before its first decision."""


class InvalidArgument(ScenarioError, ValueError):
    """An argument that the scenario does not have, or a value that it does not take."""


class InvalidSeed(TandemError, ValueError):
    """A seed that ns-3 cannot take."""


class UnfitObjective(TandemError, ValueError):
    """An objective that is unknown, or that cannot judge the scenario."""


class UnknownPolicy(TandemError, ValueError):
    """There is no policy of that name."""


class UnknownArgument(InvalidArgument):
    """An argument that the scenario does not have."""


class UnknownKeyword(UnknownArgument, TypeError):
    """A keyword of an environment that neither it nor its scenario has."""


class SchemaMismatch(TandemError):
    """The scenario and this package have different versions."""


class InvalidAction(TandemError, ValueError):
    """An action that does not fit the scenario's action block."""


class NoEpisode(TandemError):
    """A step or branch without a running episode: call ``reset`` first."""


class WrongProcess(TandemError):
    """A use in another process than the one that made the object, as after ``os.fork``."""


class SimulatorTimeout(TandemError, TimeoutError):
    """The simulator did not answer within the limit and was stopped."""


class SimulatorLost(TandemError, ConnectionError):
    """The connection to a simulator elsewhere is lost; another one can take over its episode.

    Attributes:
        final: whether it is useless to look for another one.
    """

    final: bool = False


class SimulatorDied(TandemError, ConnectionError):
    """The simulator ended in the middle of an episode.

    As every error here, it can be made from its message alone and pickled: other libraries carry
    errors from one process to another so.

    Attributes:
        exit_status: as in :attr:`subprocess.Popen.returncode`: the exit code, or minus the signal.
            ``None`` if unknown.
        stderr_tail: the last lines that the simulator wrote.
        command: the command that reproduces the process.
        branch: index of the branch that died; ``None`` if it was the episode.
    """

    def __init__(
        self,
        message: object,
        exit_status: int | None = None,
        stderr_tail: str = "",
        command: Sequence[str] = (),
        branch: int | None = None,
    ) -> None:
        super().__init__(message)
        self.exit_status = exit_status
        self.stderr_tail = stderr_tail
        self.command = tuple(command)
        self.branch = branch
        # Gymnasium's AsyncVectorEnv gives the error of its worker as the message of a new one.
        self.__dict__.update(getattr(message, "__dict__", {}))

    @classmethod
    def report(
        cls,
        what: str,
        exit_status: int | None,
        stderr_tail: str,
        command: Sequence[str],
        branch: int | None = None,
    ) -> SimulatorDied:
        """The error whose message says what happened, how, the last output and what to run."""
        return cls(
            f"{what}: {describe_exit(exit_status)}\n"
            f"last output:\n{indent(stderr_tail)}\n"
            f"to reproduce: {shlex.join(command)}",
            exit_status,
            stderr_tail,
            command,
            branch,
        )


def describe_exit(exit_status: int | None) -> str:
    """Say in words how a process ended, from its return code (minus the signal)."""
    if exit_status is None:
        return "exit status unknown"
    if exit_status >= 0:
        return f"exit status {exit_status}"
    try:
        number = signal.Signals(-exit_status)
    except ValueError:
        return f"killed by signal {-exit_status}"
    advice = _SIGNAL_ADVICE.get(number)
    return f"killed by {number.name} ({advice})" if advice else f"killed by {number.name}"


#: Lines by which programs, compilers and ns-3 say what is wrong.
_TELLING: Final = re.compile(
    r"\b(?:fatal|error|invalid|assert\w*|abort\w*|terminate called|what\(\)|undefined reference"
    r"|cannot|exception|sanitizer)\b",
    re.IGNORECASE,
)


def indent(text: str) -> str:
    """Indent text for a message; say so if there is none."""
    lines = text.strip().splitlines() or ["(nothing)"]
    return "\n".join("    " + line for line in lines)


def excerpt(lines: Sequence[str], limit: int, *, first: int = 3, last: int = 3) -> list[str]:
    """Those lines of a program's output that say what is wrong, in their order.

    Keeps the first and the last ones, then lines that speak of an error with the two behind them,
    then more of the end. An ellipsis stands for what is left out.

    Args:
        lines: all lines.
        limit: how many to keep at most, without ellipses.
        first: so many from the beginning in any case.
        last: so many from the end in any case.
    """
    count = len(lines)
    if count <= limit:
        return list(lines)
    telling = [index for index, line in enumerate(lines) if _TELLING.search(line)]
    candidates = [
        *range(first),
        *range(count - last, count),
        *(index for start in telling for index in range(start, min(start + 3, count))),
        *reversed(range(count)),
    ]
    kept = sorted(list(dict.fromkeys(candidates))[:limit])
    shown: list[str] = []
    for before, index in zip([-1, *kept], kept, strict=False):
        shown += ["…"] if index > before + 1 else []
        shown.append(lines[index])
    return shown
