# SPDX-License-Identifier: MIT
"""Every user's response time under every joint action of one state, and the best of them.

What a user gets from a remote site depends on *which users send where* (the network pattern), and
on nothing that the others compute on their own devices; what it gets from its own device depends
on its variant only. So the packet-level simulator has to run each network pattern once, and the
K^N joint actions follow from those runs and from one run per device variant.

That holds for synchronous arrivals, where each epoch starts with empty devices and its cost counts
exactly the requests issued in it. It is a statement about one epoch: the variant decides when the
epoch ends and with it where the next one starts.

Shapes: N users, K options, D device options, P network patterns, B joint actions.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.evaluation.frontier import Frontier
from tandem.agents.inference.objective import ACCURACY_TOLERANCE_PERCENT, VIOLATION_S
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.request_table import Site
from tandem.bridge.core.errors import TandemError

#: Stands in a pattern for "on the user's own device".
ON_DEVICE: Final = -1
NS_PER_S: Final = 1e9

Pattern: TypeAlias = tuple[int, ...]


class UnmeasuredPattern(TandemError, KeyError):
    """A joint action whose network pattern the simulator has not run at this state."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class CostRule:
    """Cost of an epoch, seconds: the mean response time if the mean accuracy reaches a threshold.

    Attributes:
        threshold_percent: mean top-5 accuracy to reach.
        violation_s: below it an epoch costs its longest response time, and at least this;
            infinity forbids it.
    """

    threshold_percent: float
    violation_s: float = VIOLATION_S

    def cost_s(
        self, response_s: NDArray[np.float64], accuracy_percent: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Costs ``[…]`` of users' response times and accuracies (0: no answer), ``[…, N]``."""
        violated = np.maximum(response_s.max(axis=-1), self.violation_s)
        cost: NDArray[np.float64] = np.where(
            self.accurate(accuracy_percent), response_s.mean(axis=-1), violated
        )
        return cost

    def accurate(self, accuracy_percent: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the threshold is reached, ``[…]``."""
        limit = self.threshold_percent - ACCURACY_TOLERANCE_PERCENT
        reached: NDArray[np.bool_] = accuracy_percent.mean(axis=-1) >= limit
        return reached


@dataclass(frozen=True)
class Optimum:
    """The cheapest joint action among those that a table covers.

    Attributes:
        action: one option per user, ``[N]``.
        cost_s: its cost.
        response_s: each user's response time, ``[N]``.
        accuracy_percent: mean top-5 accuracy of the answers.
        accurate: whether that reaches the threshold; if not, the cost is the violation's.
    """

    action: JointAction
    cost_s: float
    response_s: NDArray[np.float64]
    accuracy_percent: float
    accurate: bool


@dataclass(frozen=True)
class NetworkClasses:
    """Remote options that load network and site alike, merged into one.

    Attributes:
        of_option: the class of each option, ``[K]``, named by its most accurate option;
            `ON_DEVICE` for device options.
        devices: the device options, ``[D]``.
        top5_percent: accuracy of each option, ``[K]``.
    """

    of_option: NDArray[np.int32]
    devices: NDArray[np.intp]
    top5_percent: NDArray[np.float64]

    @classmethod
    def of(cls, options: OptionTable) -> NetworkClasses:
        """Group the options of a scenario."""
        of_option = np.full(len(options), ON_DEVICE, dtype=np.int32)
        groups: dict[tuple[float, ...], list[int]] = {}
        for option in np.flatnonzero(options.site != Site.DEVICE):
            load = (
                float(options.site[option]),
                float(options.service_s[option]),
                float(options.upload_bytes[option]),
                float(options.reply_bytes[option]),
            )
            groups.setdefault(load, []).append(int(option))
        for members in groups.values():
            of_option[members] = max(members, key=lambda option: options.top5_percent[option])
        devices = np.flatnonzero(options.site == Site.DEVICE)
        return cls(of_option, devices, options.top5_percent)

    @functools.cached_property
    def choices(self) -> tuple[int, ...]:
        """What a pattern can hold for a user."""
        remote = sorted({int(option) for option in self.of_option if option != ON_DEVICE})
        return (ON_DEVICE, *remote) if len(self.devices) else tuple(remote)

    def patterns(self, users: int) -> Iterator[Pattern]:
        """All network patterns, in a fixed order."""
        return itertools.product(self.choices, repeat=users)

    def pattern_count(self, users: int) -> int:
        """How many patterns there are."""
        return int(len(self.choices) ** users)

    def playable(
        self, pattern: Sequence[int] | NDArray[np.int32], device_option: int
    ) -> JointAction:
        """A joint action of that pattern."""
        action = np.array(pattern, dtype=np.int32)
        action[action == ON_DEVICE] = device_option
        return action


@dataclass(frozen=True)
class RequestRows:
    """The simulator's own rows about the requests of one state, by user.

    Attributes:
        patterns: of the run of each network pattern, ``[P, N]``.
        devices: of the run of each device option, ``[D, N]``.
    """

    patterns: NDArray[np.void]
    devices: NDArray[np.void]


@dataclass(frozen=True)
class OutcomeTable:
    """What the simulator measured at one state.

    Attributes:
        classes: which options are alike.
        observation: the observation at the state, by block name.
        patterns: network patterns that were run, ``[P, N]``.
        response_s: response time of each remote user, ``[P, N]``; 0 for users on their device.
        answered: whether the request was answered in time, ``[P, N]``; of a mean over futures:
            in which share of them.
        device_response_s: response time of each device option, ``[N, D]``.
        device_answered: likewise, ``[N, D]``.
        arrival_s: when each user's request arrives after the decision, ``[N]``, on the
            simulation's clock.
        rows: all that the simulator told about the requests; kept of complete tables only.
    """

    classes: NetworkClasses
    observation: Mapping[str, NDArray[np.float64]]
    patterns: NDArray[np.int32]
    response_s: NDArray[np.float64]
    answered: NDArray[np.bool_] | NDArray[np.float64]
    device_response_s: NDArray[np.float64]
    device_answered: NDArray[np.bool_]
    arrival_s: NDArray[np.float64]
    rows: RequestRows | None = None

    @property
    def users(self) -> int:
        """N."""
        return int(self.patterns.shape[1])

    @property
    def is_complete(self) -> bool:
        """Whether every network pattern was run, so that the best is the optimum."""
        return len(self.patterns) == self.classes.pattern_count(self.users)

    @functools.cached_property
    def _row(self) -> dict[bytes, int]:
        return {pattern.tobytes(): row for row, pattern in enumerate(self.patterns)}

    def outcome(
        self, actions: NDArray[np.integer]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Response time (s) and accuracy (percent, 0 if unanswered) per user, both ``[B, N]``.

        Raises:
            UnmeasuredPattern: the table lacks an action's network pattern.
        """
        actions = np.atleast_2d(actions)
        classes = np.ascontiguousarray(self.classes.of_option[actions])
        distinct, inverse = np.unique(classes, axis=0, return_inverse=True)
        rows = np.array([self._find(pattern) for pattern in distinct])[inverse.reshape(-1)]
        user = np.arange(self.users)
        variant = np.searchsorted(self.classes.devices, actions)
        variant = np.minimum(variant, max(len(self.classes.devices) - 1, 0))
        if len(self.classes.devices):
            local = classes == ON_DEVICE
            device_s = self.device_response_s[user, variant]
            response_s = np.where(local, device_s, self.response_s[rows])
            answered = np.where(local, self.device_answered[user, variant], self.answered[rows])
        else:
            response_s, answered = self.response_s[rows], self.answered[rows]
        return response_s, self.classes.top5_percent[actions] * answered

    def requests(self, action: JointAction) -> NDArray[np.void]:
        """The rows of the simulator's record table ``requests`` that a joint action ``[N]`` leaves
        behind, bit for bit and in the order in which the requests end.

        Raises:
            UnmeasuredPattern: the table lacks the action's network pattern, or holds no rows; or
                an option did not run itself but one that loads network and site alike.
        """
        pattern = np.ascontiguousarray(self.classes.of_option[action])
        row = self._find(pattern)
        if self.rows is None:
            raise UnmeasuredPattern("this table holds no rows of requests: measure the state anew")
        requests: NDArray[np.void] = self.rows.patterns[row].copy()
        if len(self.classes.devices):
            variant = np.searchsorted(self.classes.devices, action)
            local = np.flatnonzero(pattern == ON_DEVICE)
            requests[local] = self.rows.devices[variant[local], local]
        if not np.array_equal(requests["option"], action):
            raise UnmeasuredPattern(
                f"joint action {np.asarray(action).tolist()} was not run itself but as "
                f"{requests['option'].tolist()}, which loads network and sites alike"
            )
        end_ns = np.rint(NS_PER_S * (requests["arrival_s"] + requests["response_time_s"]))
        return requests[np.lexsort((requests["request_id"], end_ns))]

    def costs_s(self, actions: NDArray[np.integer], rule: CostRule) -> NDArray[np.float64]:
        """Cost of each joint action ``[B, N]``, seconds, ``[B]``.

        Raises:
            UnmeasuredPattern: as `outcome`.
        """
        return rule.cost_s(*self.outcome(actions))

    def optimum(self, rule: CostRule) -> Optimum:
        """The cheapest joint action over all measured patterns and all device variants."""
        best = min(self.candidates(rule), key=lambda candidate: candidate.cost_s)
        return best

    def candidates(self, rule: CostRule) -> Iterable[Optimum]:
        """The cheapest joint action of each measured pattern, in their order."""
        for row, pattern in enumerate(self.patterns):
            yield self._best_of_pattern(row, pattern, rule)

    def _best_of_pattern(self, row: int, pattern: NDArray[np.int32], rule: CostRule) -> Optimum:
        local = np.flatnonzero(pattern == ON_DEVICE)
        options = self.classes.devices
        response_s = self.device_response_s[local]
        accuracy = self.classes.top5_percent[options] * self.device_answered[local]
        frontier = Frontier.of(response_s, accuracy)
        remote = pattern != ON_DEVICE
        reached = float((self.classes.top5_percent[pattern] * self.answered[row])[remote].sum())
        needed = self.users * (rule.threshold_percent - ACCURACY_TOLERANCE_PERCENT) - reached
        choices = [frontier.fastest_above(needed)]
        if np.isfinite(rule.violation_s):
            # A longest response time is at least its mean, and no assignment has a smaller
            # longest one than everybody's fastest variant: so these two candidates suffice.
            choices.append(response_s.argmin(axis=1) if len(local) else np.zeros(0, np.intp))
        actions = []
        for choice in choices:
            if choice is not None:
                action = pattern.copy()
                action[local] = options[choice] if len(local) else 0
                actions.append(action)
        if not actions:
            actions = [self.classes.playable(pattern, int(options[0]) if len(options) else 0)]
        batch = np.array(actions, dtype=np.int32)
        per_user_s, accuracy_percent = self.outcome(batch)
        costs = rule.cost_s(per_user_s, accuracy_percent)
        best = int(costs.argmin())
        return Optimum(
            action=batch[best],
            cost_s=float(costs[best]),
            response_s=per_user_s[best],
            accuracy_percent=float(accuracy_percent[best].mean()),
            accurate=bool(rule.accurate(accuracy_percent[best])),
        )

    def _find(self, pattern: NDArray[np.int32]) -> int:
        row = self._row.get(pattern.tobytes())
        if row is None:
            raise UnmeasuredPattern(
                f"network pattern {pattern.tolist()} was not run at this state: the table holds "
                f"{len(self.patterns)} of {self.classes.pattern_count(self.users)} patterns"
            )
        return row
