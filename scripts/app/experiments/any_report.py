# SPDX-License-Identifier: MIT
"""The report of ``tandem reproduce any``."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tandem.agents.evaluation.aggregate import Bounded, number_text, summarise
from tandem.bridge.core.documents import read_json
from tandem.scripts.app.common.markdown import table
from tandem.scripts.app.experiments.any_scenario import AGENTS, SCENARIOS
from tandem.scripts.app.experiments.records import Result, grouped

#: Where ``docs/examples/worth_learning.py`` left what PPO and the best constant reach.
LEVELS: Final = Path("docs/results/worth-learning")
SEARCH: Final = "search"
#: File of the learning curves, beside the tables.
CURVES: Final = "curves.svg"
#: What a search costs.
PER_DECISION: Final = ("per_decision", "s_per_decision")
#: Width of the text.
COLUMNS: Final = 110


@dataclass(frozen=True)
class Levels:
    """What others reach in the same judging episodes: mean reward per decision.

    Attributes:
        constant: the best constant action, with hindsight.
        ppo: each training of PPO.
        decisions: that each of these learned from.
    """

    constant: float
    ppo: tuple[float, ...]
    decisions: int

    @property
    def best(self) -> float:
        """That of the best training."""
        return max(self.ppo)

    @property
    def middle(self) -> float:
        """That of the middle one."""
        return float(np.median(self.ppo))

    @classmethod
    def read(cls, scenario: str, folder: Path = LEVELS) -> Levels | None:
        """From a result of ``worth_learning.py``; ``None`` where there is none."""
        path = folder / f"{scenario}.json"
        if not path.is_file():
            return None
        content = read_json(path)
        count = SCENARIOS[scenario].episodes

        def mean(name: str) -> float:
            return float(np.mean(content["policies"][name]["rewards"][:count]))

        trainings = [name for name in content["policies"] if name.startswith("ppo")]
        steps = int(content["training_decisions"])
        return cls(mean("constant"), tuple(mean(name) for name in trainings), steps)


def learning(results: Sequence[Result]) -> list[Result]:
    """Those of agents that learn."""
    return [result for result in results if result["agent"] != SEARCH]


def by_point(runs: Sequence[Result]) -> dict[int, list[Mapping[str, Any]]]:
    """Evaluations of several runs, by the interactions after which they were made, in order."""
    rows = [row for run in runs for row in run["rows"]]
    points = sorted({int(row["interactions"]) for row in rows})
    return {point: [row for row in rows if row["interactions"] == point] for point in points}


def mean_reward(row: Mapping[str, Any], episodes: int | None = None) -> Bounded:
    """Mean reward per decision of an evaluation, in all or in the first episodes."""
    return Bounded(float(np.mean(row["rewards"][:episodes])))


def reached(result: Result, level: float) -> Bounded:
    """Interactions after which an agent was first judged at that level or above."""
    for row in result["rows"]:
        if np.mean(row["rewards"]) >= level:
            return Bounded(float(row["interactions"]))
    return Bounded(float(result["rows"][-1]["interactions"]), censored=True)


def markdown(results: Sequence[Result], facts: Mapping[str, Any]) -> str:
    """Tables, a place for the curves, and how they were made."""
    out = io.StringIO()
    print("<!-- SPDX-License-Identifier: MIT -->\n# Any scenario\n", file=out)
    text = (
        "Written by `tandem reproduce any`. Mean reward per decision in the judging episodes of "
        "[worth learning](../worth-learning/README.md), interquartile mean over seeds with its "
        "95 % bootstrap interval. A reward is a mean logarithm of Mbit/s: 0.1 more is 11 % more "
        "throughput. *To PPO's best*, *middle*: interactions at the first evaluation in which the "
        "agent was at least as good as the best, the middle one of PPO's trainings; `>`: some seed "
        "that counts never was. "
        "The best constant action is chosen with hindsight in these very episodes. Wall-clock "
        "times are of this machine, with what else it had to do."
    )
    print(textwrap.fill(text, COLUMNS) + "\n", file=out)
    if learning(results):
        print(f"![Learning curves]({CURVES})\n", file=out)
    heading = [
        "agent",
        "seeds",
        "interactions",
        "reward",
        "to PPO's middle",
        "to PPO's best",
        "training, s",
    ]
    for scenario, settings in SCENARIOS.items():
        mine = [result for result in results if result["scenario"] == scenario]
        if not mine:
            continue
        levels = Levels.read(scenario)
        print(f"## {scenario}\n\n{settings.episodes} judging episodes.\n", file=out)
        print(table(heading, [*_known(levels), *_rows(mine, levels)]), file=out)
        for line in _searches(mine, settings.searched):
            print(textwrap.fill(line, COLUMNS) + "\n", file=out)
    print("## How this was made\n", file=out)
    for name, value in facts.items():
        print(f"- {name}: {value}", file=out)
    return out.getvalue()


def csv_text(results: Sequence[Result]) -> str:
    """One line per evaluation."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scenario", "agent", "seed", "interactions", "reward", "training_s"])
    for result in results:
        for row in result["rows"]:
            writer.writerow(
                [
                    *(result[name] for name in ("scenario", "agent", "seed")),
                    row["interactions"],
                    round(float(np.mean(row["rewards"])), 5),
                    row["training_s"],
                ]
            )
    return out.getvalue()


