# SPDX-License-Identifier: MIT
"""What defines a training run of one of Stable-Baselines3's algorithms."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tandem.agents.baselines.sb3_settings import Sb3Config
from tandem.agents.inference.options import PolicyError
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs import folder as run_folder

#: How the agent is named on the command line: ``sb3:PPO``.
PREFIX: Final = "sb3:"
#: Distinguishes these runs from those of the project's own learners.
KIND: Final = "train-sb3"
#: Evaluations of a run, where nothing else is asked for.
EVALUATIONS: Final = 10
DEFAULT_EPISODES: Final = 5


class Sb3TrainSettings(BaseModel):
    """Written to ``config.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = KIND
    scenario: str
    agent: str
    """`PREFIX` and the name of an algorithm."""
    seed: int = Field(ge=0)
    """Decides the algorithm's draws and the seeds of the training episodes."""
    interactions: int = Field(ge=1)
    """Decisions in total; algorithms that learn in blocks play whole ones."""
    objective: str | None
    """As of ``--objective``; none: the scenario's own."""
    arguments: dict[str, Any]
    """Of the scenario; ``epochs`` is the length of an episode."""
    agent_config: dict[str, Any]
    """`Sb3Config`, defaults included."""
    evaluate_every: int = Field(ge=1)
    """Least interactions between two evaluations."""
    evaluation_episodes: int = Field(ge=1)
    """Episodes that each evaluation plays."""
    evaluation_seed: int = Field(ge=0)
    """Seed of the first of them."""
    checkpoint_every: int = Field(ge=1)
    """Least interactions between two checkpoints."""

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
        TandemError: Stable-Baselines3 is missing.
    """
    if importlib.util.find_spec("stable_baselines3") is None:
        raise TandemError(f"--agent {agent} needs Stable-Baselines3: pip install 'ns3-tandem[sb3]'")
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
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']} ({fault['input']!r})"
            for fault in error.errors()
        )
        raise PolicyError(
            f"settings of an sb3 agent: {faults}; keywords of the algorithm stand under "
            "`algorithm:`"
        ) from None


def is_sb3_run(folder: Path) -> bool:
    """Whether a folder holds a run of this kind."""
    if not run_folder.is_run(folder) or not (folder / run_folder.CONFIG).is_file():
        return False
    return run_folder.read_config(folder).get("kind") == KIND


def load_sb3_settings(folder: Path) -> Sb3TrainSettings:
    """The settings of a run.

    Raises:
        RunFolderError: they cannot be used.
    """
    try:
        return Sb3TrainSettings(**run_folder.read_config(folder))
    except ValidationError as error:
        raise run_folder.RunFolderError(
            f"{folder / run_folder.CONFIG} cannot be used: {error}"
        ) from error
