# SPDX-License-Identifier: MIT
"""Rewards of scenarios whose users issue inference requests.

An objective is any callable of an `InferenceResult`, your own included::

    env = TandemEnv("wifi-edge", {"users": 5}, objective=PaperObjective(85.0))
    env = TandemEnv("wifi-edge", {"users": 5}, objective=lambda result: -result.cost.timeouts)

Three rules hold for every objective here:

* A request that timed out delivered no answer, so it counts with its time-out as response time
  and with an accuracy of 0 %.
* An epoch in which no request finished (possible with ``--arrivals=poisson|trace``) has reward 0.
  No cost is lost: a request is charged once, with its whole response time, in the epoch in which it
  finishes or times out.
* A request that is open when the episode ends is charged in the last epoch if it has been open for
  longer than the requests that ended in this epoch took on average
  (`tandem.agents.inference.request_table.counted`): with the time that it has been open and the
  accuracy of its variant. So the end of an episode hides no slow request, and a request that has
  just arrived does not make the epoch look fast.

Your own objective finds the requests that ended in ``result.requests`` and those open at the end of
the episode in ``result.open_requests``. ``result.records["requests"]`` holds both; the column
``status`` tells them apart.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference import request_table
from tandem.agents.inference.cost import (
    VIOLATION_S,
    CostRule,
    NamedThreshold,
    PaperCost,
    PercentileCost,
    threshold_of,
)
from tandem.agents.inference.request_table import (
    ENERGY_COLUMNS,
    RequestStatus,
    answer_accuracy,
    counted,
    ended,
)
from tandem.bridge.core.errors import UnfitObjective
from tandem.bridge.core.objective import EpochResult, Meta, Objective
from tandem.bridge.core.schema import Schema

#: Thresholds on mean top-5 accuracy in the paper (recalled, see `PaperObjective`).
PAPER_THRESHOLDS: Final[tuple[NamedThreshold | float, ...]] = ("min", 80.0, 85.0, 89.0, "max")
FULL_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class EpochCost:
    """What one epoch's requests cost, over all users.

    The means and the maximum are of the requests that
    `tandem.agents.inference.request_table.counted` names: those that ended, and after the last
    epoch of an episode the slow ones of those still open. They are 0 if there are none.

    Attributes:
        finished: requests that ended.
        timeouts: those of them that timed out.
        mean_response_time_s: mean response time.
        max_response_time_s: longest response time.
        mean_accuracy_percent: mean top-5 accuracy; 0 for a time-out.
        open: requests that were open when the episode ended.
    """

    finished: int
    timeouts: int
    mean_response_time_s: float
    max_response_time_s: float
    mean_accuracy_percent: float
    open: int = 0

    @classmethod
    def of(cls, requests: NDArray[np.void]) -> EpochCost:
        """Sum up ``requests``, a structured array with the columns of `request_table`."""
        still_open = int(np.count_nonzero(requests["status"] == RequestStatus.OPEN))
        finished = len(requests) - still_open
        charged = requests[counted(requests)]
        if len(charged) == 0:
            return cls(finished, 0, 0.0, 0.0, 0.0, still_open)
        response_s = charged["response_time_s"]
        return cls(
            finished=finished,
            timeouts=int(np.count_nonzero(requests["status"] == RequestStatus.TIMEOUT)),
            mean_response_time_s=float(response_s.mean()),
            max_response_time_s=float(response_s.max()),
            mean_accuracy_percent=float(answer_accuracy(charged).mean()),
            open=still_open,
        )

    def as_dict(self) -> dict[str, float | int]:
        """The fields as a plain dictionary (what ``info["cost"]`` carries)."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class InferenceResult(EpochResult):
    """What an objective of inference requests may look at after one decision."""

    @functools.cached_property
    def requests(self) -> NDArray[np.void]:
        """One row per request that finished or timed out in the epoch."""
        rows = self.records[request_table.TABLE]
        return rows[ended(rows)]

    @functools.cached_property
    def open_requests(self) -> NDArray[np.void]:
        """One row per request that is open at the end of the episode.

        Empty before. Its times are those up to now: lower bounds.
        """
        rows = self.records[request_table.TABLE]
        return rows[~ended(rows)]

    @functools.cached_property
    def charged(self) -> NDArray[np.void]:
        """The rows that count (`tandem.agents.inference.request_table.counted`)."""
        rows = self.records[request_table.TABLE]
        return rows[counted(rows)]

    @property
    def users(self) -> int:
        """Number of users; 0 when the scenario does not say."""
        return int(self.meta.get("users", 0))

    @functools.cached_property
    def cost(self) -> EpochCost:
        """Summary of `requests` and `open_requests`; computed once, on first use."""
        return EpochCost.of(self.records[request_table.TABLE])


def accuracies_of(requests: NDArray[np.void]) -> NDArray[np.float64]:
    """`tandem.agents.inference.request_table.answer_accuracy`, for structured arrays."""
    return answer_accuracy(requests)


def check_requests(schema: Schema, objective: object) -> None:
    """Refuse a scenario whose requests an objective cannot read.

    Raises:
        UnfitObjective: names the objective and the columns that are missing.
    """
    name = type(objective).__name__
    columns = schema.record_columns(request_table.TABLE)
    if columns is None:
        raise UnfitObjective(
            f"{name} reads the record table {request_table.TABLE!r}, and "
            f"scenario {schema.scenario!r} has none: pass your own callable, or choose a "
            "scenario with requests, such as wifi-edge, lte-edge or hetnet"
        )
    missing = request_table.missing_columns(columns)
    if missing:
        raise UnfitObjective(
            f"{name} reads the record table {request_table.TABLE!r}, which "
            f"lacks {', '.join(missing)} in scenario {schema.scenario!r}: pass your own "
            "callable"
        )


