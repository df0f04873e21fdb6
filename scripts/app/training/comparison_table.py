# SPDX-License-Identifier: MIT
"""The table of a comparison of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from tandem.agents.common.units import MS_PER_S

if TYPE_CHECKING:
    from tandem.scripts.app.training.comparison import Comparison


PERCENT: Final = 100.0


HINDSIGHT: Final = (
    "Oracle: the packet-level optimum of each state, with knowledge of the coming random draws."
)


HELD_OUT: Final = (
    "Oracle, held out: for each future of a state, the joint action that is best in its other "
    "futures. Best on average: chosen in the futures that judge it, so it gains from their luck."
)


HEADINGS: Final = (
    "policy",
    "response (ms)",
    "accuracy (%)",
    "cost (ms)",
    "regret (ms)",
    "regret (%)",
    "below threshold (% of states)",
    "interactions",
)


def print_comparison(console: Console, result: Comparison) -> None:
    """Print the table of a comparison, and what its last lines mean."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    best_s = result.best_s
    for line in result.lines:
        table.add_row(
            line.policy,
            f"{MS_PER_S * line.response_s:.1f}",
            f"{line.accuracy_percent:.2f}",
            f"{MS_PER_S * line.cost_s:.1f}",
            f"{MS_PER_S * (line.cost_s - best_s):+.1f}",
            f"{PERCENT * (line.cost_s / best_s - 1.0):+.1f}",
            f"{PERCENT * line.violated:.0f}",
            "" if line.interactions is None else str(line.interactions),
        )
    console.print(table)
    if result.exact:
        console.print(
            f"{HELD_OUT if result.futures else HINDSIGHT} Best fixed: one joint "
            "action for all states, chosen in hindsight for these same ones."
        )
    else:
        console.print(
            f"Best found: by search in branches, no optimum; no joint action costs less than "
            f"{MS_PER_S * result.lower_bound_s:.1f} ms on average (a loose bound). The best fixed "
            "joint action is not known with so many users."
        )
