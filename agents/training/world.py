# SPDX-License-Identifier: MIT
"""Where a learner's decisions are played: the simulator, or outcomes that it measured before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Decision, Lesson, Observation, Transition
from tandem.agents.general.api import Step
from tandem.agents.inference.components import read_answers
from tandem.agents.inference.objective import EpochCost
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import TABLE
from tandem.agents.training.history import DecisionRow, HistoryRow, Place, Row
from tandem.bridge.core.env import TandemEnv

#: What a learner learns from, and what a history notes.
ExperienceT_co = TypeVar("ExperienceT_co", covariant=True)
RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)


@dataclass(frozen=True)
class Feedback:
    """What the world gives back after one decision.

    Attributes:
        observation: after the epoch, by block name.
        reward: of the epoch; its negative is the cost in seconds.
        terminated: the episode is over.
        truncated: the episode was cut off before its end.
        records: record tables of the epoch by name; ``requests`` is one of them.
    """

    observation: Observation
    reward: float
    terminated: bool
    truncated: bool
    records: Mapping[str, NDArray[np.void]]

    @property
    def requests(self) -> NDArray[np.void]:
        """One row per request that ended in the epoch, or was open at the end of the episode."""
        return self.records[TABLE]

    @property
    def over(self) -> bool:
        """Whether the next decision needs a reset."""
        return self.terminated or self.truncated


class AnyWorld(Protocol[ExperienceT_co, RowT_co]):
    """Episodes of decision epochs that are reproducible from their seeds, as one kind of learner
    sees them."""

    def reset(self, seed: int) -> Observation:
        """Start the episode of that seed; equal seeds start equal episodes."""
        ...

    def step(self, action: Any) -> Feedback:
        """Play one decision epoch."""
        ...

    def experience(
        self, observation: Observation, decision: Decision, feedback: Feedback
    ) -> ExperienceT_co:
        """What the learner learns from after a decision at ``observation``."""
        ...

    def row(self, place: Place, decision: Decision, feedback: Feedback, lesson: Lesson) -> RowT_co:
        """What the history notes of a decision."""
        ...

    def row_of(self, values: Mapping[str, Any]) -> RowT_co:
        """A row of an earlier history, from its values by name."""
        ...


class World(AnyWorld[Transition, HistoryRow], Protocol):
    """A world of inference requests."""

    @property
    def problem(self) -> JointProblem:
        """The decision problem."""
        ...


class RequestWorld:
    """What all worlds of inference requests share: lessons and histories come from requests."""

    def experience(
        self, observation: Observation, decision: Decision, feedback: Feedback
    ) -> Transition:
        """The response times of all users."""
        answers = read_answers(decision.action, feedback.requests)
        return Transition(
            observation=observation,
            action=decision.action,
            components_s=answers.components_s,
            answered=answers.answered,
            upload_bytes=answers.upload_bytes,
            cost_s=-feedback.reward,
            next_observation=feedback.observation,
            ended=feedback.terminated,
        )

    def row(
        self, place: Place, decision: Decision, feedback: Feedback, lesson: Lesson
    ) -> HistoryRow:
        """Cost, accuracy, time-outs, and what the model said."""
        cost = EpochCost.of(feedback.requests)
        return HistoryRow(
            interaction=place.interaction,
            episode=place.episode,
            source=decision.source,
            cost_s=-feedback.reward,
            accuracy_percent=cost.mean_accuracy_percent,
            timeouts=cost.timeouts,
            predicted_s=decision.predicted_mean_s,
            model_error=lesson.surprise,
            validation_loss=lesson.validation_loss,
            stale=lesson.stale,
        )

    def row_of(self, values: Mapping[str, Any]) -> HistoryRow:
        """As `HistoryRow.of`."""
        return HistoryRow.of(values)


class SimulatedWorld:
    """What all worlds share that are the simulator itself, as an environment runs it.

    Attributes:
        env: the environment.
    """

    def __init__(self, env: TandemEnv) -> None:
        self.env = env
        self._tables = tuple(table.name for table in env.schema.records)

    def reset(self, seed: int) -> Observation:
        """Fork the episode of that seed from the warmed-up simulator."""
        return self.env.reset(seed=seed)[0]

    def step(self, action: Any) -> Feedback:
        """Let ns-3 run one epoch."""
        return played(self.env, action, self._tables)


class EnvWorld(SimulatedWorld, RequestWorld):
    """The simulator as learners of inference scenarios see it: requests.

    Raises:
        PolicyError: the environment does not fit (see `joint_problem`).
    """

    def __init__(self, env: TandemEnv) -> None:
        super().__init__(env)
        self._problem = joint_problem(env)

    @property
    def problem(self) -> JointProblem:
        """The problem that the environment's objective poses."""
        return self._problem


class RewardLessons:
    """What all worlds of rewards share: nothing is learned from but observations and rewards."""

    def experience(self, observation: Observation, decision: Decision, feedback: Feedback) -> Step:
        """The reward, and what followed."""
        return Step(
            observation,
            decision.action,
            feedback.reward,
            feedback.observation,
            feedback.terminated,
        )

    def row(
        self, place: Place, decision: Decision, feedback: Feedback, lesson: Lesson
    ) -> DecisionRow:
        """The reward, what was expected, what it took to choose, and the learner's figures."""
        return DecisionRow(
            interaction=place.interaction,
            episode=place.episode,
            source=decision.source,
            reward=feedback.reward,
            predicted=decision.predicted,
            branch_epochs=decision.branch_epochs,
            figures={name: float(value) for name, value in lesson.figures.items()},
        )

    def row_of(self, values: Mapping[str, Any]) -> DecisionRow:
        """As `DecisionRow.of`."""
        return DecisionRow.of(values)


class RewardWorld(SimulatedWorld, RewardLessons):
    """The simulator as learners of any scenario see it: observations and rewards.

    Args:
        env: with an objective.
    """


def played(env: TandemEnv, action: Any, tables: Sequence[str]) -> Feedback:
    """One epoch of ns-3, with the record tables of these names."""
    observation, reward, terminated, truncated, info = env.step(action)
    records = {name: info[name] for name in tables}
    return Feedback(observation, float(reward), bool(terminated), bool(truncated), records)


def joint_problem(env: TandemEnv) -> JointProblem:
    """The problem that an environment poses.

    Raises:
        PolicyError: its objective has no cost rule, or it serves no inference requests.
    """
    return JointProblem.from_schema(env.schema, env.objective)
