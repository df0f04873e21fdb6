# SPDX-License-Identifier: MIT
"""The simulated system of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tandem.agents.evaluation.oracle import MAX_PATTERNS
from tandem.agents.inference.cost import NamedThreshold
from tandem.agents.inference.sites import Sites

Threshold = float | NamedThreshold

#: States are taken from decisions 4, 8 and 12 of episodes that an explorer plays. Training episodes
#: are as long, so that they give the same kinds of states.
STRIDE: Final = 4
PER_EPISODE: Final = 3
#: Where a user's request can go in the scenarios here.
CHOICES: Final = len(Sites().labels)
EPISODE_DECISIONS: Final = PER_EPISODE * STRIDE + 1


@dataclass(frozen=True, slots=True, order=True)
class Truth:
    """A scenario as the simulator runs it. What is not set keeps the scenario's default.

    Attributes:
        scenario: its name.
        users: N.
        settings: further arguments, sorted by name.
    """

    scenario: str = "wifi-edge"
    users: int = 3
    settings: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, scenario: str = "wifi-edge", users: int = 3, **settings: object) -> Truth:
        """With arguments as keywords."""
        text = tuple(sorted((name, str(value)) for name, value in settings.items()))
        return cls(scenario, users, text)

    @property
    def name(self) -> str:
        """For files: scenario, users, settings."""
        parts = [self.scenario, f"u{self.users}"]
        parts += [f"{name}={value}" for name, value in self.settings]
        return "-".join(parts)

    @property
    def is_searched(self) -> bool:
        """Whether there are too many network patterns (device, edge, cloud) to run them all."""
        return bool(CHOICES**self.users > MAX_PATTERNS)

    @property
    def arguments(self) -> dict[str, object]:
        """Of the scenario."""
        return {"users": self.users, "epochs": EPISODE_DECISIONS, **dict(self.settings)}


#: The default scenario.
USUAL: Final = Truth()


def threshold_name(threshold: Threshold) -> str:
    """``"85"``, ``"min"``."""
    return threshold if isinstance(threshold, str) else f"{threshold:g}"