def _known(levels: Levels | None) -> Iterator[list[str]]:
    if levels is None:
        return
    yield ["best constant", "", "", number_text(levels.constant), "", "", ""]
    for number, value in enumerate(levels.ppo, 1):
        name = f"PPO {number} (worth learning)"
        yield [name, "1", str(levels.decisions), number_text(value), "", "", ""]


def _rows(results: Sequence[Result], levels: Levels | None) -> Iterator[list[str]]:
    by_agent = grouped(results, "agent")
    for agent in dict.fromkeys([*AGENTS, *(name for (name,) in by_agent)]):
        runs = [run for run in by_agent.get((agent,), []) if agent != SEARCH]
        if not runs:
            continue
        evaluations = by_point(runs)
        for point, rows in evaluations.items():
            arrived = ["", ""]
            if point == max(evaluations) and levels is not None:
                arrived = [
                    str(summarise([reached(run, level) for run in runs]))
                    for level in (levels.middle, levels.best)
                ]
            took_s = np.mean([row["training_s"] for row in rows])
            yield [
                agent,
                str(len(rows)),
                str(point),
                _rewards(rows),
                *arrived,
                f"{took_s:.0f}",
            ]


def _searches(results: Sequence[Result], episodes: int) -> Iterator[str]:
    """Branch search, without and with a guide, beside the others in the same, fewer, episodes."""
    plain = [run["rows"][0] for run in results if run["agent"] == SEARCH]
    guided = [run["guided"] for run in results if "guided" in run]
    if not plain and not guided:
        return
    where = "episode" if episodes == 1 else f"{episodes} episodes"
    by_agent = grouped(learning(results), "agent")
    beside = [
        f"{agent} {_rewards([run['rows'][-1] for run in runs], episodes)}"
        for (agent,), runs in by_agent.items()
    ]
    if plain:
        yield (
            f"Branch search, without training, has {_rewards(plain, episodes)} in the first "
            f"{where}, by {_cost(plain)}. There the others have in the end: "
            f"{', '.join(beside) or 'nothing yet'}."
        )
    for (agent,), runs in by_agent.items():
        rows = [run["guided"] for run in runs if "guided" in run]
        if rows:
            alone = [run["rows"][-1] for run in runs if "guided" in run]
            yield (
                f"Branch search that {agent} guides, after its last interaction, has "
                f"{_rewards(rows, episodes)} there (trainings: {len(rows)}), by {_cost(rows)}; "
                f"these trainings alone {_rewards(alone, episodes)}."
            )


def _rewards(rows: Sequence[Mapping[str, Any]], episodes: int | None = None) -> str:
    """Mean reward in the first episodes: interquartile mean over runs, and its interval."""
    means = [mean_reward(row, episodes) for row in rows]
    if len(means) == 1:
        return number_text(means[0].value)
    found = summarise(means)
    return f"{found.iqm} [{found.low}, {found.high}]"


def _cost(rows: Sequence[Mapping[str, Any]]) -> str:
    epochs, took_s = (np.mean([row[name] for row in rows]) for name in PER_DECISION)
    return f"{epochs:.0f} epochs of branches and {took_s:.1f} s per decision"
