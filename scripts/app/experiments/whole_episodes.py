# SPDX-License-Identifier: MIT
"""Whole episodes of experiments: what an agent costs when it lives with what it has done."""

from __future__ import annotations

from typing import Any

from tandem.agents.api import Learner
from tandem.agents.evaluation.episodes import DECISIONS, episode_seeds, play_episodes
from tandem.agents.evaluation.players import LearningPlayer, PolicyPlayer, unchanged
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.knowledge import Believer
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.experiments.settings import Setting


def agent_episodes(setting: Setting, learner: Learner, episodes: int) -> dict[str, Any]:
    """A trained agent in whole episodes of a setting's last system.

    A learner is played as it is used: it explores and goes on learning, then forgets that again.
    """
    with _long(setting) as env, unchanged(learner):
        problem = JointProblem.from_schema(env.schema, setting.objective)
        believer = Believer(learner, setting.knowledge, problem)
        learns = learner.policy_version > 0
        player = LearningPlayer(believer) if learns else PolicyPlayer(believer)
        scores = play_episodes(env, player, episode_seeds(episodes))
    return scores.as_dict()


def _long(setting: Setting) -> TandemEnv:
    truth = setting.truths[-1]
    arguments = {**truth.arguments, "epochs": DECISIONS}
    return TandemEnv(truth.scenario, arguments, objective=setting.objective)
