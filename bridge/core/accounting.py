# SPDX-License-Identifier: MIT
"""The reward of an epoch and the ``info`` that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.domain import Domain
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.objective import EpochResult, Objective, copy_of
from tandem.bridge.core.record_array import RecordArray
from tandem.bridge.core.schema import Schema

Observation: TypeAlias = dict[str, NDArray[np.float64]]
Records: TypeAlias = dict[str, NDArray[np.void]]
#: What Gymnasium's ``step`` returns: observation, reward, terminated, truncated, info.
StepResult: TypeAlias = tuple[Observation, float, bool, bool, dict[str, Any]]


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
        """Whether there is neither a reward nor a record, as in benchmarks of the bridge."""
        return self.objective is None and not self.schema.records

    def step_result(
        self,
        observation: Observation,
        records: Records,
        status: int,
        action: Any,
        decision: int,
        previous: Observation,
    ) -> StepResult:
        """Reward and ``info`` of the decision of that index; ``previous``: what was seen at it."""
        reward = 0.0
        if self.objective is not None:
            kind = EpochResult if self.domain is None else self.domain.result_type
            result = kind(decision, action, observation, records, self.schema, previous)
            reward = float(self.objective(result))
        info: dict[str, Any] = {"decision": decision}
        if self.records_in_info:
            info.update(as_record_arrays(records))
        if self.domain is not None:
            info[self.domain.summary_key] = self.domain.decision_summary(records)
        return (
            observation,
            reward,
            status == Status.TERMINATED,
            status == Status.TRUNCATED,
            info,
        )

    def outcome(self, frames: Sequence[Frame], action: Any, previous: Observation) -> Outcome:
        """What the frames after each epoch of a branch say about its action.

        Raises:
            TypeError: the objective cannot be copied.
        """
        branch = replace(self, objective=copy_of(self.objective))
        rewards: list[float] = []
        for frame in frames:
            observation, reward, terminated, truncated, info = branch.step_result(
                frame.observation, frame.records, frame.status, action, frame.decision - 1, previous
            )
            rewards.append(reward)
            previous = observation
        records = as_record_arrays(Frame.joined(frames).records)
        return Outcome(
            observation, sum(rewards), terminated, truncated, records, info, tuple(rewards)
        )


def as_record_arrays(records: Records) -> dict[str, RecordArray]:
    """Record tables as users get them, by name."""
    return {name: rows.view(RecordArray) for name, rows in records.items()}
