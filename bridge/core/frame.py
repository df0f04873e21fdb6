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
        status: ``DECISION`` while the episode goes on.
        epoch: decisions taken in the episode before this frame.
    """

    observation: dict[str, NDArray[Any]]
    records: dict[str, NDArray[Any]]
    status: Status
    epoch: int

    def same_as(self, other: Frame) -> bool:
        """Whether both are equal bit for bit; NaN equals NaN."""
        if (self.status, self.epoch) != (other.status, other.epoch):
            return False
        pairs = ((self.observation, other.observation), (self.records, other.records))
        return all(
            mine.keys() == theirs.keys()
            and all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
            for mine, theirs in pairs
        )
