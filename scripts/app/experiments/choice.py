# SPDX-License-Identifier: MIT
"""The experiments and what options make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tandem.scripts.app.common.arguments import parse_assignments
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.objective import accuracy_threshold
from tandem.scripts.app.experiments import knowledge_report, paper, paper_report, wrong_knowledge
from tandem.scripts.app.experiments.curves import write_curves
from tandem.scripts.app.experiments.grid import Grid
from tandem.scripts.app.experiments.records import Result
from tandem.scripts.app.experiments.settings import Setting
from tandem.scripts.app.experiments.states import JudgingStates
from tandem.scripts.app.experiments.truth import Threshold
from tandem.scripts.app.experiments.units import agent_names

#: Interactions at most of an agent that is not in the grid by itself.
ADDED_CAP: Final = 150


@dataclass(frozen=True)
class Choice:
    """What the command line asks for.

    Attributes:
        quick: few of everything.
        users, conditions, thresholds: of the grid of the paper; none given: all.
        settings: of the suite; none given: all.
        agents: none given: all of the grid.
        seeds: how many; ``None``: the grid's.
        states, futures: that judge; ``None``: the grid's.
        caps: ``AGENT=N``.
        tuning: judge at the states for tuning.
        referenced: measure what learning costs.
        whole: whole episodes that each agent plays in the end.
    """

    quick: bool = False
    users: Sequence[int] = ()
    conditions: Sequence[str] = ()
    thresholds: Sequence[str] = ()
    settings: Sequence[str] = ()
    agents: Sequence[str] = ()
    seeds: int | None = None
    states: int | None = None
    futures: int | None = None
    caps: Sequence[str] = ()
    tuning: bool = False
    referenced: bool = True
    whole: int = 0

    def grid(self, grid: Grid) -> Grid:
        """A grid with what holds for every experiment changed.

        Raises:
            OptionError: nothing is left to run; unknown agents; caps that are no numbers; one
                future.
        """
        if self.futures is not None and self.futures < 2:  # noqa: PLR2004
            raise OptionError(
                f"--futures {self.futures}: some futures choose and another one judges, so give "
                "2 or more"
            )
        for agent in self.agents:
            if agent not in agent_names():
                raise OptionError(
                    f"--agent {agent!r} is unknown: one of {', '.join(agent_names())}"
                )
        grid = grid.capped(_caps(self.caps, grid.agents)).only(self.settings, self.agents)
        if not grid.runs:
            raise OptionError("these options leave nothing to run: name fewer of them")
        states: JudgingStates = replace(grid.states, tuning=self.tuning)
        if self.states is not None:
            states = replace(states, count=self.states)
        if self.futures is not None:
            states = replace(states, futures=self.futures)
        seeds = grid.seeds if self.seeds is None else tuple(range(1, self.seeds + 1))
        return replace(
            grid, seeds=seeds, states=states, referenced=self.referenced, whole=self.whole
        )


def wrong_knowledge_grid(choice: Choice) -> Grid:
    """The suite of wrong knowledge.

    Raises:
        OptionError: an option of the other experiment, or an unknown setting.
    """
    _refuse("wrong-knowledge", users=choice.users, condition=choice.conditions)
    _refuse("wrong-knowledge", threshold=choice.thresholds)
    for name in choice.settings:
        if name not in wrong_knowledge.SETTINGS:
            raise OptionError(
                f"--setting {name!r} is unknown: one of {', '.join(wrong_knowledge.SETTINGS)}"
            )
    agents = dict(wrong_knowledge.AGENTS)
    agents.update((name, True) for name in choice.agents if name not in agents)
    agents = {name: learns for name, learns in agents.items() if name in agent_names()}
    if choice.quick:
        return wrong_knowledge.quick_grid(agents)
    return wrong_knowledge.wrong_knowledge_grid(agents)


def paper_grid(choice: Choice) -> Grid:
    """The grid of the paper.

    Raises:
        OptionError: an option of the other experiment, an unknown condition, a bad threshold.
    """
    _refuse("paper", setting=choice.settings)
    for condition in choice.conditions:
        if condition not in paper.CONDITIONS:
            raise OptionError(
                f"--condition {condition!r} is unknown: one of {', '.join(paper.CONDITIONS)}"
            )
    thresholds: list[Threshold] = [
        accuracy_threshold(text, "--threshold") for text in choice.thresholds
    ]
    rows = dict(paper.ROWS)
    rows.update((name, paper.Row(ADDED_CAP)) for name in choice.agents if name not in rows)
    rows = {name: row for name, row in rows.items() if name in agent_names()}
    limits: dict[str, Any] = {"users": tuple(choice.users)} if choice.users else {}
    if choice.quick:
        rows = paper.quick_rows(choice.agents)
        limits = {"users": (paper.SMALLEST,), "conditions": ("A",), **limits}
    if choice.conditions:
        limits["conditions"] = tuple(dict.fromkeys(choice.conditions))
    grid = paper.paper_grid(rows, thresholds=tuple(dict.fromkeys(thresholds)), **limits)
    return paper.few(grid) if choice.quick else grid


@dataclass(frozen=True)
class Experiment:
    """An experiment that can be reproduced.

    Attributes:
        grid: what options make of it.
        markdown: its report, of results and facts.
        figures: names of its figures with the settings of each.
    """

    grid: Callable[[Choice], Grid]
    markdown: Callable[[Sequence[Result], Mapping[str, Any]], str]
    figures: Callable[[Sequence[Setting]], Mapping[str, Sequence[str]]]

    def write_curves(self, grid: Grid, results: Sequence[Result], folder: Path) -> None:
        """Its figures as files."""
        write_curves(results, self.figures(grid.settings), folder)


EXPERIMENTS: Final[Mapping[str, Experiment]] = {
    "paper": Experiment(paper_grid, paper_report.markdown, paper.figures),
    "wrong-knowledge": Experiment(
        wrong_knowledge_grid, knowledge_report.markdown, wrong_knowledge.figures
    ),
}


def _refuse(experiment: str, **options: Sequence[object]) -> None:
    for name, given in options.items():
        if given:
            raise OptionError(f"--{name} does nothing in the experiment {experiment}: leave it out")


def _caps(given: Sequence[str], agents: Sequence[str]) -> dict[str, int]:
    caps = {}
    for agent, cap in parse_assignments(given).items():
        if agent not in agents or not str(cap).isdigit() or int(str(cap)) < 1:
            raise OptionError(f"--cap {agent}={cap}: an agent of {', '.join(agents)}, a number ≥ 1")
        caps[agent] = int(str(cap))
    return caps
