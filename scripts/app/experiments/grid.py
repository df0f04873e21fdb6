# SPDX-License-Identifier: MIT
"""Which runs an experiment is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tandem.scripts.app.experiments.settings import Setting
from tandem.scripts.app.experiments.states import JUDGES, Episode, JudgingStates
from tandem.scripts.app.experiments.truth import EPISODE_DECISIONS, threshold_name
from tandem.scripts.app.experiments.units import Unit

SEEDS: Final = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Run:
    """An agent in a setting, for all seeds.

    Attributes:
        cap: interactions at most; 0: it does not learn.
    """

    setting: Setting
    agent: str
    cap: int


@dataclass(frozen=True)
class Grid:
    """An experiment.

    Attributes:
        runs: what is run.
        seeds: of each.
        states: that judge.
        referenced: whether what learning costs is measured.
        whole: whole episodes that each agent plays in the end.
    """

    runs: tuple[Run, ...]
    seeds: tuple[int, ...] = SEEDS
    states: JudgingStates = JUDGES
    referenced: bool = True
    whole: int = 0

    def units(self) -> list[Unit]:
        """All runs, seed after seed, so that the first part is a smaller experiment by itself."""
        return [
            Unit(
                run.setting,
                run.agent,
                seed,
                run.cap,
                self.states,
                self.referenced and bool(run.cap),
                self.whole,
            )
            for seed in self.seeds
            for run in self.runs
            # Without learning all seeds are alike, unless they draw what the agent is told.
            if run.cap or run.setting.knowledge.is_drawn or seed == self.seeds[0]
        ]

    def episodes(self) -> list[Episode]:
        """Whose states judge; each once."""
        return list(dict.fromkeys(self._episodes()))

    def _episodes(self) -> Iterator[Episode]:
        for run in self.runs:
            for truth in run.setting.truths:
                yield from self.states.episodes(truth, run.setting.threshold)

    def only(self, settings: Sequence[str], agents: Sequence[str]) -> Grid:
        """The part of the grid with these settings and agents; none given: all."""
        runs = tuple(
            run
            for run in self.runs
            if (not settings or run.setting.name in settings)
            and (not agents or run.agent in agents)
        )
        return replace(self, runs=runs)

    def capped(self, caps: dict[str, int]) -> Grid:
        """With other caps for some agents."""
        runs = tuple(replace(run, cap=caps.get(run.agent, run.cap)) for run in self.runs)
        return replace(self, runs=runs)

    @property
    def agents(self) -> list[str]:
        """Each agent once, in the order of the tables."""
        return list(dict.fromkeys(run.agent for run in self.runs))

    @property
    def settings(self) -> list[Setting]:
        """Each setting once."""
        return list({run.setting.name: run.setting for run in self.runs}.values())

    def as_config(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "seeds": list(self.seeds),
            "states": self.states.count,
            "futures": self.states.futures,
            "seeds of the states": self.states.seeds.name,
            "decisions per episode": EPISODE_DECISIONS,
            "whole episodes": self.whole,
            "settings": {
                setting.name: {
                    "about": setting.about,
                    "systems": [truth.name for truth in setting.truths],
                    "threshold": threshold_name(setting.threshold),
                    "agents": {
                        run.agent: run.cap for run in self.runs if run.setting.name == setting.name
                    },
                }
                for setting in self.settings
            },
        }
