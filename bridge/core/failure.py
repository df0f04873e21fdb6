# SPDX-License-Identifier: MIT
"""What is left of an episode whose simulator failed: its actions, to be played once more.

Seed and actions decide an episode. A scenario plays the file that is written here with
``--agent=none --seed=… --actions=FILE`` (``ns3_scenarios/agent-link/action-file.h``).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.errors import SimulatorDied, SimulatorTimeout

#: A process leaves at most as many files: who goes on after each failure must not fill the disk.
MOST_FILES: Final = 100
_SUFFIX: Final = ".actions"
#: Up to here every whole number is a float64.
_LARGEST_EXACT: Final = 2**53
_numbers: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class FailedBranch:
    """The branch that failed, from the decision after the episode's last action.

    Attributes:
        actions: its joint actions, one for each epoch.
        future: which random draws it meets, 0 for those of the episode.
    """

    actions: Sequence[NDArray[Any]]
    future: int


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How to bring a failure about once more.

    Attributes:
        options: for the scenario, beside its arguments and the seed.
        remark: what they do not bring about, "" for nothing.
    """

    options: tuple[str, ...] = ()
    remark: str = ""

    def added_to(self, error: SimulatorDied | SimulatorTimeout) -> None:
        """Add it to an error whose message ends with the rest of the command."""
        error.args = (" ".join([str(error), shlex.join(self.options)]).rstrip() + self.note,)
        if isinstance(error, SimulatorDied):
            error.command += self.options

    @property
    def note(self) -> str:
        """The remark as a line of a message."""
        return f"\n({self.remark})" if self.remark else ""


def leave_actions(
    folder: str | os.PathLike[str] | None,
    scenario: str,
    seed: int,
    actions: Sequence[NDArray[Any]] | NDArray[Any] | None,
    branch: FailedBranch | None = None,
    futures: Mapping[int, int] = MappingProxyType({}),
) -> Reproduction:
    """Write the actions of an episode that failed.

    Args:
        folder: where to; if that cannot be, and by default, the folder for temporary files.
        scenario: its name.
        seed: of the episode.
        actions: one after another; ``None``: not known.
        branch: what failed, if it was a branch.
        futures: which random draws were chosen anew, by the decision before which they were.
    """
    if actions is None:
        return Reproduction(remark="without the episode's actions: too many to keep")
    if next(_numbers) >= MOST_FILES:
        return Reproduction(
            remark=f"without the episode's actions: this process has left {MOST_FILES} such files"
        )
    text = "".join(f"{line}\n" for line in _lines(scenario, seed, actions, branch, futures))
    for place in (folder, None):
        with contextlib.suppress(OSError):
            name = f"tandem-{scenario}-seed{seed}-{uuid.uuid4().hex[:8]}{_SUFFIX}"
            path = Path(place or tempfile.gettempdir(), name).absolute()
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            return Reproduction((f"--actions={path}",))
    return Reproduction(remark="without the episode's actions: they cannot be written anywhere")


def _lines(
    scenario: str,
    seed: int,
    actions: Sequence[NDArray[Any]] | NDArray[Any],
    branch: FailedBranch | None,
    futures: Mapping[int, int],
) -> Iterator[str]:
    yield f"# {scenario} failed after these actions; to play them once more, add to its arguments:"
    yield f"# --agent=none --seed={seed} --actions=THIS_FILE"
    for decision, action in enumerate(actions):
        yield from _future(futures.get(decision, 0))
        yield _line(action)
    if branch is not None:
        yield "# the branch that failed"
        yield from _future(branch.future or futures.get(len(actions), 0))
        yield from map(_line, branch.actions)


def _future(future: int) -> Iterator[str]:
    if future:
        yield f"future {future}"


def _line(action: NDArray[Any]) -> str:
    return " ".join(map(_word, np.asarray(action).ravel().tolist()))


def _word(value: float) -> str:
    """A value so that it can be read exactly, 8.0 as 8: an integer of several blocks is a float."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT
    return str(int(value)) if is_whole and (value or str(value) == "0.0") else repr(value)
