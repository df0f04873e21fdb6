# SPDX-License-Identifier: MIT
"""Tables of the grid of the paper (Shahhosseini et al., ISQED 2022), cut-off runs included."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tandem.agents.common.units import MS_PER_S
from tandem.agents.evaluation.aggregate import Bounded, Summary, number_text, summarise
from tandem.agents.evaluation.convergence import SUSTAINED, TARGET_RATIO
from tandem.agents.inference.objective import FULL_PERCENT
from tandem.scripts.app.paper.grid import (
    BRANCHING,
    FIRST_EVALUATION,
    HYBRID,
    JOINT,
    PER_EPISODE,
    STRIDE,
    threshold_name,
)

Result = Mapping[str, Any]
GROUP: Final = ("users", "threshold", "condition", "agent")
PAPER_RATIO: Final = 166.6
RATIO_DIGITS: Final = 3


def grouped(
    results: Iterable[Result], by: Sequence[str] = GROUP
) -> dict[tuple[Any, ...], list[Result]]:
    """Results grouped by some of their fields, in order of appearance."""
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for result in results:
        groups.setdefault(tuple(result[name] for name in by), []).append(result)
    return groups


def interactions(results: Sequence[Result]) -> Summary:
    """Interactions to the target over runs."""
    return summarise([Bounded(r["interactions"], bool(r["censored"])) for r in results])


def last_ratio(results: Sequence[Result]) -> float:
    """Mean ratio to the oracle at the runs' last evaluations."""
    return math.fsum(r["evaluations"][-1][1] for r in results) / len(results)


def last_over(optimum: str, results: Sequence[Result]) -> float:
    """Mean ratio to another optimum, ``"hindsight_s"`` say, at the runs' last evaluations."""
    return math.fsum(r["evaluations"][-1][1] * r["oracle_s"] / r[optimum] for r in results) / len(
        results
    )


def ratio_text(above: Summary, below: Summary) -> str:
    """How many times more interactions one agent took: a bound where a run was cut off."""
    if below.iqm.value == 0.0:
        return "–"
    times = above.iqm.value / below.iqm.value
    if below.iqm.censored and above.iqm.censored:
        return "both cut off"
    sign = "> " if above.iqm.censored else "< " if below.iqm.censored else ""
    return f"{sign}{number_text(times, RATIO_DIGITS)}"


def markdown(results: Sequence[Result], facts: Mapping[str, Any]) -> str:
    """The report."""
    out = io.StringIO()
    print(
        f"""<!-- SPDX-License-Identifier: MIT -->
# Interactions until near the optimum

Interactions (real decision epochs) until an agent's greedy policy costs at most {TARGET_RATIO} ×
the packet-level optimum, averaged over evaluation states, in {SUSTAINED} evaluations in a row; the
number is that at the first of these evaluations. Interquartile mean over runs [bootstrap 95 %
interval]; `> n`: runs that were cut off count in it, with their last evaluation that missed the
target, so it is a lower bound. "at the end" is the mean ratio to the optimum at the last
evaluation; "over best on average" and "over hindsight" are ratios to optima that know more than a
policy can (see below). {FIRST_EVALUATION} interactions mean: met at the first evaluation already.
""",
        file=out,
    )
    _headline(out, results)
    _optima(out, results)
    _tables(out, results)
    _provenance(out, facts)
    return out.getvalue()


def _headline(out: io.StringIO, results: Sequence[Result]) -> None:
    """Per users and agent, over the cells in which all agents of the comparison were run."""
    print("## Comparison\n", file=out)
    print(
        f"Over all conditions and seeds, at the thresholds that both agents of a ratio were run "
        f"at. The paper (Shahhosseini et al., ISQED 2022) claims up to {PAPER_RATIO} times "
        "fewer interactions than model-free RL.\n",
        file=out,
    )
    agents = list(dict.fromkeys(r["agent"] for r in results))
    heading = [
        "users",
        "agent",
        "interactions",
        "times hybrid's",
        "at the end",
        "over best on average",
        "over hindsight",
        "cut off / runs",
    ]
    rows = []
    for users in sorted({r["users"] for r in results}):
        mine = [r for r in results if r["users"] == users]
        hybrid = [r for r in mine if r["agent"] == HYBRID]
        for agent in agents:
            theirs = [r for r in mine if r["agent"] == agent]
            if not theirs:
                continue
            shared = {r["threshold"] for r in theirs}
            reference = [r for r in hybrid if r["threshold"] in shared]
            summary = interactions(theirs)
            times = "–"
            if agent != HYBRID and reference:
                times = ratio_text(summary, interactions(reference))
            rows.append(
                [
                    str(users),
                    agent,
                    f"{summary.iqm} [{summary.low}, {summary.high}]",
                    times,
                    f"{last_ratio(theirs):.3f}",
                    f"{last_over('best_on_average_s', theirs):.3f}",
                    f"{last_over('hindsight_s', theirs):.3f}",
                    f"{summary.censored} / {summary.runs}",
                ]
            )
    _table(out, heading, rows)


