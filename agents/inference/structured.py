# SPDX-License-Identifier: MIT
"""What the hybrid agent plans in where requests are served: knowledge that decisions correct.

Every real decision teaches the system model how wrong its knowledge is, and where. The planner
finds the joint action that is best in the model; on request it also counts what response times
teach directly, beyond the model. What is uncertain and could pay gets tried: a draw of what may be
true is planned for, too, and played if it promises enough (Thompson sampling: Russo et al., "A
Tutorial on Thompson Sampling", 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
from tandem.agents.common.blas import one_blas_thread
from tandem.agents.common.settings import NotNegative, Settings, Share
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.direct import DirectConfig, DirectCorrection
from tandem.agents.inference.model.config import ModelConfig, PriorConfig
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.planning.view import ResponseView
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.system_model import SystemModel


class HybridConfig(Settings):
    """Model, planner, and when to explore."""

    learn: bool = True
    """Learn from experience; without it the agent is its knowledge alone."""
    explore_share: Share = 0.7
    """Share of decisions in which a draw of what may be true is planned for."""
    probe_share: Share = 0.3
    """Share of these draws in which options that nobody has tried look as fast as they may be."""
    optimism: NotNegative = 1.5
    """How fast that is: faster than on average by this many standard deviations."""
    worth: NotNegative = 0.02
    """A drawn plan is played if it saves at least this share of the cost, should the draw be
    true."""

    direct: DirectConfig = DirectConfig()
    prior: PriorConfig = PriorConfig()
    model: ModelConfig = ModelConfig()
    planner: PlannerConfig = PlannerConfig()

    def model_in(self, problem: JointProblem, seed: int, name: str) -> StructuredModel:
        """The model, as it is before the first decision."""
        return StructuredModel(problem, self, seed)


class StructuredModel:
    """See the module; a `tandem.agents.hybrid.PlanningModel`.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides everything that is drawn.

    Attributes:
        system: predicts response times.
        direct: what response times teach beyond it.
        planner: finds joint actions.
    """

    def __init__(self, problem: JointProblem, config: HybridConfig, seed: int) -> None:
        self.problem = problem
        self.config = config
        self.system = SystemModel(problem, config.model, config.prior)
        self.direct = DirectCorrection(problem, config.direct)
        self.planner = Planner(problem, config.planner)
        self._rng = np.random.default_rng(seed)
        self._last_action: JointAction | None = None

    @property
    def learns(self) -> bool:
        """Whether decisions correct it."""
        return self.config.learn

    def begin_episode(self) -> None:
        """Forget what held for the last episode only."""
        self.system.begin_episode()

    @one_blas_thread
    def plan(self, observation: Observation) -> JointAction:
        """The best plan by what is believed on average, at a state of any episode."""
        return self._plan(self.direct.view(self.system.elsewhere(observation)))

    @one_blas_thread
    def propose(self, observation: Observation) -> Decision:
        """A joint action to learn from."""
        view = self.system.view(observation)
        greedy = self._plan(self.direct.view(view))
        source, action = "plan", greedy
        if self.config.learn and self._rng.random() < self.config.explore_share:
            source, action = self._explore(observation, greedy)
        self._last_action = action
        return Decision(action, source, view.components_s(action).sum(axis=1))

    @one_blas_thread
    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Learn from the outcome of a decision."""
        surprise = self._surprise(decision, transition)
        if not self.config.learn:
            return Lesson(surprise)
        if decision.predicted_s is not None:
            ended = transition.answered
            self.direct.learn(
                transition.action[ended], decision.predicted_s[ended], transition.response_s[ended]
            )
        return Lesson(surprise, stale=self.system.learn(transition))

    def _explore(self, observation: Observation, greedy: JointAction) -> tuple[str, JointAction]:
        """The best plan by a draw of what may be true, if it would save enough."""
        config = self.config
        probes = self._rng.random() < config.probe_share
        drawn = self.direct.view(
            self.system.draw(observation, self._rng, config.optimism if probes else 0.0)
        )
        action = self._plan(drawn)
        usual_s = self.planner.cost_s(drawn, greedy)
        if usual_s - self.planner.cost_s(drawn, action) <= config.worth * usual_s:
            return "plan", greedy
        return ("probe" if probes else "thompson"), action

    def _plan(self, view: ResponseView) -> JointAction:
        hints = None if self._last_action is None else self._last_action[None]
        return self.planner.plan(view, hints).action

    def _surprise(self, decision: Decision, transition: Transition) -> float:
        """Mean absolute error of log response times of those who offloaded; NaN if none did."""
        offloaded = np.isin(transition.action, self.problem.network_options) & transition.answered
        if decision.predicted_s is None or not offloaded.any():
            return float("nan")
        ratio = transition.response_s[offloaded] / decision.predicted_s[offloaded]
        return float(np.abs(np.log(ratio)).mean())

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        last = self._last_action
        return {
            "system": self.system.state_dict(),
            "direct": self.direct.state_dict(),
            "rng": self._rng.bit_generator.state,
            "last_action": None if last is None else last.copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a model of the same problem and settings."""
        self.system.load_state_dict(state["system"])
        self.direct.load_state_dict(state["direct"])
        self._rng.bit_generator.state = state["rng"]
        last = state["last_action"]
        self._last_action = None if last is None else np.array(last, dtype=np.int32)
