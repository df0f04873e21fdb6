# SPDX-License-Identifier: MIT
"""What defines a training run of one of Stable-Baselines3's algorithms."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from tandem.agents.baselines.sb3_settings import Sb3Config
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.settings import faults_of
from tandem.bridge.core.packages import require
from tandem.scripts.app.training.return_settings import ReturnSettings

#: How the agent is named on the command line: ``sb3:PPO``.
PREFIX: Final = "sb3:"
#: Distinguishes these runs from those of the project's own learners.
KIND: Final = "train-sb3"


class Sb3TrainSettings(ReturnSettings):
    """Written to ``config.yaml``; ``agent`` is `PREFIX` and the name of an algorithm.

    ``agent_config`` is `Sb3Config`. Algorithms that learn in blocks play whole ones.
    """

    kind: str = KIND

    @property
    def algorithm(self) -> str:
        """Name in SB3."""
        return self.agent.removeprefix(PREFIX)

    @property
    def sb3(self) -> Sb3Config:
        """Settings of the algorithm."""
        return sb3_config(self.agent_config)


def is_sb3(agent: str) -> bool:
    """Whether the name of an agent stands for an algorithm of SB3."""
    return agent.startswith(PREFIX)


def sb3_name(agent: str) -> str:
    """The name of an agent as SB3 writes the algorithm's.

    Raises:
        PolicyError: there is no such algorithm.
        MissingPackage: Stable-Baselines3 is not installed.
    """
    require("stable_baselines3", f"--agent {agent}")
    from tandem.agents.sb3 import algorithm_class

    return PREFIX + algorithm_class(agent.removeprefix(PREFIX)).__name__


def sb3_config(given: dict[str, Any]) -> Sb3Config:
    """Settings from what a YAML file holds.

    Raises:
        PolicyError: unknown or impossible settings, by name.
    """
    try:
        return Sb3Config.model_validate(given)
    except ValidationError as error:
        raise PolicyError(
            f"settings of an sb3 agent: {faults_of(error)}; keywords of the algorithm stand under "
            "`algorithm:`"
        ) from None
