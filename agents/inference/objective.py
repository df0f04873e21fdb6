# SPDX-License-Identifier: MIT
"""Rewards of scenarios whose users issue inference requests.

They are callables of an `InferenceResult`, and so may yours be::

    env = TandemEnv("wifi-edge", {"users": 5}, objective=PaperObjective(85.0))
    env = TandemEnv("wifi-edge", {"users": 5}, objective=lambda result: -result.cost.timeouts)

Two rules hold for every objective here:

* A request that timed out delivered no answer, so it counts with its time-out as response time
  and with an accuracy of 0 %.
* An epoch in which no request finished (possible with ``--arrivals=poisson|trace``) has reward 0.
  Nothing is lost by that: a request is charged once, with its whole response time, in the epoch
  in which it finishes or times out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference import request_table
from tandem.agents.inference.request_table import RequestStatus
from tandem.bridge.core.objective import EpochResult, Meta, Objective
from tandem.bridge.core.schema import Schema

NamedThreshold: TypeAlias = Literal["min", "max"]

#: Thresholds of the paper's experiments on mean top-5 accuracy (recalled, see `PaperObjective`).
PAPER_THRESHOLDS: Final[tuple[NamedThreshold | float, ...]] = ("min", 80.0, 85.0, 89.0, "max")
#: The mean of equal accuracies may miss their value by rounding; a threshold must forgive that.
ACCURACY_TOLERANCE_PERCENT: Final = 1e-9
FULL_PERCENT: Final = 100.0
#: Least cost of an epoch below the accuracy threshold, seconds: above what any sensible joint
#: action takes in the scenarios here, so that fast and useless answers never pay.
VIOLATION_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class EpochCost:
    """What one epoch's finished requests cost, over all users.

    All means are 0 when ``finished`` is 0.
    """

    finished: int
    timeouts: int
    mean_response_time_s: float
    max_response_time_s: float
    mean_accuracy_percent: float

    @classmethod
    def of(cls, requests: NDArray[np.void]) -> EpochCost:
        """Sum up ``requests``, a structured array with the columns of `request_table`."""
        finished = len(requests)
        if finished == 0:
            return cls(0, 0, 0.0, 0.0, 0.0)
        response_s = requests["response_time_s"]
        answered = requests["status"] == RequestStatus.OK
        return cls(
            finished=finished,
            timeouts=finished - int(np.count_nonzero(answered)),
            mean_response_time_s=float(response_s.sum()) / finished,
            max_response_time_s=float(response_s.max()),
            mean_accuracy_percent=float((requests["accuracy_top5_percent"] * answered).sum())
            / finished,
        )

    def as_dict(self) -> dict[str, float | int]:
        """The fields as a plain dictionary (what ``info["cost"]`` carries)."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class InferenceResult(EpochResult):
    """What an objective of inference requests may look at after one decision."""

    @property
    def requests(self) -> NDArray[np.void]:
        """One row per request that finished or timed out in the epoch."""
        return self.records[request_table.TABLE]

    @property
    def users(self) -> int:
        """Number of users; 0 when the scenario does not say."""
        return int(self.meta.get("users", 0))

    @functools.cached_property
    def cost(self) -> EpochCost:
        """Summary of `requests`; computed once, on first use."""
        return EpochCost.of(self.requests)


class _ReadsRequests:
    """An objective that needs the columns of `request_table`."""

    __slots__ = ()

    def check_schema(self, schema: Schema) -> None:
        """Refuse a scenario without inference requests.

        Raises:
            ValueError: names the columns that are missing.
        """
        missing = request_table.missing_columns(schema.record_columns(request_table.TABLE))
        if missing:
            raise ValueError(
                f"{type(self).__name__} reads the record table {request_table.TABLE!r}, which "
                f"lacks {', '.join(missing)} in scenario {schema.scenario!r}: pass your own "
                "callable"
            )


@dataclass(frozen=True, slots=True)
class MeanResponseTime(_ReadsRequests):
    """Reward = -mean response time (s) of the epoch's finished requests; accuracy is ignored."""

    def __call__(self, result: InferenceResult, /) -> float:
        return -result.cost.mean_response_time_s


@dataclass(frozen=True, slots=True)
class PaperObjective(_ReadsRequests):
    """The paper's reward, in seconds.

    -mean response time when the mean top-5 accuracy of the epoch reaches the threshold, else
    -max response time. Both the form and the thresholds of the experiments (`PAPER_THRESHOLDS`)
    are recalled: they could not be checked against the paper's own text. Taken alone, the longest
    response time of the epoch would reward everybody's smallest and least accurate variant, so
    below the threshold an epoch costs at least ``violation_s``.

    Attributes:
        accuracy_threshold_percent: a number in [0, 100]; ``"min"`` accepts every variant of the
            scenario's option table, ``"max"`` demands the most accurate one from every user.
        violation_s: least cost of an epoch below the threshold, seconds, ≥ 0; infinity forbids
            such epochs, 0 charges their longest response time only.
    """

    accuracy_threshold_percent: float | NamedThreshold = 85.0
    violation_s: float = VIOLATION_S

    def __post_init__(self) -> None:
        threshold = self.accuracy_threshold_percent
        if isinstance(threshold, str):
            if threshold not in ("min", "max"):
                raise ValueError(
                    f"accuracy threshold {threshold!r} is unknown: give a number of percent, "
                    '"min" or "max"'
                )
        elif not 0.0 <= threshold <= FULL_PERCENT:
            raise ValueError(
                f"accuracy threshold {threshold} is outside [0, 100] percent of top-5 accuracy"
            )
        if not self.violation_s >= 0.0:
            raise ValueError(
                f"violation_s is {self.violation_s}: a cost in seconds, at least 0, is needed"
            )

    def __call__(self, result: InferenceResult, /) -> float:
        cost = result.cost
        if cost.finished == 0:
            return 0.0
        threshold = self.threshold_percent(result.meta)
        if cost.mean_accuracy_percent >= threshold - ACCURACY_TOLERANCE_PERCENT:
            return -cost.mean_response_time_s
        return -max(cost.max_response_time_s, self.violation_s)

    def threshold_percent(self, meta: Meta) -> float:
        """The threshold as a number, given the scenario's option table."""
        threshold = self.accuracy_threshold_percent
        if not isinstance(threshold, str):
            return threshold
        if threshold == "min":
            return 0.0
        return max(option_accuracies(meta))


def option_accuracies(meta: Meta) -> list[float]:
    """Top-5 accuracy (percent) of each option of the scenario.

    Raises:
        ValueError: the scenario publishes no option table.
    """
    options: Sequence[Mapping[str, Any]] = meta.get("options") or ()
    if not options:
        raise ValueError(
            "this scenario publishes no options in its meta, so an accuracy threshold cannot be "
            "derived from them: give the threshold as a number"
        )
    return [float(option["top5_percent"]) for option in options]


OBJECTIVES: Final[Mapping[str, Objective[InferenceResult]]] = {
    "paper": PaperObjective(),
    "mean": MeanResponseTime(),
}
