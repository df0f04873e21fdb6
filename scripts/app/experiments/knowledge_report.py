# SPDX-License-Identifier: MIT
"""The report of ``tandem reproduce wrong-knowledge``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.scripts.app.common.markdown import table
from tandem.scripts.app.experiments.aims import aims_of
from tandem.scripts.app.experiments.provenance import episodes_section, how_made, optima_table
from tandem.scripts.app.experiments.records import (
    PERCENT,
    Result,
    Spread,
    evaluations,
    excess_percent,
    grouped,
    learning_s,
    same_seed,
    spread,
)
from tandem.scripts.app.experiments.settings import CHANGE_AT
from tandem.scripts.app.experiments.units import AFTER_CHANGE, PRIOR, PRIOR_TRUE
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS

BANDIT: Final = "prior-bandit"
#: Interactions that the tables tell about.
TOLD: Final = (0, 10, 20, 50, 100, 150)
#: From here on an agent is not to be worse than the prior that it started from.
SETTLED: Final = 10

INTRODUCTION: Final = """<!-- SPDX-License-Identifier: MIT -->
# When the agent's knowledge is wrong

The simulated system is one thing, what the agent is told about it another. The figures are percent
above the *best on average*: one joint action per state, the best in the very futures that judge.
Median seed [worst seed]; one figure alone: all seeds are alike. `prior` plans exactly with what the
agent is told and learns nothing; `prior-true` is the same for an agent that is told the truth and
sees everything. Greedy policies are judged, at states of episodes that agents never meet.
Violated: share of states and futures in which the accuracy threshold was missed at the last
evaluation, worst seed.
"""


def markdown(results: Sequence[Result], facts: Mapping[str, Any]) -> str:
    """The report."""
    stay = [r for r in results if SETTINGS[r["setting"]].after is None]
    change = [r for r in results if SETTINGS[r["setting"]].after is not None]
    parts = [INTRODUCTION]
    if stay:
        parts += ["## Excess after so many interactions\n", _excess(stay)]
    if change:
        parts += ["## A change in mid-run\n", _changes(change)]
    parts += ["## Worse than the prior it started from\n", _worse(results)]
    parts += ["## What learning costs\n", _learning(results)]
    parts += [_alarms(results)]
    parts += [episodes_section(results, PRIOR)]
    parts += ["## The optimum\n", optima_table(results), how_made(facts)]
    return "\n".join(parts)


def _excess(results: Sequence[Result]) -> str:
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        for (agent,), runs in grouped(mine, "agent").items():
            figures = [str(spread(runs, interactions)) for interactions in TOLD]
            goal = "; ".join(aim.told(runs) for aim in aims_of(agent, name))
            about = SETTINGS[name].about if agent == mine[0]["agent"] else ""
            violated = PERCENT * max(r["evaluations"][-1]["violated"] for r in runs)
            rows.append([name, about, agent, *figures, f"{violated:.0f} %", goal])
    heading = ["setting", "what is wrong", "agent", *map(str, TOLD), "violated", "aim"]
    return table(heading, rows)


def _changes(results: Sequence[Result]) -> str:
    text = (
        f"The system changes after {CHANGE_AT} interactions; nobody tells the agent. The columns "
        "count interactions since then; the first one is before the change. The aim is to be "
        "within 2 points of `prior-true` after 15.\n"
    )
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        for (agent,), runs in grouped(mine, "agent").items():
            before = str(spread(runs, CHANGE_AT))
            after = [str(spread(runs, CHANGE_AT + more, system=1)) for more in AFTER_CHANGE]
            about = SETTINGS[name].about if agent == mine[0]["agent"] else ""
            rows.append([name, about, agent, before, *after])
    heading = ["setting", "change", "agent", "before", *map(str, AFTER_CHANGE)]
    return text + "\n" + table(heading, rows)


def _worse(results: Sequence[Result]) -> str:
    """At any evaluation that counts, over all seeds."""
    text = (
        f"By at most so many points, at any evaluation from interaction {SETTLED} on (after a "
        f"change from {SETTLED} interactions later on), over all seeds. Below 0: always better. "
        "The aim is at most 1.\n"
    )
    agents = [a for a in dict.fromkeys(r["agent"] for r in results) if a not in (PRIOR, PRIOR_TRUE)]
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        by_agent = grouped(mine, "agent")
        priors = by_agent.get((PRIOR,), [])
        figures = [_most_points(by_agent.get((agent,), []), priors) for agent in agents]
        rows.append([name, *(_points(figure) for figure in figures)])
    return text + "\n" + table(["setting", *agents], rows)


def _most_points(runs: Sequence[Result], priors: Sequence[Result]) -> float:
    """The largest difference of excesses, percent points; NaN: nothing to compare."""
    worst = -math.inf
    for run in runs:
        prior = same_seed(priors, run)
        if prior is None:
            return math.nan
        for system in range(len(run["optima"])):
            from_s = SETTLED + CHANGE_AT * system
            for row in evaluations(run, system):
                if row["interactions"] >= from_s:
                    own = excess_percent(run, row["interactions"], system)
                    its = excess_percent(prior, row["interactions"], system)
                    worst = max(worst, own - its)
    return worst if math.isfinite(worst) else math.nan


def _learning(results: Sequence[Result]) -> str:
    text = (
        "Cost of all interactions so far less what `prior-true` would have cost at the same "
        "states with the same random draws, exploration included: ms per interaction, mean over "
        "seeds; and as a share of what `prior-bandit` paid (– where that is not above 0). "
        "CPU time of deciding and learning, ms per interaction.\n"
    )
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        by_agent = grouped(mine, "agent")
        bandit = by_agent.get((BANDIT,), [])
        last = max(r["cap"] for r in mine)
        for (agent,), runs in by_agent.items():
            if not runs[0]["cap"]:
                continue
            paid = [float(np.mean(learning_s(runs, n))) for n in (50, last)]
            other = float(np.mean(learning_s(bandit, last))) if bandit else math.nan
            share = f"{paid[1] / other:.2f}" if other > 0.0 else "–"
            cpu = Spread.of([r["cpu_ms"] for r in runs])
            rows.append(
                [
                    name,
                    agent,
                    _number(MS_PER_S * paid[0] / 50),
                    _number(MS_PER_S * paid[1] / last),
                    share if agent != BANDIT else "",
                    f"{cpu.median:.1f}",
                ]
            )
    heading = ["setting", "agent", "first 50", "all", "times prior-bandit's", "CPU"]
    return text + "\n" + table(heading, rows)


def _alarms(results: Sequence[Result]) -> str:
    """How often agents held a system that had not changed for changed, as far as that was noted."""
    rows = []
    for (agent,), runs in grouped([r for r in results if "alarms" in r], "agent").items():
        for (name,), mine in grouped([r for r in runs if r["cap"]], "setting").items():
            ends = [
                min(r["played"], CHANGE_AT if len(r["optima"]) > 1 else r["played"]) for r in mine
            ]
            false = [
                sum(interaction <= end for interaction in r["alarms"])
                for r, end in zip(mine, ends, strict=True)
            ]
            with_any = sum(count > 0 for count in false)
            rows.append(
                [name, agent, f"{len(mine)} of {max(ends)}", str(with_any), str(sum(false))]
            )
    if not rows:
        return ""
    text = (
        "Interactions at which an agent took the system for changed while it was not (before the "
        "change, where there is one). An agent whose knowledge is wrong may do so once: what it "
        "meets is not what it was told.\n"
    )
    heading = ["setting", "agent", "runs of interactions", "runs with one", "alarms"]
    return "## False alarms\n\n" + text + "\n" + table(heading, rows)


def _points(value: float) -> str:
    return _number(value) if not value > 1.0 else f"**{value:.1f}**"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"
