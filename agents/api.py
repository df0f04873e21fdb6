# SPDX-License-Identifier: MIT
"""The interfaces of agents and learners, and the data that they exchange.

An `Agent` maps an observation to an action. An `AnyLearner` is an agent that learns; the training
loop (`tandem.agents.training.loop`) needs nothing else of it::

    decision = learner.decide(observation)
    feedback = world.step(decision.action)           # one interaction, or more with branches
    experience = world.experience(observation, decision, feedback)
    lesson = learner.learn(decision, experience)

What an experience holds depends on the learner: a `Learner` of inference scenarios gets a
`Transition` with the response times of all users, a learner of any scenario
(`tandem.agents.general.api`) the reward alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

#: Observation blocks by name, as `TandemEnv` returns them.
Observation: TypeAlias = Mapping[str, NDArray[np.float64]]
#: One option index per user, shape ``[users]``.
JointAction: TypeAlias = NDArray[np.int32]
#: What a learner learns from after a decision.
ExperienceT_contra = TypeVar("ExperienceT_contra", contravariant=True)


@dataclass(frozen=True)
class Transition:
    """One decision and its outcome, real or imagined, from which learners learn; N users.

    Attributes:
        observation, next_observation: blocks before and after.
        action: the joint action, ``[N]``.
        components_s: response-time components of each user, seconds, ``[N, C]``.
        answered: whether a request of the user ended in the epoch, ``[N]``.
        upload_bytes: size of each user's request as it was sent, ``[N]``; 0 if it sent none.
        cost_s: negative reward.
        ended: whether the episode terminated (a truncated one could continue).
    """

    observation: Observation
    action: JointAction
    components_s: NDArray[np.float64]
    answered: NDArray[np.bool_]
    upload_bytes: NDArray[np.float64]
    cost_s: float
    next_observation: Observation
    ended: bool

    @property
    def response_s(self) -> NDArray[np.float64]:
        """Response time of each user, seconds, ``[N]``; 0 where nothing ended."""
        return np.asarray(self.components_s.sum(axis=1))


@dataclass(frozen=True)
class Decision:
    """An action and where it came from; N users.

    Attributes:
        action: an element of the scenario's action space; of inference scenarios ``[N]``.
        source: what in the learner chose it, such as ``"explore"``, ``"greedy"`` or
            ``"thompson"``; for histories and tables, not for the training loop.
        predicted_s: mean response time that the learner expects of each user, seconds, ``[N]``;
            None from learners that predict none.
        predicted: reward of this decision that the learner expects; NaN from learners that
            predict none.
        branch_epochs: epochs that branches simulated to find it. Each counts as an interaction.
    """

    action: Any
    source: str
    predicted_s: NDArray[np.float64] | None = None
    predicted: float = float("nan")
    branch_epochs: int = 0

    @property
    def predicted_mean_s(self) -> float:
        """Predicted response time, mean over users, seconds; NaN without a prediction."""
        return float("nan") if self.predicted_s is None else float(self.predicted_s.mean())


@dataclass(frozen=True)
class Lesson:
    """What one interaction taught. Learners without a system model leave the defaults.

    Attributes:
        surprise: mean absolute error of log response times of those who offloaded; NaN if none.
        validation_loss: of the last fit of the model, NaN before the first one.
        stale: whether the model was found stale at this interaction.
        figures: the learner's own numbers by name, for histories of any scenario and pictures; the
            same names in each lesson, NaN where there is no number.
    """

    surprise: float = float("nan")
    validation_loss: float = float("nan")
    stale: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Agent(Protocol):
    """Plays joint actions. Learning agents add methods of their own."""

    @property
    def name(self) -> str:
        """Short name for tables and run folders."""
        ...

    def begin_episode(self, seed: int) -> None:
        """Called after each reset; ``seed`` is the episode's, for agents that draw."""
        ...

    def act(self, observation: Observation) -> JointAction:
        """The joint action to play now, shape ``[users]``."""
        ...


class AnyLearner(Agent, Protocol[ExperienceT_contra]):
    """An `Agent` that learns. Its ``act`` is greedy: it does not explore and changes no state.

    What `decide` draws follows from the seed that the learner was made with and from what it has
    seen, so that equal runs are equal.
    """

    @property
    def policy_version(self) -> int:
        """Raised whenever what `act` returns may have changed; the same in a resumed run.

        Two evaluations at one version judge one policy, so the second says nothing about how long
        the first one's result will last. A learner that never changes stays at 0.
        """
        ...

    def decide(self, observation: Observation) -> Decision:
        """An action to learn from, exploration included."""
        ...

    def learn(self, decision: Decision, experience: ExperienceT_contra, /) -> Lesson:
        """Learn from the outcome of a decision; called once per decision, in order."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included: enough to resume with equal results.

        Holds what `tandem.agents.checkpoint` can write.
        """
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a learner with the same problem and settings."""
        ...


@runtime_checkable
class Learner(AnyLearner[Transition], Protocol):
    """A learner of inference scenarios: it learns from the response times of all users."""
