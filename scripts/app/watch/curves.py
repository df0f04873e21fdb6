# SPDX-License-Identifier: MIT
"""The curves of the live page: rewards so far, and what a training wrote at its last checkpoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.common.finite import finite
from tandem.scripts.app.figures import style
from tandem.scripts.app.figures.figure import Figure, draw
from tandem.scripts.app.figures.general import training
from tandem.scripts.app.figures.learning import WINDOW, learning_curve

#: Points of the curve of rewards.
MOST_POINTS: Final = 1000
#: Learning curves of the kinds of trainings; the first that a run has data for is shown.
_LEARNING: Final = (
    Figure("learning", "Learning", "", learning_curve),
    Figure("training", "Training", "", training),
)


def rewards(values: Sequence[float]) -> dict[str, Any]:
    """Smoothed reward over the decisions of a run, thinned.

    Returns:
        ``x``: decision of the run, from 0; ``y``: mean of the last `WINDOW` up to it.
    """
    smooth = pd.Series(values, dtype=float).rolling(WINDOW, min_periods=1).mean()
    step = style.thin(smooth, MOST_POINTS)
    return {
        "x": smooth.index[step].tolist(),
        "y": finite(smooth[step].tolist()),
        "window": WINDOW,
        "every": max(1, math.ceil(len(smooth) / MOST_POINTS)),
    }


def learning(run: Run) -> str | None:
    """The learning curve of a training as Plotly's JSON; none before its first checkpoint."""
    for figure in _LEARNING:
        drawn, _ = draw([figure], [run])
        if figure.key in drawn and len(drawn[figure.key].data):
            text: str = drawn[figure.key].to_json()
            return text
    return None
