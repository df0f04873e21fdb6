# SPDX-License-Identifier: MIT
"""What a simulator publishes at a decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

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
