# SPDX-License-Identifier: MIT
"""What defines a training run on any scenario, judged by the returns of whole episodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tandem.bridge.runs import folder as run_folder

#: Evaluations of a run, where nothing else is asked for.
EVALUATIONS: Final = 10
DEFAULT_EPISODES: Final = 5


class ReturnSettings(BaseModel):
    """Written to ``config.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """Distinguishes runs of one kind of agent from others."""
    scenario: str
    agent: str
    seed: int = Field(ge=0)
    """Decides the agent's draws and the seeds of the training episodes."""
    interactions: int = Field(ge=1)
    """Decisions in total, those of branches included."""
    objective: str | None
    """As of ``--objective``; none: the scenario's own."""
    arguments: dict[str, Any]
    """Of the scenario; ``epochs`` is the length of an episode."""
    agent_config: dict[str, Any]
    """Settings of the agent, defaults included."""
    evaluate_every: int = Field(ge=1)
    """Least interactions between two evaluations."""
    evaluation_episodes: int = Field(ge=1)
    """Episodes that each evaluation plays."""
    evaluation_seed: int = Field(ge=0)
    """Seed of the first of them."""
    checkpoint_every: int = Field(ge=1)
    """Least interactions between two checkpoints."""


class GeneralSettings(ReturnSettings):
    """A run of one of `tandem.agents.general.kinds`."""

    kind: str = "train-general"


SettingsT = TypeVar("SettingsT", bound=ReturnSettings)


def kind_of(folder: Path) -> str | None:
    """The kind of a run's settings; ``None`` where a folder holds no run."""
    if not run_folder.is_run(folder) or not (folder / run_folder.CONFIG).is_file():
        return None
    kind = run_folder.read_config(folder).get("kind")
    return None if kind is None else str(kind)


def has_settings(folder: Path, kind: type[ReturnSettings]) -> bool:
    """Whether a folder holds a run with settings of that class."""
    return kind_of(folder) == str(kind.model_fields["kind"].default)


def read_settings(folder: Path, kind: type[SettingsT]) -> SettingsT:
    """The settings of a run.

    Raises:
        RunFolderError: they cannot be used.
    """
    try:
        return kind(**run_folder.read_config(folder))
    except ValidationError as error:
        raise run_folder.RunFolderError(
            f"{folder / run_folder.CONFIG} cannot be used: {error}"
        ) from error
