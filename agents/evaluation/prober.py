# SPDX-License-Identifier: MIT
"""Runs network patterns and device variants in forked copies of the present state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tandem.agents.evaluation.outcome_table import OutcomeTable, RequestRows
from tandem.agents.inference import request_table
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.patterns import ON_DEVICE, Pattern, PatternSpace
from tandem.agents.inference.request_table import RequestStatus
from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError

#: Branches asked for at once: enough to keep the processors busy, few enough for a live bar.
PORTION: Final = 32
#: The only arrival mode in which an epoch's cost splits into network patterns and devices.
SYNCHRONOUS: Final = "sync"

#: The future that a step meets, alone.
THE_FUTURE: Final = (0,)

#: Whether a request was answered, or in which share of the futures.
Answered: TypeAlias = NDArray[np.bool_] | NDArray[np.float64]
#: Called with the number of branches that have just been run.
Advance: TypeAlias = Callable[[int], None]


#: What each request costs, seconds.
Charge: TypeAlias = Callable[[NDArray[np.void]], NDArray[np.float64]]


def response_times_s(requests: NDArray[np.void]) -> NDArray[np.float64]:
    """The usual charge."""
    return np.asarray(requests["response_time_s"], dtype=np.float64)


class OracleError(TandemError):
    """The oracle cannot find the best joint action here."""


class Prober:
    """Measures one state, pattern by pattern; nothing is run twice.

    Args:
        env: at the state to measure; it does not move.
        observation: at that state.
        advance: called with the number of branches that have just been run.
        parallel: branches at the same time; default: one per available core.
        futures: random draws that each pattern meets (see `TandemEnv.branch`); response times and
            answers are means over them.
        charge_s: what a request costs, seconds, which then stands for its response time; default:
            that time.

    Raises:
        OracleError: arrivals are not synchronous. With Poisson arrivals or traces, requests outlive
            their epoch. Which requests an epoch is charged for then depends on every user's choice,
            and an option that does not finish in the epoch would look free.
    """

    def __init__(
        self,
        env: TandemEnv,
        observation: Mapping[str, NDArray[np.float64]],
        *,
        advance: Advance | None = None,
        parallel: int | None = None,
        futures: Sequence[int] = THE_FUTURE,
        charge_s: Charge = response_times_s,
    ) -> None:
        meta = env.schema.meta
        self.options = OptionTable.from_meta(meta)
        arrivals = meta.get("arrivals")
        if arrivals != SYNCHRONOUS:
            raise OracleError(
                f"the oracle needs --arrivals={SYNCHRONOUS}, this scenario has {arrivals!r}: there "
                "requests outlive their epoch, so an epoch's cost is not the sum over its own "
                "requests"
            )
        self.users = int(meta["users"])
        self.space = PatternSpace.merged(self.options)
        self.branches = 0
        self._env = env
        self.observation = {name: block.copy() for name, block in observation.items()}
        self._advance = advance
        self._parallel = parallel
        self._futures = tuple(futures)
        self._charge_s = charge_s
        self._rows: dict[Pattern, tuple[NDArray[np.float64], Answered]] = {}
        self._requests: dict[Pattern, NDArray[np.void]] = {}
        self._device_requests: list[NDArray[np.void]] = []
        self._arrival_s = np.zeros(self.users)
        devices = len(self.space.devices)
        self._device_response_s = np.zeros((self.users, devices))
        self._device_answered = np.zeros((self.users, devices), dtype=np.bool_)
        self._measure_devices()

    def measure(self, patterns: Iterable[Sequence[int]]) -> None:
        """Run those patterns that have not been run."""
        wanted: list[Pattern] = []
        for pattern in patterns:
            key = tuple(int(choice) for choice in pattern)
            if key not in self._rows:
                wanted.append(key)
        wanted = list(dict.fromkeys(wanted))
        # The fastest variant ends soonest, and what devices compute does not reach the network.
        fastest = self._fastest_device_option()
        actions = [self.space.playable(np.array(pattern), fastest) for pattern in wanted]
        outcomes = [self._branch(actions, future) for future in self._futures]
        for pattern, *met in zip(wanted, *outcomes, strict=True):
            requests = [self._by_user(outcome) for outcome in met]
            response_s, answered = _mean([self._times(rows) for rows in requests])
            local = np.array(pattern) == ON_DEVICE
            response_s[local] = 0.0
            answered[local] = False
            self._rows[pattern] = response_s, answered
            self._requests[pattern] = requests[0]

    def measured(self, pattern: Sequence[int]) -> bool:
        """Whether that pattern has been run."""
        return tuple(pattern) in self._rows

    def table(self) -> OutcomeTable:
        """What has been measured so far."""
        rows = list(self._rows.values())
        shape = (len(rows), self.users)
        return OutcomeTable(
            space=self.space,
            top5_percent=self.options.top5_percent,
            observation=self.observation,
            patterns=np.array(list(self._rows), dtype=np.intp).reshape(shape),
            response_s=np.array([row[0] for row in rows]).reshape(shape),
            answered=self._as_answered([row[1] for row in rows]).reshape(shape),
            device_response_s=self._device_response_s,
            device_answered=self._device_answered,
            arrival_s=self._arrival_s,
            rows=self._request_rows(),
        )

    def _request_rows(self) -> RequestRows | None:
        """The simulator's own rows, once every pattern was run; a mean over futures has none."""
        if self._futures != THE_FUTURE:
            return None
        if len(self._rows) < self.space.count(self.users):
            return None
        patterns = np.stack([self._requests[pattern] for pattern in self._rows])
        devices = np.stack(self._device_requests) if self._device_requests else patterns[:0]
        return RequestRows(patterns, devices)

    def _measure_devices(self) -> None:
        """One run per variant gives each user's device time; also when requests arrive."""
        devices = self.space.devices
        actions = [np.full(self.users, option, dtype=np.int32) for option in devices]
        for column, outcome in enumerate(self._branch(actions, self._futures[0])):
            requests = self._by_user(outcome)
            response_s, answered = self._times(requests)
            self._device_response_s[:, column] = response_s
            self._device_answered[:, column] = answered
            self._arrival_s = np.array(requests["arrival_s"], dtype=np.float64)
            self._device_requests.append(requests)
        if len(devices):
            # These runs also measure the network pattern in which nobody sends.
            everyone_local = (ON_DEVICE,) * self.users
            nobody = self._as_answered(np.zeros(self.users))
            self._rows[everyone_local] = np.zeros(self.users), nobody
            self._requests[everyone_local] = self._device_requests[0]

    def _fastest_device_option(self) -> int:
        if not len(self.space.devices):
            return 0
        return int(self.space.devices[self._device_response_s.max(axis=0).argmin()])

    def _as_answered(self, values: ArrayLike) -> Answered:
        if len(self._futures) == 1:
            return np.array(values, dtype=np.bool_)
        return np.array(values, dtype=np.float64)

    def _branch(self, actions: Sequence[NDArray[np.int32]], future: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(actions), PORTION):
            portion = actions[start : start + PORTION]
            outcomes.extend(self._env.branch(portion, parallel=self._parallel, future=future))
            self.branches += len(portion)
            if self._advance is not None:
                self._advance(len(portion))
        return outcomes

    def _times(self, requests: NDArray[np.void]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Response time or charge, seconds, and whether answered, of each request."""
        return (
            np.array(self._charge_s(requests), dtype=np.float64),
            np.array(requests["status"] == RequestStatus.OK, dtype=np.bool_),
        )

    def _by_user(self, outcome: Outcome) -> NDArray[np.void]:
        """The row of each user's one request, ``[N]``."""
        requests = outcome.records[request_table.TABLE].view(np.ndarray)
        user = requests["user"]
        if not np.array_equal(np.sort(user), np.arange(self.users)):
            raise OracleError(
                f"an epoch of {self.users} users ended with requests of users {user.tolist()}, one "
                f"of each was expected: does {request_table.TABLE!r} hold requests of other epochs?"
            )
        return requests[np.argsort(user)]


def _mean(
    times: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]],
) -> tuple[NDArray[np.float64], Answered]:
    """Mean response times, seconds, and shares of answers over futures."""
    if len(times) == 1:
        return times[0]
    response_s: NDArray[np.float64] = np.mean([response for response, _ in times], axis=0)
    answered: NDArray[np.float64] = np.mean([answer for _, answer in times], axis=0)
    return response_s, answered
