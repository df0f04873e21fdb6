# SPDX-License-Identifier: MIT
"""What is done part by part: the parts, what is done with each, and who does it.

A part is whole simulations: a run, an episode, a scenario. Whoever executes parts gives the same
results in any order. A part that fails does not stop the others. A part whose process or machine
was lost is run again, a finished one never.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeAlias, TypeVar, cast

from tandem.bridge.core.errors import TandemError

#: Folders of parts by what is in them. A part keeps to these, and knows each by its name only:
#: on a node of a cluster they are elsewhere.
Folders: TypeAlias = Mapping[str, Path]

#: How often a part is run again whose process was lost. A part that ends its own process, for
#: example because it takes too much memory, must not do so for ever.
MOST_LOSSES: Final = 3


class Part(Protocol):
    """One independent part; it can be pickled."""

    @property
    def name(self) -> str:
        """For people; unique among the parts."""
        ...

    @property
    def weight(self) -> float:
        """Roughly, how long it takes beside others."""
        ...


P = TypeVar("P", bound=Part)
R = TypeVar("R")


class PartsFailed(TandemError):
    """Some parts failed; the others are finished."""


class OtherBuild(TandemError):
    """A node of the cluster has another version of the package or of its simulators."""


@dataclass(frozen=True)
class Failure:
    """Why a part has no result.

    Attributes:
        reason: the message of its error.
        details: where it was raised; empty for errors that say themselves what to do.
    """

    reason: str
    details: str = ""

    def __str__(self) -> str:
        return f"{self.reason}\n{self.details}" if self.details else self.reason


#: The result of a part, or why it has none.
Ended: TypeAlias = tuple[R | None, Failure | None]


@dataclass(frozen=True)
class Done(Generic[P, R]):
    """A part that has ended.

    Attributes:
        number: of the part, from 0.
        part: itself.
        result: what it returned; ``None`` if it failed.
        failure: why it failed, or ``None``.
    """

    number: int
    part: P
    result: R | None
    failure: Failure | None


#: Parts as they end.
Doing: TypeAlias = Generator[Done[P, R], None, None]


class Task(ABC, Generic[P, R]):
    """What is done with each part; it can be pickled, and so can the results."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Scenarios that parts simulate. A node must have the same programs of them."""
        return ()

    @abstractmethod
    def run(self, part: P, folders: Folders) -> R:
        """Do one part. It keeps what it writes in ``folders``, each file atomically."""

    def reads(self, part: P, folders: Folders) -> Iterable[Path]:
        """Files in ``folders`` that `run` will read; a node gets them with the part."""
        return ()

    def arriving(self, part: P, folders: Folders) -> None:
        """Called at home before the files come that a node has written for this part."""


class Executor(Protocol):
    """Who does it: `LocalExecutor` or `RayExecutor`."""

    @property
    def at_once(self) -> str:
        """How many parts at the same time, and where, in words."""
        ...

    def map(self, task: Task[P, R], parts: Sequence[P], folders: Folders) -> Doing[P, R]:
        """Do all parts; yields each as it ends.

        Close the iterator to stop everything at once. What has been written is kept, and no process
        stays behind.

        Args:
            task: what is done.
            parts: with what.
            folders: where parts read and write.

        Raises:
            KeyboardInterrupt: everything has been stopped.
            OtherBuild: a node of the cluster would not give the same results.
        """
        ...


def results_of(done: Iterable[Done[P, R]]) -> list[R]:
    """The results in the order of the parts.

    Raises:
        PartsFailed: names each part that has none, and why.
    """
    ordered = sorted(done, key=lambda one: one.number)
    failed = [one for one in ordered if one.failure is not None]
    if failed:
        told = "\n".join(f"{one.part.name}: {one.failure}" for one in failed)
        raise PartsFailed(
            f"{len(failed)} of {len(ordered)} parts failed, the others are finished:\n{told}"
        )
    return [cast("R", one.result) for one in ordered]
