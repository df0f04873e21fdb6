# SPDX-License-Identifier: MIT
"""Trained agents of run folders, as they play: greedy, without exploration."""

from __future__ import annotations

from pathlib import Path

from tandem.agents.api import Agent
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.training.general_agents import trained_general
from tandem.scripts.app.training.return_settings import (
    GeneralSettings,
    has_settings,
    read_settings,
)
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings
from tandem.scripts.app.training.settings import load_settings


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
        return trained_general(folder, env).player_in(env)
    from tandem.agents.inference.problem import JointProblem
    from tandem.agents.registry import make_agent

    settings = load_settings(folder)
    training = read_checkpoint(last_checkpoint(folder))["training"]
    problem = JointProblem.from_schema(env.schema, settings.objective)
    learner = make_agent(settings.agent, env.schema, problem, settings.seed, settings.agent_config)
    learner.load_state_dict(training["learner"])
    return learner
