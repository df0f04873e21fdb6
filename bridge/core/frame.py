# SPDX-License-Identifier: MIT
"""What a simulator publishes at a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """Why a frame was published (``Status`` of ``channel/layout.h``)."""

    DECISION = 1
    TRUNCATED = 2
    TERMINATED = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """What a simulator published at a decision: copies, safe to keep.

    Attributes:
        observation: one float64 array per observation block.
        records: one structured array per record table, rows since the last decision.
        status: ``DECISION`` until the episode ends.
        decision: index of the decision that the frame asks for, from 0.
    """

    observation: dict[str, NDArray[Any]]
    records: dict[str, NDArray[Any]]
    status: Status
    decision: int

    @classmethod
    def joined(cls, frames: Sequence[Frame]) -> Frame:
        """Consecutive epochs as one: the last frame, with the records of all."""
        last = frames[-1]
        if len(frames) == 1:
            return last
        records = {
            name: np.concatenate([frame.records[name] for frame in frames]) for name in last.records
        }
        return cls(last.observation, records, last.status, last.decision)

    def copied(self) -> Frame:
        """The same with arrays of its own."""
        return Frame(
            {name: block.copy() for name, block in self.observation.items()},
            {name: rows.copy() for name, rows in self.records.items()},
            self.status,
            self.decision,
        )

    def same_as(self, other: Frame) -> bool:
        """Whether both are equal bit for bit; NaN equals NaN."""
        if (self.status, self.decision) != (other.status, other.decision):
            return False
        pairs = ((self.observation, other.observation), (self.records, other.records))
        return all(
            mine.keys() == theirs.keys()
            and all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
            for mine, theirs in pairs
        )
