# SPDX-License-Identifier: MIT
"""Exploration that falls with experience."""

from __future__ import annotations

from tandem.agents.common.settings import Count, Settings, Share


class LinearSchedule(Settings):
    """A share that goes linearly from ``start`` to ``end`` and stays there.

    >>> LinearSchedule(start=1.0, end=0.5, interactions=100).at(50)
    0.75
    """

    start: Share = 1.0
    """Share of decisions that explore at the first interaction."""
    end: Share = 0.05
    """Share of decisions that explore in the end."""
    interactions: Count = 1_000
    """Interactions over which that share falls."""

    def at(self, interaction: int) -> float:
        """The share after so many interactions."""
        done = min(interaction / self.interactions, 1.0)
        return self.start + done * (self.end - self.start)
