# SPDX-License-Identifier: MIT
"""Pictures and a table of what `worth_learning.py` measured.

python worth_learning_plot.py ../results/worth-learning/*.json --images ../images \
    --table ../results/worth-learning/README.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("agg")
import matplotlib.pyplot as plt

#: A scenario is worth learning if the best constant action is so much below what is reached.
NEEDED = 0.15
RESAMPLES = 10_000
INTERVAL_PERCENT = (2.5, 97.5)
HEADROOM = 1.15
SIZE_INCHES = (9.0, 3.6)
#: The numbers of PPO are seeds of trainings.
SHOWN_NAMES = {"constant": "best constant", "search": "branch search"}
HEAD = """<!-- SPDX-License-Identifier: MIT -->
# Worth learning

Written by `docs/examples/worth_learning_plot.py` from the JSON files beside it, which
`docs/examples/worth_learning.py` wrote; the tutorials have the commands. Equivalent throughput in
Mbit/s, its ratio to that of the best constant action in the same episodes, and the 95 % interval of
the ratio over episodes (paired bootstrap; with few episodes it says little).

| scenario | policy | episodes | Mbit/s | ratio | 95 % | constant is below by |
|---|---|---|---|---|---|---|
"""


def shown(name: str) -> str:
    """What a policy is called in tables and pictures."""
    return SHOWN_NAMES.get(name, name.replace("ppo", "PPO"))


def log_ratios(results: dict[str, Any], name: str) -> np.ndarray[Any, Any]:
    """Mean reward of a policy above that of the best constant, in each episode that it played."""
    rewards = results["policies"][name]["rewards"]
    return np.array(rewards) - results["policies"]["constant"]["rewards"][: len(rewards)]


def interval(differences: np.ndarray[Any, Any]) -> tuple[float, float]:
    """95 % of the ratio: bootstrap over episodes."""
    drawn = np.random.default_rng(1).choice(differences, (RESAMPLES, len(differences)))
    low, high = np.exp(np.percentile(drawn.mean(axis=1), INTERVAL_PERCENT))
    return float(low), float(high)


def rows(results: dict[str, Any]) -> list[str]:
    """A line of the table for each policy."""
    lines = []
    for name, policy in results["policies"].items():
        low, high = interval(log_ratios(results, name))
        compared = (
            f"{policy['ratio']:.2f} | {low:.2f}–{high:.2f} | {100 - 100 / policy['ratio']:.0f} %"
            if name != "constant"
            else f"1 | | action {results['best_action']}"
        )
        lines.append(
            f"| {results['scenario']} | {shown(name)} | {len(policy['rewards'])} "
            f"| {policy['equivalent_mbps']:.3f} | {compared} |"
        )
    return lines


def draw(results: dict[str, Any], path: Path) -> None:
    """Left: against the best constant action, all episodes. Right: the first one by decisions."""
    figure, (left, right) = plt.subplots(1, 2, figsize=SIZE_INCHES, layout="constrained")
    policies = results["policies"]
    names = [shown(name) for name in policies]
    for place, (name, policy) in enumerate(policies.items()):
        left.bar(place, policy["ratio"], color=f"C{place}", alpha=0.4)
        episodes = np.exp(log_ratios(results, name))
        left.plot(np.full(len(episodes), place), episodes, ".", color=f"C{place}")
    left.axhline(1 / (1 - NEEDED), color="black", linestyle=":", label="worth learning from here")
    left.set_xticks(range(len(names)), names, rotation=20)
    left.set_ylabel("times the best constant")
    left.set_title(f"{results['scenario']}: episodes (dots) and all (bars)", fontsize="medium")
    left.set_ylim(top=HEADROOM * left.get_ylim()[1])  # for the legend
    left.legend(fontsize="small", loc="upper left")
    learned = [name for name in policies if name.startswith("ppo")]
    best = max(learned, key=lambda name: policies[name]["ratio"], default=None)
    for place, (name, policy) in enumerate(policies.items()):
        if name in {"constant", "search", best}:
            line = np.exp(policy["first_episode"])
            right.plot(line, color=f"C{place}", label=names[place], linewidth=1)
    right.set_xlabel("decision of the first judging episode")
    right.set_ylabel("equivalent Mbit/s")
    right.set_title("what each decision was worth", fontsize="medium")
    right.legend(fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+", help="what worth_learning.py --out wrote")
    parser.add_argument("--images", type=Path, help="folder of the pictures")
    parser.add_argument("--table", type=Path, help="Markdown file")
    given = parser.parse_args(arguments)
    measured = [json.loads(path.read_text()) for path in given.results]
    if given.images:
        for results in measured:
            draw(results, given.images / f"worth-{results['scenario']}.png")
    if given.table:
        lines = [line for results in measured for line in rows(results)]
        given.table.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
