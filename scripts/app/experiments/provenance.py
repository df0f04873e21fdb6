# SPDX-License-Identifier: MIT
"""Where figures come from: command, versions, seeds, states, and the optima they refer to."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.provenance import provenance
from tandem.scripts.app.common.markdown import table
from tandem.scripts.app.experiments.grid import Grid
from tandem.scripts.app.experiments.records import (
    PERCENT,
    Result,
    Spread,
    episode_ratios,
    grouped,
)


def facts_of(
    grid: Grid,
    at_once: str,
    wall_s: float,
    states_s: Sequence[float],
    fresh: int,
    results: Sequence[Result],
) -> dict[str, Any]:
    """Where the results come from."""
    truth = grid.settings[0].truth
    with TandemEnv(truth.scenario, truth.arguments) as env:
        origin = provenance(env.schema, grid.as_config())
    import torch

    commits = sorted({str(result["commit"])[:9] for result in results})
    return {
        "command": shlex.join(["tandem", *sys.argv[1:]]),
        "versions": f"tandem {origin['tandem_version']} ({', '.join(commits)}), "
        f"ns-3 {origin['ns3_version']} ({origin['ns3_provider']}), "
        f"Python {origin['python_version']}, PyTorch {torch.__version__}",
        "machine": f"{origin['host']['cpus']} CPUs, {at_once}",
        "wall time": f"{wall_s:.0f} s; {fresh} of {len(results)} runs in it, and "
        f"{sum(states_s):.0f} process seconds for states that were not known",
        "runs": f"{len(results)} in {sum(r['wall_s'] for r in results):.0f} process seconds in all",
        "grid": grid.as_config(),
    }


def how_made(facts: Mapping[str, Any]) -> str:
    """The same as text."""
    out = io.StringIO()
    print("## How this was made\n", file=out)
    for name, value in facts.items():
        if name != "grid":
            print(f"- {name}: {value}", file=out)
    grid = facts["grid"]
    agents: dict[str, set[int]] = {}
    for setting in grid["settings"].values():
        for agent, cap in setting["agents"].items():
            agents.setdefault(agent, set()).add(cap)
    caps = ", ".join(
        f"{agent} {' or '.join(str(cap) for cap in sorted(values))}"
        for agent, values in agents.items()
    )
    print(
        f"""- seeds of the agents: {", ".join(map(str, grid["seeds"]))}
- judged at {grid["states"]} states ({grid["seeds of the states"]} seeds), each in
  {grid["futures"]} futures; 3 states per episode, at its decisions 4, 8 and 12
- agents play in ns-3 itself, in episodes of {grid["decisions per episode"]} decisions
- interactions at most (0: does not learn): {caps}""",
        file=out,
    )
    return out.getvalue()


def episodes_section(results: Sequence[Result], prior: str) -> str:
    """Whole episodes, if any were played."""
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        by_agent = grouped(mine, "agent")
        for (agent,), runs in by_agent.items():
            played = [r["episodes"] for r in runs if r["episodes"]]
            if not played:
                continue
            cost_s = float(np.mean([np.mean(scores["costs_s"]) for scores in played]))
            ratios = episode_ratios(runs, by_agent.get((prior,), []))
            share = Spread.of([PERCENT * (ratio - 1.0) for ratio in ratios])
            rows.append([name, agent, f"{MS_PER_S * cost_s:.1f}", str(share)])
    if not rows:
        return ""
    text = (
        "After its last interaction each agent plays whole episodes of 50 decisions, exploring and "
        "learning on as in use: mean cost, ms, and percent above the prior in the same episodes, "
        "median seed [worst seed].\n"
    )
    heading = ["setting", "agent", "cost", f"above {prior}"]
    return "## Whole episodes\n\n" + text + "\n" + table(heading, rows)


def optima_table(results: Sequence[Result]) -> str:
    """Mean cost of the optima in each setting and system, by how much they know."""
    rows = []
    for (name,), mine in grouped(results, "setting").items():
        for number, optima in enumerate(mine[0]["optima"]):
            system = "" if len(mine[0]["optima"]) == 1 else ("before", "after")[number]
            costs = (optima[f"{kind}_s"] for kind in ("hindsight", "best_on_average", "held_out"))
            figures = ["–" if cost_s is None else f"{MS_PER_S * cost_s:.0f}" for cost_s in costs]
            rows.append([name, system, *figures])
    text = (
        "Mean cost in ms over the states that judge. *Hindsight* knows each future. *Best on "
        "average* is one joint action for all futures, chosen in those that judge it (or the best "
        "that a search found, where nothing else is given). *Held out* is chosen in all futures "
        "but the one that judges it.\n"
    )
    heading = ["setting", "system", "hindsight", "best on average", "held out"]
    return text + "\n" + table(heading, rows)
