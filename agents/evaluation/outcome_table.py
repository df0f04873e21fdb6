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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.evaluation.exact_frontier import exact_frontier, fastest_above
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.patterns import ON_DEVICE, Pattern, Patterns, PatternSpace
from tandem.bridge.core.errors import TandemError

NS_PER_S: Final = 1e9
#: At most this many assignments of device variants are tried one by one.
MAX_ASSIGNMENTS: Final = 1_000_000
#: Response times, seconds, and accuracies, percent, both ``[B, N]``.
Outcomes: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


class UnmeasuredPattern(TandemError, KeyError):
    """A joint action whose network pattern the simulator has not run at this state."""

    def __str__(self) -> str:
        return str(self.args[0])


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
        space: what network patterns can hold; options that are alike are merged.
        top5_percent: accuracy of each option, ``[K]``.
        observation: the observation at the state, by block name.
        patterns: network patterns that were run, ``[P, N]``.
        response_s: response time of each remote user, ``[P, N]``; 0 for users on their device.
        answered: whether the request was answered in time, ``[P, N]``; of a mean over futures:
            in which share of them.
        device_response_s: response time of each device option, ``[N, D]``.
        device_answered: likewise, ``[N, D]``.
        arrival_s: when each user's request arrives after the decision, ``[N]``, on the
            simulation's clock.
        rows: the simulator's own rows about the requests; only in complete tables.
    """

    space: PatternSpace
    top5_percent: NDArray[np.float64]
    observation: Mapping[str, NDArray[np.float64]]
    patterns: Patterns
    response_s: NDArray[np.float64]
    answered: NDArray[np.bool_] | NDArray[np.float64]
    device_response_s: NDArray[np.float64]
    device_answered: NDArray[np.bool_]
    arrival_s: NDArray[np.float64]
    rows: RequestRows | None = None

    def check_shapes(self) -> None:
        """Refuse arrays that do not belong together.

        Raises:
            ValueError: names the array, its shape and the one that the others ask for.
        """
        try:
            patterns, users = self.patterns.shape
        except ValueError:
            raise ValueError(f"patterns has shape {self.patterns.shape}, not [P, N]") from None
        devices = self.device_response_s.shape[-1] if self.device_response_s.ndim else 0
        wanted = {
            "response_s": (patterns, users),
            "answered": (patterns, users),
            "device_response_s": (users, devices),
            "device_answered": (users, devices),
            "arrival_s": (users,),
        }
        for name, shape in wanted.items():
            found = getattr(self, name)
            if found.shape != shape:
                raise ValueError(f"{name} has shape {found.shape}, not {shape}")
            if found.dtype.kind not in "bf":
                raise ValueError(f"{name} has elements of type {found.dtype}, not numbers")

    @property
    def users(self) -> int:
        """N."""
        return int(self.patterns.shape[1])

    @property
    def is_complete(self) -> bool:
        """Whether every network pattern was run, so that the best is the optimum."""
        return len(self.patterns) == self.space.count(self.users)

    @functools.cached_property
    def _row(self) -> dict[Pattern, int]:
        return {tuple(pattern): row for row, pattern in enumerate(self.patterns.tolist())}

    def outcome(self, actions: NDArray[np.integer]) -> Outcomes:
        """Response time (s) and accuracy (percent, 0 if unanswered) per user, both ``[B, N]``.

        Raises:
            UnmeasuredPattern: the table lacks an action's network pattern.
        """
        actions = np.atleast_2d(actions)
        patterns = self.space.of(actions)
        distinct, inverse = np.unique(patterns, axis=0, return_inverse=True)
        rows = np.array([self._find(pattern) for pattern in distinct])[inverse.reshape(-1)]
        response_s, answered = self.response_s[rows], self.answered[rows]
        devices = self.space.devices
        if len(devices):
            user = np.arange(self.users)
            variant = np.minimum(np.searchsorted(devices, actions), len(devices) - 1)
            local = patterns == ON_DEVICE
            response_s = np.where(local, self.device_response_s[user, variant], response_s)
            answered = np.where(local, self.device_answered[user, variant], answered)
        return response_s, self.top5_percent[actions] * answered

    def requests(self, action: JointAction) -> NDArray[np.void]:
        """The rows of the simulator's record table ``requests`` that a joint action ``[N]`` leaves
        behind, bit for bit and in the order in which the requests end.

        Raises:
            UnmeasuredPattern: the table lacks the action's network pattern, or holds no rows; or
                an option did not run itself but one that loads network and site alike.
        """
        pattern = self.space.of(action)
        row = self._find(pattern)
        if self.rows is None:
            raise UnmeasuredPattern("this table has no request rows: measure the state again")
        requests: NDArray[np.void] = self.rows.patterns[row].copy()
        if len(self.space.devices):
            variant = np.searchsorted(self.space.devices, action)
            local = np.flatnonzero(pattern == ON_DEVICE)
            requests[local] = self.rows.devices[variant[local], local]
        if not np.array_equal(requests["option"], action):
            raise UnmeasuredPattern(
                f"joint action {np.asarray(action).tolist()} was not run itself, only "
                f"{requests['option'].tolist()}, which loads network and sites in the same way"
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
        """The cheapest joint action over all measured patterns and all device variants.

        Raises:
            TandemError: the rule is not a mean above a threshold, and there are too many variants
                to try them all.
        """
        return min(self.candidates(rule), key=lambda candidate: candidate.cost_s)

    def candidates(self, rule: CostRule) -> Iterable[Optimum]:
        """The cheapest joint action of each measured pattern, in their order."""
        for pattern in self.patterns:
            yield self.best_with(pattern, rule)

    def best_with(self, pattern: Patterns, rule: CostRule) -> Optimum:
        """The cheapest joint action of a measured pattern ``[N]``.

        Raises:
            UnmeasuredPattern: it was not run.
        """
        local = np.flatnonzero(pattern == ON_DEVICE)
        variants = self._variants(self._find(pattern), local, rule)
        batch = np.repeat(self.space.playable(pattern)[None], len(variants), axis=0)
        if len(local):
            batch[:, local] = self.space.devices[variants]
        response_s, accuracy_percent = self.outcome(batch)
        costs = rule.cost_s(response_s, accuracy_percent)
        best = int(costs.argmin())
        return Optimum(
            action=batch[best],
            cost_s=float(costs[best]),
            response_s=response_s[best],
            accuracy_percent=float(accuracy_percent[best].mean()),
            accurate=bool(rule.accurate(accuracy_percent[best])),
        )

    def _variants(self, row: int, local: NDArray[np.intp], rule: CostRule) -> NDArray[np.intp]:
        """Candidate variants of the users on their devices, the best among them, ``[C, n]``."""
        if not len(local):
            return np.zeros((1, 0), dtype=np.intp)
        form = rule.mean_form
        if form is None:
            return _every_assignment(len(local), len(self.space.devices))
        response_s = self.device_response_s[local]
        accuracy = self.top5_percent[self.space.devices] * self.device_answered[local]
        frontier = exact_frontier(response_s, accuracy)
        remote = self.patterns[row] != ON_DEVICE
        option = self.space.playable(self.patterns[row])
        reached = float((self.top5_percent[option] * self.answered[row])[remote].sum())
        index = fastest_above(frontier, self.users * form.least_percent - reached)
        choices = [] if index is None else [frontier.choice[index].astype(np.intp)]
        if np.isfinite(form.violation_s):
            # A longest response time is at least its mean, and no assignment has a smaller longest
            # one than the fastest variant for every user: so these two candidates suffice.
            choices.append(response_s.argmin(axis=1))
        return np.array(choices or [np.zeros(len(local), dtype=np.intp)])

    def _find(self, pattern: Patterns) -> int:
        row = self._row.get(tuple(pattern.tolist()))
        if row is None:
            named = ["device" if m == ON_DEVICE else int(self.space.remote[m - 1]) for m in pattern]
            raise UnmeasuredPattern(
                f"network pattern {named} was not run at this state: the table holds "
                f"{len(self.patterns)} of {self.space.count(self.users)} patterns"
            )
        return row


def _every_assignment(users: int, variants: int) -> NDArray[np.intp]:
    """All assignments of variants to users, ``[variants^users, users]``."""
    count = variants**users
    if count > MAX_ASSIGNMENTS:
        raise TandemError(
            f"{users} users with {variants} device variants have {count} assignments, at most "
            f"{MAX_ASSIGNMENTS} are tried: use fewer users, or an objective whose cost is a mean "
            "response time above a threshold (CostRule.mean_form)"
        )
    return np.indices((variants,) * users).reshape(users, -1).T