def _optima(out: io.StringIO, results: Sequence[Result]) -> None:
    """The optimum under each threshold and condition, by how much it is allowed to know."""
    print(
        """
## The optimum

Mean cost in ms over evaluation states. *Hindsight* knows the future. *Best on average* is one joint
action for all futures, chosen in the same futures that judge it. *Held out* is chosen in all
futures but the one that judges it; ratios refer to this optimum unless they name another. The best
joint action over all possible futures costs between the last two.
""",
        file=out,
    )
    rows = []
    for (users, threshold, condition), group in grouped(results, GROUP[:-1]).items():
        one = group[0]
        known = (one["hindsight_s"], one["best_on_average_s"], one["oracle_s"])
        rows.append(
            [
                str(users),
                threshold_name(threshold),
                condition,
                *(f"{MS_PER_S * cost_s:.0f}" for cost_s in known),
                f"{known[-1] / known[0]:.3f}",
            ]
        )
    rows.sort(key=lambda row: (row[0], row[2], _rank(row[1])))
    heading = ["users", "threshold", "condition", "hindsight", "best on average", "held out"]
    _table(out, [*heading, "held out / hindsight"], rows)


def _tables(out: io.StringIO, results: Sequence[Result]) -> None:
    agents = list(dict.fromkeys(r["agent"] for r in results))
    for users in sorted({r["users"] for r in results}):
        print(f"\n## {users} users\n", file=out)
        rows = []
        mine = [r for r in results if r["users"] == users]
        for (threshold, condition), group in grouped(mine, ("threshold", "condition")).items():
            by_agent = grouped(group, ("agent",))
            row = [threshold_name(threshold), condition]
            for agent in agents:
                cell = by_agent.get((agent,))
                row.append(str(interactions(cell).iqm) if cell else "")
            joint, branching, hybrid = (
                by_agent.get((agent,)) for agent in (JOINT, BRANCHING, HYBRID)
            )
            for other in (joint, branching):
                row.append(
                    ratio_text(interactions(other), interactions(hybrid))
                    if other and hybrid
                    else ""
                )
            rows.append(row)
        rows.sort(key=lambda row: (row[1], _rank(row[0])))
        heading = ["threshold", "condition", *agents, f"{JOINT} / hybrid", f"{BRANCHING} / hybrid"]
        _table(out, heading, rows)


def _rank(threshold: str) -> float:
    """Order of the thresholds: ``min`` first, ``max`` last."""
    named = {"min": 0.0, "max": FULL_PERCENT}
    return named[threshold] if threshold in named else float(threshold)


def _provenance(out: io.StringIO, facts: Mapping[str, Any]) -> None:
    print("\n## How this was made\n", file=out)
    for name, value in facts.items():
        if name != "grid":
            print(f"- {name}: {value}", file=out)
    grid = facts["grid"]
    print(f"- seeds: {', '.join(str(seed) for seed in grid['seeds'])}", file=out)
    print(
        f"- evaluation states: {grid['evaluation_states']} per number of users and condition; "
        "weak users per condition (A … D): "
        + "; ".join(f"{name}: {weak}" for name, weak in grid["conditions"].items()),
        file=out,
    )
    futures = grid["futures"]
    optimum = "best joint action in the future that comes, with hindsight"
    if futures:
        optimum = (
            f"each state was measured in {futures} futures; the joint action that is best on "
            f"average over {futures - 1} of them, judged in the one left out"
        )
    print(f"- the optimum: {optimum}", file=out)
    print("- thresholds and caps (interactions) of the agents:", file=out)
    for agent, thresholds in grid["agents"].items():
        where = f", {max(grid['users'])} users only" if agent in grid["largest_only"] else ""
        cap = grid["caps"][agent]
        print(f"  - {agent}: {', '.join(thresholds)}{where}; at most {cap}", file=out)
    replayed = grid["replayed"]
    inside = [agent for agent in grid["agents"] if agent not in replayed]
    print(
        f"\nTrained in ns-3 itself, in episodes of {PER_EPISODE * STRIDE + 1} decisions: "
        f"{', '.join(inside) or 'none'}.",
        file=out,
    )
    if replayed:
        print(
            f"""
Trained on replayed outcomes: {", ".join(replayed)}. Their episodes have one decision, at one of
{grid["training_states"]} states at which ns-3 has run every network pattern: the outcomes
equal the simulator's to the last bit, but nothing carries over between decisions and the same few
states come again and again. So their numbers do not compare directly with the others'; see
docs/training.md.""",
            file=out,
        )
    print(
        """
Thresholds, conditions and agents of the paper are recalled, not checked against its text.""",
        file=out,
    )


def _table(out: io.StringIO, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("| " + " | ".join(heading) + " |", file=out)
    print("|" + "---|" * len(heading), file=out)
    for row in rows:
        print("| " + " | ".join(row) + " |", file=out)
