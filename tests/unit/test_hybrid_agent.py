# SPDX-License-Identifier: MIT
"""The hybrid agent plans in any model of its interface; which one, its settings say."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
from agent_worlds import make_problem

from tandem.agents.api import Decision, Learner, Lesson, Observation
from tandem.agents.common.settings import Settings, Share
from tandem.agents.general.api import Step
from tandem.agents.general.kinds import KINDS
from tandem.agents.hybrid import HybridAgent, HybridConfig
from tandem.agents.inference.structured import StructuredModel
from tandem.agents.registry import LEARNERS

ARMS = (0.2, 0.9, 0.5)


class Means:
    """Mean rewards of arms; an untried arm is tried first."""

    learns = True

    def __init__(self, arms: int, seed: int, random_share: float) -> None:
        self.begun = 0
        self._sums = np.zeros(arms)
        self._tried = np.zeros(arms)
        self._random_share = random_share
        self._rng = np.random.default_rng(seed)

    def begin_episode(self) -> None:
        self.begun += 1

    def plan(self, observation: Observation) -> Any:
        return int(np.argmax(self._sums / np.maximum(self._tried, 1)))

    def propose(self, observation: Observation) -> Decision:
        if self._rng.random() < self._random_share:
            return Decision(int(self._rng.integers(len(self._sums))), "random")
        return Decision(self.plan(observation), "plan")

    def learn(self, decision: Decision, step: Step) -> Lesson:
        self._sums[decision.action] += step.reward
        self._tried[decision.action] += 1
        return Lesson(figures={"tried": float(self._tried.sum())})

    def state_dict(self) -> dict[str, Any]:
        return {"sums": self._sums.copy(), "tried": self._tried.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._sums, self._tried = np.array(state["sums"]), np.array(state["tried"])


class MeansConfig(Settings):
    random_share: Share = 0.5

    def model_in(self, arms: int, seed: int, name: str) -> Means:
        return Means(arms, seed, self.random_share)


def test_it_plans_in_a_model_of_ones_own() -> None:
    agent = HybridAgent(len(ARMS), MeansConfig(), seed=1, name="mine")
    agent.begin_episode(5)
    assert agent.model.begun == 1
    sources = set()
    for number in range(60):
        decision = agent.decide({})
        sources.add(decision.source)
        reward = ARMS[decision.action]
        lesson = agent.learn(decision, Step({}, decision.action, reward, {}, False))
        assert lesson.figures == {"tried": number + 1.0}
        assert agent.policy_version == number + 1
    assert sources == {"plan", "random"}
    assert agent.act({}) == 1
    other = HybridAgent(len(ARMS), MeansConfig(), seed=2)
    assert other.act({}) == 0
    other.load_state_dict(agent.state_dict())
    assert other.act({}) == 1
    assert other.policy_version == agent.policy_version


def test_a_player_leaves_the_episode_that_the_agent_learns_in_alone() -> None:
    agent = HybridAgent(len(ARMS), MeansConfig(), seed=1)
    agent.begin_episode(5)
    player = agent.player_in(None)  # type: ignore[arg-type]
    player.begin_episode(6)
    assert player.act({}) == agent.act({})
    assert player.name == agent.name
    assert agent.model.begun == 1


def test_inference_and_every_other_scenario_have_the_same_agent() -> None:
    problem = make_problem(2)
    agent = HybridAgent(problem, HybridConfig(), seed=0)
    assert isinstance(agent, Learner)
    assert isinstance(agent.model, StructuredModel)
    for kind in (LEARNERS["hybrid"], KINDS["hybrid"]):
        made: Any = kind.make
        assert made.__origin__ is HybridAgent


def test_planning_for_inference_needs_no_pytorch() -> None:
    """Nor does the table of the agents of any scenario, until one of them is made."""
    code = (
        "import sys; import tandem.agents.hybrid, tandem.agents.registry; "
        "import tandem.agents.general.kinds; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
