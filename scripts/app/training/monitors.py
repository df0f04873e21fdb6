# SPDX-License-Identifier: MIT
"""Live views of a training run: the terminal and TensorBoard."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from tandem.agents.common.units import MS_PER_S
from tandem.agents.training.history import HistoryRow
from tandem.scripts.app.progress import ProgressBar
from tandem.scripts.app.training.evaluators import EvaluationRow
from tandem.scripts.app.training.event_files import EventFiles, event_files

#: Interactions over which the shown cost and model error are averaged.
WINDOW: Final = 25
PERCENT: Final = 100.0


class TerminalMonitor:
    """The main figures beside a progress bar; without a terminal, a line per evaluation."""

    def __init__(self, bar: ProgressBar, console: Console, *, quiet: bool) -> None:
        self._bar = bar
        self._console = console
        self._quiet = quiet
        self._costs_s: collections.deque[float] = collections.deque(maxlen=WINDOW)
        self._errors: collections.deque[float] = collections.deque(maxlen=WINDOW)
        self._regret = "–"

    def interaction(self, row: HistoryRow, wall_s: float) -> None:
        """Move the bar."""
        self._costs_s.append(row.cost_s)
        if math.isfinite(row.model_error):
            self._errors.append(row.model_error)
        figures = f"cost {MS_PER_S * _mean(self._costs_s):.0f} ms · regret {self._regret}"
        if self._errors:
            figures += f" · model error {PERCENT * math.expm1(_mean(self._errors)):.0f} %"
        self._bar.note(figures)
        self._bar.reach(row.interaction)

    def evaluation(self, row: EvaluationRow) -> None:
        """Show the regret from now on."""
        self._regret = f"{PERCENT * (row.ratio - 1.0):+.1f} %"
        if self._quiet or self._console.is_terminal:
            return
        self._console.print(
            f"interaction {row.interaction}: greedy policy {MS_PER_S * row.cost_s:.1f} ms, "
            f"{self._regret} above the best known, accuracy {row.accuracy_percent:.2f} %, "
            f"threshold missed in {PERCENT * row.violated:.0f} % of the states",
            highlight=False,
            soft_wrap=True,
        )


class TensorBoardMonitor:
    """Writes events; figures after a resume replace those that an interrupted run left behind."""

    def __init__(self, events: EventFiles) -> None:
        self._events = events

    def interaction(self, row: HistoryRow, wall_s: float) -> None:
        """Scalars of one interaction."""
        scalars = {
            "train/cost_s": row.cost_s,
            "train/accuracy_percent": row.accuracy_percent,
            "train/timeouts": row.timeouts,
            "train/predicted_s": row.predicted_s,
            "train/wall_s": wall_s,
            "model/error": row.model_error,
            "model/validation_loss": row.validation_loss,
            "model/stale": float(row.stale),
        }
        for name, value in scalars.items():
            if math.isfinite(value):
                self._events.add_scalar(name, value, row.interaction)

    def evaluation(self, row: EvaluationRow) -> None:
        """Scalars of one evaluation."""
        scalars = {
            "evaluation/cost_s": row.cost_s,
            "evaluation/ratio_to_oracle": row.ratio,
            "evaluation/regret_s": row.cost_s - row.oracle_s,
            "evaluation/accuracy_percent": row.accuracy_percent,
            "evaluation/violated": row.violated,
        }
        for name, value in scalars.items():
            self._events.add_scalar(name, value, row.interaction)


@contextmanager
def tensorboard(folder: Path, done: int, console: Console) -> Iterator[TensorBoardMonitor | None]:
    """Events in the run folder; ``None``, with a message, if TensorBoard is not installed."""
    with event_files(folder, done, console) as events:
        yield None if events is None else TensorBoardMonitor(events)


def _mean(values: collections.deque[float]) -> float:
    return math.fsum(values) / len(values)
