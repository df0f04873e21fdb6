# SPDX-License-Identifier: MIT
"""The hybrid agent: it alternates real decisions with planning in a model that they correct.

Of the model it knows one interface, `PlanningModel`; the settings say which model it is. Where
inference requests are served that is what is known of devices, sites and networks, calibrated
(`tandem.agents.inference.structured`); in any other scenario it is a model of whatever the schema
declares, learned from nothing (`tandem.agents.general.learned`).

After Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning Inference in Multi-user
Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098).
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from tandem.agents.api import Agent, Decision, Lesson, Observation
from tandem.agents.inference.structured import HybridConfig
from tandem.bridge.core.env import TandemEnv

__all__ = ["HybridAgent", "HybridConfig", "ModelSettings", "PlanningModel"]

ExperienceT = TypeVar("ExperienceT")
ExperienceT_contra = TypeVar("ExperienceT_contra", contravariant=True)
WhereT = TypeVar("WhereT")
WhereT_contra = TypeVar("WhereT_contra", contravariant=True)


class PlanningModel(Protocol[ExperienceT_contra]):
    """What can be planned in, and learns from real decisions."""

    @property
    def learns(self) -> bool:
        """Whether decisions may ever change what it plans."""
        ...

    def begin_episode(self) -> None:
        """Forget what held for the last episode only."""
        ...

    def plan(self, observation: Observation) -> Any:
        """The action that is best by what is believed on average; draws and changes nothing."""
        ...

    def propose(self, observation: Observation) -> Decision:
        """An action to learn from, exploration included, and what it predicts."""
        ...

    def learn(self, decision: Decision, experience: ExperienceT_contra, /) -> Lesson:
        """Correct the model by what came of the last proposal."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included.

        Holds what `tandem.agents.checkpoint` can write.
        """
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a model made in the same way."""
        ...


class ModelSettings(Protocol[WhereT_contra, ExperienceT_contra]):
    """Settings of a hybrid agent: they make the model that it plans in."""

    def model_in(
        self, where: WhereT_contra, seed: int, name: str, /
    ) -> PlanningModel[ExperienceT_contra]:
        """The model before the first decision.

        Args:
            where: what it is a model of.
            seed: decides everything that it draws.
            name: of the agent, for messages.
        """
        ...


class HybridAgent(Generic[ExperienceT]):
    """Plans in what it has learned; a `tandem.agents.api.AnyLearner`.

    Args:
        where: what the settings make a model of: for inference the
            `tandem.agents.inference.problem.JointProblem`, else the environment.
        config: settings: `HybridConfig` for inference, else
            `tandem.agents.general.hybrid.HybridConfig`.
        seed: decides everything that is drawn.
        name: for tables; ablations have names of their own.

    Attributes:
        model: what it plans in.
    """

    def __init__(
        self,
        where: WhereT,
        config: ModelSettings[WhereT, ExperienceT],
        seed: int,
        name: str = "hybrid",
    ) -> None:
        self.name = name
        self.config = config
        self.model = config.model_in(where, seed, name)
        self._lessons = 0

    @property
    def learns(self) -> bool:
        """Whether decisions change the model."""
        return self.model.learns

    @property
    def policy_version(self) -> int:
        """Raised whenever what `act` returns may have changed."""
        return self._lessons

    def begin_episode(self, seed: int) -> None:
        """Forget what held for the last episode only."""
        self.model.begin_episode()

    def act(self, observation: Observation) -> Any:
        """The best plan by what is believed on average; draws nothing and changes nothing."""
        return self.model.plan(observation)

    def decide(self, observation: Observation) -> Decision:
        """An action to learn from: a plan, or what is uncertain and could pay."""
        return self.model.propose(observation)

    def learn(self, decision: Decision, experience: ExperienceT) -> Lesson:
        """Correct the model by the outcome of the decision."""
        self._lessons += self.learns
        return self.model.learn(decision, experience)

    def player_in(self, env: TandemEnv) -> Agent:
        """The agent as it is now; it plans in its model, not in an environment."""
        return _Player(self)

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included: enough to resume with equal results."""
        return {"model": self.model.state_dict(), "lessons": self._lessons}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on an agent made in the same way."""
        self.model.load_state_dict(state["model"])
        self._lessons = int(state["lessons"])


class _Player:
    """Plays what the agent believes best, and leaves the episode that it learns in alone."""

    def __init__(self, agent: HybridAgent[Any]) -> None:
        self.name = agent.name
        self._agent = agent

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    def act(self, observation: Observation) -> Any:
        """The best plan."""
        return self._agent.act(observation)
