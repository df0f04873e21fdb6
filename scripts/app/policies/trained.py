# SPDX-License-Identifier: MIT
"""Trained agents of run folders, as they play: greedy, without exploration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tandem.agents.api import Agent
from tandem.agents.common.errors import PolicyError
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.training.return_settings import (
    GeneralSettings,
    has_settings,
    read_settings,
)
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings
from tandem.scripts.app.training.settings import load_settings

if TYPE_CHECKING:
    from tandem.agents.general.api import GeneralLearner, Guide


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a run."""
    return path.is_dir() and run_folder.is_run(path)


def trained_agent(folder: Path, env: TandemEnv) -> Agent:
    """The agent of a training run's last checkpoint.

    Raises:
        RunFolderError: the folder holds no training run, or no checkpoint that can be read.
        PolicyError: the agent does not fit the environment's scenario.
    """
    from tandem.scripts.app.training.checkpoints import last_checkpoint, read_checkpoint

    if has_settings(folder, Sb3TrainSettings):
        from tandem.agents.sb3 import make_sb3
        from tandem.scripts.app.training import sb3_run

        ours = read_settings(folder, Sb3TrainSettings)
        state = read_checkpoint(last_checkpoint(folder), sb3_run.CHECKPOINT_FORMAT)
        agent = make_sb3(env, ours.algorithm, ours.seed, ours.sb3)
        agent.model.set_parameters(state["agent"]["parameters"], exact_match=True)
        return agent
    if has_settings(folder, GeneralSettings):
        return _trained_general(folder, env).player_in(env)
    from tandem.agents.inference.problem import JointProblem
    from tandem.agents.registry import make_agent

    settings = load_settings(folder)
    training = read_checkpoint(last_checkpoint(folder))["training"]
    problem = JointProblem.from_schema(env.schema, settings.objective)
    learner = make_agent(settings.agent, env.schema, problem, settings.seed, settings.agent_config)
    learner.load_state_dict(training["learner"])
    return learner


def general_agent(
    env: TandemEnv, name: str, seed: int, given: Mapping[str, Any] | None = None
) -> GeneralLearner:
    """As `tandem.agents.general.kinds.make_general`; a guide is loaded from its run's folder."""
    from tandem.agents.general.kinds import make_general

    return make_general(env, name, seed, given, _guide)


def _guide(folder: str, env: TandemEnv) -> Guide:
    """The learned model of a training run of ``hybrid``.

    Raises:
        PolicyError: the folder holds no such run, or one on another scenario.
    """
    path = Path(folder)
    if not (is_run(path) and has_settings(path, GeneralSettings)):
        raise PolicyError(
            f"guide: {folder} is no folder of a run in which `tandem train --agent hybrid` learned "
            "from rewards"
        )
    guide: Any = getattr(_trained_general(path, env), "model", None)
    if not (hasattr(guide, "proposals") and hasattr(guide, "worth")):
        agent = read_settings(path, GeneralSettings).agent
        raise PolicyError(f"guide: {folder} trained {agent}, which has no model: train hybrid")
    return cast("Guide", guide)


def _trained_general(folder: Path, env: TandemEnv) -> GeneralLearner:
    """The learner of a run on any scenario, as its last checkpoint left it.

    Raises:
        PolicyError: observations or actions are not as in that run.
    """
    from tandem.scripts.app.training.checkpoints import last_checkpoint, read_checkpoint

    own = read_settings(folder, GeneralSettings)
    training = read_checkpoint(last_checkpoint(folder))["training"]
    general = general_agent(env, own.agent, own.seed, own.agent_config)
    general.load_state_dict(training["learner"])
    return general
