# SPDX-License-Identifier: MIT
"""What an epoch costs: the one rule that rewards, planner, oracle and judges call.

Your own objective works with all of them if it states its cost as a `CostRule`::

    @dataclass(frozen=True)
    class Longest(CostRule):
        def cost_s(self, response_s, accuracy_percent):
            return response_s.max(axis=-1)

    class LongestResponse(CostObjective):
        def cost_rule(self, meta):
            return Longest()

N is the number of users (or requests) that an epoch is charged for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.request_table import Rows

Array: TypeAlias = NDArray[np.float64]
NamedThreshold: TypeAlias = Literal["min", "max"]

#: The mean of equal accuracies may miss their value by rounding; a threshold allows for that.
ACCURACY_TOLERANCE_PERCENT: Final = 1e-9
#: Least cost of an epoch below the accuracy threshold, seconds: above what any sensible joint
#: action takes in the scenarios here, so that fast and useless answers never pay.
VIOLATION_S: Final = 1.0


class CostRule(ABC):
    """Cost of an epoch, seconds, of its response times and accuracies.

    Subclasses define `cost_s`. More accuracy must not cost more: of options that load network and
    sites alike, the oracle tries the most accurate one only.
    """

    @abstractmethod
    def cost_s(self, response_s: Array, accuracy_percent: Array) -> Array:
        """Costs ``[…]`` of response times, seconds, and accuracies (0: no answer), ``[…, N]``."""

    @property
    def needed_percent(self) -> float:
        """Mean top-5 accuracy that an epoch has to reach; 0: none."""
        return 0.0

    @property
    def least_percent(self) -> float:
        """`needed_percent`, less what rounding may take away."""
        return self.needed_percent - ACCURACY_TOLERANCE_PERCENT

    def accurate(self, accuracy_percent: Array) -> NDArray[np.bool_]:
        """Whether accuracies ``[…, N]`` reach the threshold on average, ``[…]``."""
        return np.asarray(accuracy_percent.mean(axis=-1) >= self.least_percent)

    @property
    def mean_form(self) -> PaperCost | None:
        """This rule as a mean response time above a threshold; ``None`` if it has no such form.

        Searches use closed forms for such a rule. For any other rule they try every joint action,
        which is feasible for few users only.
        """
        return None


@dataclass(frozen=True, slots=True)
class PaperCost(CostRule):
    """The mean response time if the mean accuracy reaches a threshold, else a penalty.

    The cost of the paper (Shahhosseini et al., ISQED 2022); see
    `tandem.agents.inference.objective.PaperObjective` for what of it is recalled.

    Attributes:
        threshold_percent: mean top-5 accuracy to reach.
        violation_s: below it an epoch costs its longest response time, and at least this;
            infinity forbids it.
    """

    threshold_percent: float
    violation_s: float = VIOLATION_S

    def cost_s(self, response_s: Array, accuracy_percent: Array) -> Array:
        return self.of_means(
            response_s.mean(axis=-1), response_s.max(axis=-1), accuracy_percent.mean(axis=-1)
        )

    def of_means(self, mean_s: Array, longest_s: Array, accuracy_percent: Array) -> Array:
        """Costs of epochs by mean and longest response time and mean accuracy; all ``[…]``."""
        reached = accuracy_percent >= self.least_percent
        return np.asarray(np.where(reached, mean_s, self.penalty_s(longest_s)))

    def penalty_s(self, longest_s: Array | float) -> Array:
        """Cost below the threshold, of the longest response time."""
        return np.asarray(np.maximum(longest_s, self.violation_s))

    @property
    def needed_percent(self) -> float:
        return self.threshold_percent

    @property
    def mean_form(self) -> PaperCost:
        return self


@dataclass(frozen=True, slots=True)
class PercentileCost(CostRule):
    """A percentile of the response times, whatever the accuracy.

    Attributes:
        percent: which one, in (0, 100].
    """

    percent: float

    def cost_s(self, response_s: Array, accuracy_percent: Array) -> Array:
        return np.asarray(np.percentile(response_s, self.percent, axis=-1), dtype=np.float64)


@runtime_checkable
class RuledObjective(Protocol):
    """An objective that says what an epoch costs before it is played."""

    def cost_rule(self, meta: Mapping[str, Any], /) -> CostRule:
        """The rule in a scenario with that ``meta``; its negative cost is the reward."""
        ...


@runtime_checkable
class ChargedObjective(Protocol):
    """An objective that charges requests for more than their time.

    No agent can plan with it, because no model predicts the rest. The oracle can: it plays.
    """

    def charge_s(self, requests: Rows, /) -> Array:
        """What each of the requests costs, seconds."""
        ...

    def charged_rule(self, meta: Mapping[str, Any], /) -> CostRule:
        """What an epoch costs, of these charges in the place of response times."""
        ...


def cost_rule_of(objective: object, meta: Mapping[str, Any]) -> CostRule:
    """The rule of an objective.

    Raises:
        PolicyError: it has none.
    """
    if isinstance(objective, RuledObjective):
        return objective.cost_rule(meta)
    raise PolicyError(
        f"objective {objective!r} rates only epochs that were played, but planning agents (and the "
        "oracle, unless it is a ChargedObjective) need the cost of a joint action beforehand: "
        "derive it from "
        "tandem.agents.inference.objective.CostObjective and give it a method cost_rule(meta) that "
        "returns a tandem.agents.inference.cost.CostRule, or use PaperObjective"
    )


def threshold_of(threshold: float | NamedThreshold, top5_percent: Sequence[float]) -> float:
    """A threshold on accuracy as a number.

    Args:
        threshold: percent; ``"min"`` accepts every option, ``"max"`` only the most accurate one.
        top5_percent: accuracies of all options.
    """
    if not isinstance(threshold, str):
        return threshold
    return 0.0 if threshold == "min" else max(top5_percent)
