# SPDX-License-Identifier: MIT
"""The report of ``tandem reproduce paper``, runs that were cut off included."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.agents.evaluation.aggregate import Summary, number_text
from tandem.agents.evaluation.convergence import SUSTAINED, TARGET_RATIO
from tandem.agents.evaluation.criterion import POINTS
from tandem.scripts.app.common.markdown import table
from tandem.scripts.app.experiments.paper import CONDITIONS, HYBRID, JOINT, NO_PHYSICS, NO_PRIOR
from tandem.scripts.app.experiments.provenance import episodes_section, how_made, optima_table
from tandem.scripts.app.experiments.records import (
    BEST_ON_AVERAGE,
    HELD_OUT,
    PERCENT,
    Result,
    excess_percent,
    grouped,
    learning_s,
    needed,
    spread,
)
from tandem.scripts.app.experiments.units import PRIOR

PAPER_RATIO: Final = 166.6
RATIO_DIGITS: Final = 3
#: The first evaluation that learning can have changed.
FIRST_LEARNED: Final = POINTS[1]
#: Interactions that the tables tell about.
TOLD: Final = (0, 20, 50, 150)
CENTRE: Final = "85"
#: What each agent knows before it learns; the others start from nothing.
PHYSICS: Final = (HYBRID, PRIOR, "prior-bandit")

INTRODUCTION: Final = f"""<!-- SPDX-License-Identifier: MIT -->
# Interactions until near the optimum