class CostObjective(ABC):
    """An objective whose reward is the negative cost of the epoch's requests.

    The cost of a joint action then follows from its response times, so the oracle and the agents
    that plan can minimise it. Derive from it and define `cost_rule`.
    """

    __slots__ = ()

    @abstractmethod
    def cost_rule(self, meta: Meta, /) -> CostRule:
        """What an epoch costs in a scenario with that ``meta``."""

    def __call__(self, result: InferenceResult, /) -> float:
        charged = result.charged
        if len(charged) == 0:
            return 0.0
        rule = self.cost_rule(result.meta)
        return -float(rule.cost_s(charged["response_time_s"], answer_accuracy(charged)))

    def check_schema(self, schema: Schema) -> None:
        """Refuse a scenario without inference requests.

        Raises:
            UnfitObjective: names the columns that are missing.
        """
        check_requests(schema, self)


@dataclass(frozen=True, slots=True)
class MeanResponseTime(CostObjective):
    """Reward = -mean response time (s) of the epoch's finished requests; accuracy is ignored."""

    def cost_rule(self, meta: Meta, /) -> CostRule:
        return PaperCost(0.0)


@dataclass(frozen=True, slots=True)
class PaperObjective(CostObjective):
    """The reward of the paper, in seconds.

    The paper is Shahhosseini, Hu, Seo, Kanduri, Donyanavard, Rahmani and Dutt, "Hybrid Learning for
    Orchestrating Deep Learning Inference in Multi-user Edge-cloud Networks", ISQED 2022 (arXiv
    2202.11098).

    The reward is -mean response time when the mean top-5 accuracy of the epoch reaches the
    threshold, else -max response time. Recalled, not checked against the paper's text: this form of
    the reward, and the thresholds of the experiments (`PAPER_THRESHOLDS`).

    ``violation_s`` is this project's addition. The longest response time alone would reward the
    smallest and least accurate variant for all users, so below the threshold an epoch costs at
    least ``violation_s``.

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

    def cost_rule(self, meta: Meta, /) -> CostRule:
        return PaperCost(self.threshold_percent(meta), self.violation_s)

    def threshold_percent(self, meta: Meta) -> float:
        """The threshold as a number, given the scenario's option table."""
        threshold = self.accuracy_threshold_percent
        return threshold_of(threshold, option_accuracies(meta) if threshold == "max" else ())


@dataclass(frozen=True, slots=True)
class TimeEnergyObjective:
    """The reward of the paper with energy: each request costs its response time and what it drew.

    The scenario has to watch energy (``--set energy=1``). The device's part counts if
    ``deviceDraw`` says what it draws. The models of planning agents know response times only, so
    they refuse this objective; other agents learn it, and the oracle measures it.

    Attributes:
        seconds_per_joule: what a joule of the user's radio and device counts, seconds, ≥ 0.
        accuracy_threshold_percent: as for `PaperObjective`.
        violation_s: as for `PaperObjective`.
    """

    seconds_per_joule: float = 1.0
    accuracy_threshold_percent: float | NamedThreshold = 85.0
    violation_s: float = VIOLATION_S

    def __post_init__(self) -> None:
        if not 0.0 <= self.seconds_per_joule < math.inf:
            raise ValueError(
                f"seconds_per_joule is {self.seconds_per_joule}: a number of at least 0 is needed"
            )
        PaperObjective(self.accuracy_threshold_percent, self.violation_s)

    def __call__(self, result: InferenceResult, /) -> float:
        charged = result.charged
        if len(charged) == 0:
            return 0.0
        rule = self.charged_rule(result.meta)
        return -float(rule.cost_s(self.charge_s(charged), answer_accuracy(charged)))

    def charge_s(self, requests: NDArray[np.void], /) -> NDArray[np.float64]:
        """Response time and energy of each request, seconds."""
        names = requests.dtype.names or ()
        energy_j = sum(requests[column] for column in ENERGY_COLUMNS if column in names)
        return np.asarray(requests["response_time_s"] + self.seconds_per_joule * energy_j)

    def charged_rule(self, meta: Meta, /) -> CostRule:
        """The paper's rule, of charges."""
        return PaperObjective(self.accuracy_threshold_percent, self.violation_s).cost_rule(meta)

    def check_schema(self, schema: Schema) -> None:
        """Refuse a scenario that does not tell the energy of its requests.

        Raises:
            UnfitObjective: says how to let it.
        """
        check_requests(schema, self)
        if ENERGY_COLUMNS[0] not in (schema.record_columns(request_table.TABLE) or ()):
            raise UnfitObjective(
                f"{type(self).__name__} reads {ENERGY_COLUMNS[0]}, which scenario "
                f"{schema.scenario!r} records when it watches energy: --set energy=1"
            )


@dataclass(frozen=True, slots=True)
class PercentileObjective(CostObjective):
    """Reward = -percentile of the response times (s) of the epoch's requests; accuracy is ignored.

    99 is what MLPerf Inference bounds in its Server scenario, 90 what it reports in SingleStream
    (Reddi et al., "MLPerf Inference Benchmark", ISCA 2020). It is no mean, so planning agents and
    the oracle try every joint action and take few users only.

    Attributes:
        percent: which percentile, in (0, 100].
    """

    percent: float = 99.0

    def __post_init__(self) -> None:
        if not 0.0 < self.percent <= FULL_PERCENT:
            raise ValueError(f"percentile {self.percent} is outside (0, 100]")

    def cost_rule(self, meta: Meta, /) -> CostRule:
        return PercentileCost(self.percent)


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
    "time+energy": TimeEnergyObjective(),
    "p99": PercentileObjective(99.0),
}
