# SPDX-License-Identifier: MIT
"""The table of a calibration."""

from __future__ import annotations

import math
from typing import Final

from rich.console import Console
from rich.table import Table

from tandem.agents.common.units import MS_PER_S
from tandem.scripts.app.training.calibration import (
    FIXED_TARGET_PERCENT,
    GREEDY_TARGET_PERCENT,
    PolicyExcess,
    ScenarioWorth,
)

HEADINGS: Final = (
    "policy",
    "mean cost (ms)",
    "excess (%)",
    "95 % (%)",
    "below threshold (% of states)",
    "joint action",
)
#: What the figures mean, by whether optima are known.
_NOTES: Final = {
    True: "Excess: mean cost above the oracle's mean cost, with the bootstrap 95 % interval over "
    "states. Best fixed is chosen in hindsight for these same states, so its true excess is "
    "larger; held out is chosen in the other episodes, so its excess is a little too large.",
    False: "Excess: mean cost above that of the best joint action found at each state, with the "
    "bootstrap 95 % interval over states. Best fixed was searched for in hindsight at these same "
    "states, with as many branches at each. Neither search proves that nothing is better.",
}


def print_calibration(console: Console, result: ScenarioWorth) -> None:
    """Print one table and its verdict."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    for line in result.lines:
        table.add_row(*_cells(line))
    console.print(table)
    verdict = "[green]worth learning[/]" if result.is_worth_learning else "[red]too easy[/]"
    reference = "the oracle" if result.exact else "the best found"
    console.print(
        f"{verdict}: best fixed ≥ {FIXED_TARGET_PERCENT:g} % and greedy ≥ "
        f"{GREEDY_TARGET_PERCENT:g} % above {reference} are asked for; "
        f"{result.distinct_optima} distinct joint actions are best somewhere\n"
    )
    console.print(_NOTES[result.exact])


def _cells(line: PolicyExcess) -> tuple[str, ...]:
    """The cells under `HEADINGS`."""
    violated = f"{line.violated_percent:.0f}"
    action = " ".join(str(option) for option in line.action or ())
    if not math.isfinite(line.cost_s):
        return (line.policy, "forbidden", "", "", violated, action)
    return (
        line.policy,
        f"{line.cost_s * MS_PER_S:.1f}",
        f"{line.excess_percent:+.1f}",
        f"{line.low_percent:+.1f} … {line.high_percent:+.1f}",
        violated,
        action,
    )
