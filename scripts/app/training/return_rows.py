# SPDX-License-Identifier: MIT
"""What is told of a training run that is judged by the returns of whole episodes."""

from __future__ import annotations

import collections
import math
from dataclasses import dataclass
from typing import Final, Protocol

from rich.console import Console

from tandem.scripts.app.progress import ProgressBar

#: Interactions over which the shown reward is averaged.
WINDOW: Final = 100


@dataclass(frozen=True)
class ReturnRow:
    """One evaluation of the deterministic policy.

    Attributes:
        interaction: after how many.
        episodes: that were played.
        return_mean, return_sd: mean and standard deviation of their returns.
        reward_mean: mean reward per decision.
        random_return: mean return of random actions in the same episodes.
    """

    interaction: int
    episodes: int
    return_mean: float
    return_sd: float
    reward_mean: float
    random_return: float


class ReturnMonitor(Protocol):
    """Shows a run that is under way."""

    def interaction(self, interaction: int, reward: float) -> None:
        """An interaction is over."""
        ...

    def evaluation(self, row: ReturnRow) -> None:
        """The policy was evaluated."""
        ...


class Terminal:
    """The main figures beside a progress bar; without a terminal, a line per evaluation."""

    def __init__(self, bar: ProgressBar, console: Console, *, quiet: bool) -> None:
        self._bar = bar
        self._console = console
        self._quiet = quiet
        self._rewards: collections.deque[float] = collections.deque(maxlen=WINDOW)
        self._judged = ""

    def interaction(self, interaction: int, reward: float) -> None:
        """Move the bar."""
        self._rewards.append(reward)
        mean = math.fsum(self._rewards) / len(self._rewards)
        self._bar.note(f"reward {mean:.4g}{self._judged}")
        self._bar.reach(interaction)

    def evaluation(self, row: ReturnRow) -> None:
        """Show the return from now on."""
        self._judged = f" · return {row.return_mean:.4g} (random {row.random_return:.4g})"
        if self._quiet or self._console.is_terminal:
            return
        self._console.print(
            f"interaction {row.interaction}: mean return {row.return_mean:.6g} in {row.episodes} "
            f"episodes ({row.reward_mean:.6g} per decision); random actions "
            f"{row.random_return:.6g}",
            highlight=False,
            soft_wrap=True,
        )
