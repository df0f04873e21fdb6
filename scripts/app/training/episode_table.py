# SPDX-License-Identifier: MIT
"""The table of players in whole episodes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from tandem.agents.common.units import MS_PER_S

if TYPE_CHECKING:
    from tandem.agents.evaluation.episodes import Ratio
    from tandem.scripts.app.training.whole_episodes import EpisodeComparison

PERCENT: Final = 100.0
HEADINGS: Final = (
    "player",
    "cost per decision (ms)",
    "above oracle (%)",
    "95 % interval",
    "accuracy (%)",
    "below threshold (% of decisions)",
    "time-outs",
)
NOTE: Final = (
    "Oracle played on: at each decision the joint action that is best on average over futures "
    "other than the one that comes; it plans one decision, so a policy may cost less. Best fixed: "
    "chosen at the states of the other episodes. Learning on: exploring, and learning from each "
    "decision. Interval: episodes resampled in pairs."
)
NO_ORACLE: Final = (
    "With so many users neither the oracle nor the best fixed joint action is within reach."
)


def print_episodes(console: Console, title: str, result: EpisodeComparison) -> None:
    """Print the table, and what its lines mean."""
    first = next(iter(result.lines.values()))
    console.print(
        f"{title}, after {result.interactions} interactions; {len(first.seeds)} episodes of "
        f"{first.decisions.max()} decisions, mean top-5 accuracy ≥ {result.threshold_percent:g} %"
    )
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    oracle = result.oracle
    for name, scores in result.lines.items():
        above, interval = "", ""
        if oracle is not None and scores is not oracle:
            ratio = scores.ratio_to(oracle)
            above, interval = f"{_percent(ratio.value)}", _interval(ratio)
        table.add_row(
            name,
            f"{MS_PER_S * scores.cost_s:.1f}",
            above,
            interval,
            f"{scores.accuracy_percent.mean():.2f}",
            f"{PERCENT * scores.violated.mean():.0f}",
            str(int(scores.timeouts.sum())),
        )
    console.print(table)
    console.print(NO_ORACLE if oracle is None else NOTE)


def _percent(ratio: float) -> str:
    return f"{PERCENT * (ratio - 1.0):+.1f}"


def _interval(ratio: Ratio) -> str:
    if math.isnan(ratio.low):
        return "one episode"
    return f"{_percent(ratio.low)} … {_percent(ratio.high)}"
