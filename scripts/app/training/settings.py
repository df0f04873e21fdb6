# SPDX-License-Identifier: MIT
"""What defines a training run: all that a resume or an evaluation needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tandem.agents.common.errors import PolicyError
from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.evaluation.oracle import MAX_PATTERNS
from tandem.agents.inference.cost import VIOLATION_S, NamedThreshold
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.patterns import PatternSpace
from tandem.bridge.core.documents import DocumentError, read_yaml
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder

#: Evaluation states, where the oracle is exact and where it has to search (which takes longer).
EXACT_STATES: Final = 20
SEARCHED_STATES: Final = 5
#: Neighbouring states of an episode are alike, so a few states come from an episode each.
LEAST_EPISODES: Final = 6
#: Distinguishes training runs from those of ``tandem run``.
KIND: Final = "train"


class TrainSettings(BaseModel):
    """Written to ``config.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = KIND
    scenario: str
    agent: str
    seed: int = Field(ge=0)
    """Decides the agent's draws and the seeds of the training episodes."""
    interactions: int = Field(ge=1)
    """Interactions in total."""
    accuracy_threshold: float | NamedThreshold = 85.0
    """On mean top-5 accuracy: percent, ``min`` or ``max``."""
    violation_s: float = VIOLATION_S
    """Least cost of an epoch below the threshold, seconds."""
    arguments: dict[str, Any]
    """Of the scenario; ``epochs`` is the length of a training episode."""
    agent_config: dict[str, Any]
    """Settings of the agent, defaults included."""
    evaluate_every: int = Field(ge=1)
    """Interactions between two evaluations."""
    evaluation_states: int | None = Field(ge=1)
    """States at which the greedy policy is compared with the oracle; none given: as many as are
    affordable (`with_states`)."""
    evaluation_seed: int = Field(ge=0)
    """Seed of the first episode that evaluation states are drawn from."""
    checkpoint_every: int = Field(ge=1)
    """Interactions between two checkpoints."""

    @property
    def objective(self) -> PaperObjective:
        """The reward."""
        return PaperObjective(self.accuracy_threshold, self.violation_s)

    @property
    def draw(self) -> StateDraw:
        """Which states are evaluated."""
        return state_draw(self.evaluation_states or EXACT_STATES, self.evaluation_seed)

    def with_states(self, schema: Schema) -> TrainSettings:
        """These settings with a number of evaluation states that suits the scenario."""
        if self.evaluation_states is not None:
            return self
        space = PatternSpace.merged(OptionTable.from_meta(schema.meta))
        exact = space.count(int(schema.meta["users"])) <= MAX_PATTERNS
        states = EXACT_STATES if exact else SEARCHED_STATES
        return self.model_copy(update={"evaluation_states": states})

    def as_config(self) -> dict[str, Any]:
        """Plain values for ``config.yaml``."""
        return self.model_dump()


def state_draw(count: int, first_seed: int) -> StateDraw:
    """States for an evaluation, from several episodes even if they are few."""
    usual = StateDraw()
    per_episode = max(1, min(usual.per_episode, count // LEAST_EPISODES))
    return StateDraw(count=count, first_seed=first_seed, per_episode=per_episode)


def read_agent_config(path: Path) -> dict[str, Any]:
    """An agent's settings from a YAML file.

    Raises:
        PolicyError: not a file of ``key: value`` lines.
    """
    try:
        content = read_yaml(path)
    except (OSError, DocumentError) as error:
        raise PolicyError(f"--config {path} cannot be read: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise PolicyError(f"--config {path} holds no settings: write lines such as `warmup: 8`")
    return content


def load_settings(folder: Path) -> TrainSettings:
    """The settings of a training run.

    Raises:
        RunFolderError: no run folder, or not of a training run.
    """
    path = folder / run_folder.CONFIG
    if not run_folder.is_run(folder) or not path.is_file():
        raise run_folder.RunFolderError(
            f"{folder} is not a run folder (no {run_folder.METADATA} of format "
            f"{run_folder.FORMAT!r}): train one with `tandem train --out {folder}`"
        )
    content = run_folder.read_config(folder)
    if content.get("kind") != KIND:
        raise run_folder.RunFolderError(
            f"{folder} was not written by `tandem train`: there is no agent to resume"
        )
    try:
        return TrainSettings(**content)
    except ValidationError as error:
        raise run_folder.RunFolderError(f"{path} cannot be used: {error}") from error