Interactions are decision epochs that ns-3 simulates for the agent. The first table counts how many
pass until its greedy policy costs at most {TARGET_RATIO} × the held-out optimum, on average over
the states that judge, in {SUSTAINED} evaluations in a row between which the policy could have
changed; the number is that at the first of them. Interquartile mean over runs [bootstrap 95 %
interval]. `> n`: runs that were cut off count in it, with their last evaluation that missed the
target.
**0: knowledge alone**, before any learning, meets the target, and goes on meeting it while it
learns. An agent that does not learn is shown by its excess: nothing there can be sustained.
"""


def markdown(results: Sequence[Result], facts: Mapping[str, Any]) -> str:
    """The report."""
    central = [r for r in results if r["threshold"] == CENTRE] or list(results)
    parts = [
        INTRODUCTION,
        "## Interactions to the target\n",
        _targets(results),
        "## How many times fewer\n",
        _ratios(results),
        f"## Excess, {CENTRE} %\n",
        _excess(central),
        "## Other thresholds\n",
        _thresholds(results),
        "## What learning costs\n",
        _learning(central),
        episodes_section(results, PRIOR),
        "## The optimum\n",
        optima_table(results),
        how_made(facts),
        f"Network conditions: shares of users whose packets take 20 ms more each, "
        f"{', '.join(f'{name} {share:.2g}' for name, share in CONDITIONS.items())}. Thresholds, "
        "conditions and agents of the paper are recalled, not checked against its text.\n",
    ]
    return "\n".join(parts)


def target_text(results: Sequence[Result]) -> str:
    """Interactions to the target, or how far an agent that does not learn is from the optimum."""
    if all(r["fixed"] for r in results):
        figures = [PERCENT * (_last(r)[HELD_OUT] - 1.0) for r in results]
        return f"fixed: {float(np.median(figures)):+.1f} %"
    summary = needed(results)
    if summary.iqm.value == 0.0 and not summary.iqm.censored:
        return "0 (knowledge alone)"
    return f"{summary.iqm} [{summary.low}, {summary.high}]"


def ratio_text(above: Summary, below: Summary) -> str:
    """How many times more interactions one agent took: a bound where a run was cut off."""
    if below.iqm.value == 0.0 and not below.iqm.censored:
        # It needs none; at the first evaluation after that one it was still there.
        least = number_text(above.iqm.value / FIRST_LEARNED, RATIO_DIGITS)
        return f"≥ {least}, counting {FIRST_LEARNED} for knowledge alone"
    if below.iqm.value == 0.0:
        return "–"
    if below.iqm.censored and above.iqm.censored:
        return "both cut off"
    times = above.iqm.value / below.iqm.value
    sign = "> " if above.iqm.censored else "< " if below.iqm.censored else ""
    return f"{sign}{number_text(times, RATIO_DIGITS)}"


def _targets(results: Sequence[Result]) -> str:
    agents = list(dict.fromkeys(r["agent"] for r in results))
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        by_agent = grouped(mine, "agent")
        rows.append(
            [name, *(target_text(by_agent[(a,)]) if (a,) in by_agent else "" for a in agents)]
        )
    return table(["users-condition-threshold", *agents], rows)


def _ratios(results: Sequence[Result]) -> str:
    """Of the joint DQN, in the cells in which both agents were run."""
    rows = []
    for (users,), mine in grouped(results, "users").items():
        for below in (HYBRID, NO_PHYSICS, NO_PRIOR):
            cells = [
                (by[(JOINT,)], by[(below,)])
                for group in grouped(mine, "setting").values()
                if (JOINT,) in (by := grouped(group, "agent")) and (below,) in by
            ]
            if not cells:
                continue
            above = needed([run for joint, _ in cells for run in joint])
            other = needed([run for _, hybrid in cells for run in hybrid])
            share = f"{above.censored} / {above.runs}"
            rows.append(
                [str(users), below, str(above.iqm), share, str(other.iqm), ratio_text(above, other)]
            )
    text = (
        f"`{JOINT}` beside the hybrid agents, over all conditions and seeds in which both were "
        f"run. `{HYBRID}` starts from the analytic prior and `{NO_PHYSICS}` from networks that "
        f"were trained on other scenarios; `{NO_PRIOR}` knows the option table and learns the "
        f"rest, so its row alone says what learning is worth. `{JOINT}` starts from nothing. The "
        f"paper claims up to {PAPER_RATIO} times fewer interactions than model-free RL.\n"
    )
    heading = ["users", "agent", f"{JOINT} needs", "cut off / runs", "the agent needs", "times"]
    return text + "\n" + table(heading, rows)


def _excess(results: Sequence[Result]) -> str:
    text = (
        "Percent above the held-out optimum, then above the best on average, after so many "
        "interactions: median seed [worst seed]. Violated: share of the futures in which the "
        "accuracy threshold was missed, at the last evaluation.\n"
    )
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        for (agent,), runs in grouped(mine, "agent").items():
            figures = [
                str(spread(runs, interactions, over=over))
                for over in (HELD_OUT, BEST_ON_AVERAGE)
                for interactions in TOLD
            ]
            violated = float(np.mean([_last(r)["violated"] for r in runs]))
            whose = f"{agent}" if agent in PHYSICS else f"{agent} (no physics)"
            rows.append([name, whose, *figures, f"{PERCENT * violated:.1f} %"])
    heading = [
        "setting",
        "agent",
        *(f"held out, {n}" for n in TOLD),
        *(f"best on average, {n}" for n in TOLD),
        "violated",
    ]
    return text + "\n" + table(heading, rows)


def _thresholds(results: Sequence[Result]) -> str:
    """Agents that were run at several thresholds, over conditions and seeds."""
    rows = []
    for (users, threshold, agent), runs in grouped(results, "users", "threshold", "agent").items():
        if len({r["threshold"] for r in results if r["agent"] == agent}) == 1:
            continue
        figures = []
        for interactions in TOLD:
            values = [excess_percent(r, interactions) for r in runs]
            known = [value for value in values if not math.isnan(value)]
            figures.append(f"{np.median(known):.1f} [{max(known):.1f}]" if known else "–")
        rows.append([str(users), threshold, agent, *figures])
    text = "Percent above the best on average, over conditions and seeds: median [worst].\n"
    return text + "\n" + table(["users", "threshold", "agent", *map(str, TOLD)], rows)


def _learning(results: Sequence[Result]) -> str:
    text = (
        "What the users pay while the agent learns: cost of the interactions so far less what "
        "the prior alone would have cost at the same states with the same random draws, ms per "
        "interaction, mean over seeds. CPU time of deciding and learning, ms per interaction.\n"
    )
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        for (agent,), runs in grouped(mine, "agent").items():
            if not runs[0]["cap"]:
                continue
            figures = [_per_interaction(runs, interactions) for interactions in TOLD[1:]]
            cpu = float(np.median([r["cpu_ms"] for r in runs]))
            rows.append([name, agent, *figures, f"{cpu:.1f}"])
    heading = ["setting", "agent", *(f"first {n}" for n in TOLD[1:]), "CPU"]
    return text + "\n" + table(heading, rows)


def _per_interaction(runs: Sequence[Result], interactions: int) -> str:
    total_s = float(np.mean(learning_s(runs, interactions)))
    return "–" if math.isnan(total_s) else f"{MS_PER_S * total_s / interactions:.1f}"


def _last(result: Result) -> Mapping[str, Any]:
    row: Mapping[str, Any] = result["evaluations"][-1]
    return row
