# SPDX-License-Identifier: MIT
"""What a simulator publishes at a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """Why a frame was published (``Status`` of ``channel/layout.h``)."""

    DECISION = 1
    TRUNCATED = 2
    TERMINATED = 3


@dataclass(frozen=True, slots=True)
class Clipped:
    """Values of an observation that the scenario set beyond the bounds of their column.

    They are published as the bound.

    Attributes:
        values: how many.
        block: number of the first one's observation block.
        column: number of its column there.
        value: what it was set to.
    """

    values: int = 0
    block: int = 0
    column: int = 0
    value: float = 0.0


NOT_CLIPPED: Final = Clipped()


@dataclass(frozen=True, slots=True)
class Frame:
    """What a simulator published at a decision: copies, safe to keep.

    Attributes:
        observation: one float64 array per observation block.
        records: one structured array per record table, rows since the last decision.
        status: ``DECISION`` until the episode ends.
        decision: index of the decision that the frame asks for, from 0.
        time_s: ns-3's clock, seconds of simulated time.
        clipped: what of the observation lay outside its bounds.
    """

    observation: dict[str, NDArray[Any]]
    records: dict[str, NDArray[Any]]
    status: Status
    decision: int
    time_s: float = 0.0
    clipped: Clipped = NOT_CLIPPED

    @classmethod
    def joined(cls, frames: Sequence[Frame]) -> Frame:
        """Consecutive epochs as one: the last frame, with the records of all."""
        last = frames[-1]
        if len(frames) == 1:
            return last
        records = {
            name: np.concatenate([frame.records[name] for frame in frames]) for name in last.records
        }
        return replace(last, records=records)

    def copied(self) -> Frame:
        """The same with arrays of its own."""
        return replace(
            self,
            observation={name: block.copy() for name, block in self.observation.items()},
            records={name: rows.copy() for name, rows in self.records.items()},
        )

    def same_as(self, other: Frame) -> bool:
        """Whether both are equal bit for bit; NaN equals NaN."""
        plain = (self.status, self.decision, self.time_s, self.clipped.values)
        if plain != (other.status, other.decision, other.time_s, other.clipped.values):
            return False
        pairs = ((self.observation, other.observation), (self.records, other.records))
        return all(
            mine.keys() == theirs.keys()
            and all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
            for mine, theirs in pairs
        )
