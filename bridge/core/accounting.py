# SPDX-License-Identifier: MIT
"""The reward of an epoch and the ``info`` that goes with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.agents import rewards_by_agent
from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.domain import Domain
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.masks import action_mask, forbidden
from tandem.bridge.core.objective import EpochResult, Objective, copy_of
from tandem.bridge.core.record_array import RecordArray
from tandem.bridge.core.schema import Schema

Observation: TypeAlias = dict[str, NDArray[np.float64]]
Records: TypeAlias = dict[str, NDArray[np.void]]
#: What Gymnasium's ``step`` returns: observation, reward, terminated, truncated, info.
StepResult: TypeAlias = tuple[Observation, float, bool, bool, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What an action was chosen from.

    Attributes:
        observation: by block name.
        time_s: ns-3's clock then.
    """

    observation: Observation
    time_s: float

    @classmethod
    def of(cls, frame: Frame) -> Seen:
        """A copy: callers may change the arrays that they get."""
        copies = {name: block.copy() for name, block in frame.observation.items()}
        return cls(copies, frame.time_s)


@dataclass(frozen=True, slots=True)
class Accounting:
    """Turns what a simulator published into what ``step`` returns.

    Attributes:
        schema: of the scenario.
        domain: of the scenario.
        objective: gives the reward; ``None`` rewards nothing.
        records_in_info: whether the record tables go into ``info``.
    """

    schema: Schema
    domain: Domain | None
    objective: Objective[Any] | None
    records_in_info: bool

    @property
    def trivial(self) -> bool:
        """Whether there is neither reward, record nor mask, as in benchmarks of the bridge."""
        return self.objective is None and not self.schema.records and not self.schema.masks

    def step_result(self, frame: Frame, action: Any, seen: Seen | None) -> StepResult:
        """Reward and ``info`` of an action: ``frame`` is after it, ``seen`` was before it."""
        decision = frame.decision - 1
        reward = 0.0
        rewards: dict[str, float] | None = None
        if self.objective is not None:
            kind = EpochResult if self.domain is None else self.domain.result_type
            result = kind(
                decision,
                action,
                frame.observation,
                frame.records,
                self.schema,
                {} if seen is None else seen.observation,
                frame.time_s,
                math.nan if seen is None else frame.time_s - seen.time_s,
            )
            reward, rewards = reward_of(self.objective, result)
        info: dict[str, Any] = {"decision": decision, "clipped": frame.clipped.values}
        if rewards is not None:
            info["rewards"] = rewards
        if self.schema.masks:
            info["action_mask"] = action_mask(self.schema, frame.observation)
            if seen is not None:
                info["forbidden"] = forbidden(self.schema, seen.observation, action)
        if self.records_in_info:
            info.update(as_record_arrays(frame.records))
        if self.domain is not None:
            info[self.domain.summary_key] = self.domain.decision_summary(frame.records)
        return (
            frame.observation,
            reward,
            frame.status == Status.TERMINATED,
            frame.status == Status.TRUNCATED,
            info,
        )

    def outcome(
        self, frames: Sequence[Frame], actions: Sequence[Any], seen: Seen | None
    ) -> Outcome:
        """What the frames after each epoch of a branch say about its actions.

        Raises:
            TypeError: the objective cannot be copied.
        """
        branch = replace(self, objective=copy_of(self.objective))
        played = tuple(actions[: len(frames)])  # it may have ended before
        rewards: list[float] = []
        for frame, action in zip(frames, played, strict=True):
            observation, reward, terminated, truncated, info = branch.step_result(
                frame, action, seen
            )
            rewards.append(reward)
            seen = Seen(observation, frame.time_s)
        records = as_record_arrays(Frame.joined(frames).records)
        return Outcome(
            observation,
            sum(rewards),
            terminated,
            truncated,
            records,
            info,
            tuple(rewards),
            tuple(frame.observation for frame in frames),
            played,
        )


def reward_of(
    objective: Objective[Any], result: EpochResult
) -> tuple[float, dict[str, float] | None]:
    """The reward of an epoch, and each agent's if the objective gives them their own.

    Raises:
        UnfitObjective: an agent has no reward, or a reward is nobody's.
    """
    value = objective(result)
    if isinstance(value, Mapping):
        rewards = rewards_by_agent(result.schema, value)
        return math.fsum(rewards.values()), rewards
    return float(value), None


def as_record_arrays(records: Records) -> dict[str, RecordArray]:
    """Record tables as users get them, by name."""
    return {name: rows.view(RecordArray) for name, rows in records.items()}
