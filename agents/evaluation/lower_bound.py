# SPDX-License-Identifier: MIT
"""A lower bound on the cost of every joint action at a state.

The bound uses only what is certain: the links of the backhaul (rate and delay), the service times
with the number of workers of each site, the delay that weak users' packets suffer, and the device
times measured in the simulator. Radio, existing queues and background load are assumed to cost
nothing. The bound is always valid, but loose where the radio is the bottleneck.

For k users at a site of w workers with service time s, the j-th user to be served (j = 1 … k) is
done at least ceil(j / w)·s after the earliest arrival of any of them. The sum over j bounds the sum
of their completion times, for any order of service. A request that times out costs the time-out,
which the bound never exceeds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.units import BITS_PER_BYTE
from tandem.agents.evaluation.exact_frontier import TICKS_PER_S, exact_frontier, fastest_above
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.pareto import Frontier


@dataclass(frozen=True)
class SiteFloor:
    """The least that a remote site can cost.

    Attributes:
        service_s: of its fastest option.
        workers: requests served at the same time.
        up_s: least time from a request's arrival at a user until the site has it.
        down_s: least time from the end of service until the user has the result.
        top5_percent: accuracy of its most accurate option.
    """

    service_s: float
    workers: int
    up_s: float
    down_s: float
    top5_percent: float

    def total_s(self, requests: int, arrival_s: NDArray[np.float64], timeout_s: float) -> float:
        """Least sum of response times of ``requests`` users, whichever they are.

        Args:
            requests: how many users send here.
            arrival_s: when each user's request arrives at the user, ``[N]``; a user who asks late
                may find its turn has come already, so the latest ones are assumed.
            timeout_s: where a request is given up.
        """
        start_s = float(arrival_s.min()) + self.up_s
        latest_s = np.sort(arrival_s)[::-1]
        total_s = 0.0
        for rank in range(1, requests + 1):
            done_s = start_s + math.ceil(rank / self.workers) * self.service_s
            alone_s = self.up_s + self.service_s + self.down_s
            waited_s = done_s + self.down_s - float(latest_s[0])
            total_s += min(max(alone_s, waited_s), timeout_s)
        return total_s


def lower_bound_s(table: OutcomeTable, meta: Mapping[str, Any], rule: PaperCost) -> float:
    """Lower bound on the cost of every joint action at the state of ``table``, seconds."""
    options = OptionTable.from_meta(meta)
    sites = [
        floor
        for floor in (site_floor(code, meta, options) for code in options.sites.codes[1:])
        if floor
    ]
    timeout_s = float(meta["timeout_s"])
    bound = _accurate_s(table, sites, timeout_s, rule)
    return min(bound, float(rule.penalty_s(_longest_s(table, sites, timeout_s))))


def site_floor(code: int, meta: Mapping[str, Any], options: OptionTable) -> SiteFloor | None:
    """What the scenario's meta says about a site; ``None`` if no option runs there."""
    at_site = options.site == code
    name = options.sites.label(code)
    if not at_site.any():
        return None
    links = [
        link
        for link in meta["topology"]["links"]
        if name in (link["a"], link["b"]) and link["rate_bps"]
    ]
    rate_bps = max((float(link["rate_bps"]) for link in links), default=math.inf)
    delay_s = min((float(link["delay_s"]) for link in links), default=0.0)
    weak = list(meta.get("conditions") or ())
    # Only if all users are weak is it certain that those who send are.
    extra_s = float(meta["weak_delay_s"]) if weak and all(w == "weak" for w in weak) else 0.0
    workers = {entry["name"]: int(entry["cores"]) for entry in meta["sites"]}
    return SiteFloor(
        service_s=float(options.service_s[at_site].min()),
        workers=workers[name],
        up_s=float(options.upload_bytes[at_site].min()) * BITS_PER_BYTE / rate_bps
        + delay_s
        + extra_s,
        down_s=float(options.reply_bytes[at_site].min()) * BITS_PER_BYTE / rate_bps + delay_s,
        top5_percent=float(options.top5_percent[at_site].max()),
    )


def _accurate_s(
    table: OutcomeTable, sites: list[SiteFloor], timeout_s: float, rule: PaperCost
) -> float:
    """Least mean response time of joint actions that reach the threshold."""
    users = table.users
    # Any user's device may be the one in use: take the best of all users for each variant.
    devices = table.space.devices
    frontiers = []
    if len(devices):
        response_s = np.tile(table.device_response_s.min(axis=0), (users, 1))
        answered = table.device_answered.any(axis=0)
        accuracy = np.tile(table.top5_percent[devices] * answered, (users, 1))
        frontiers = [exact_frontier(response_s[:n], accuracy[:n]) for n in range(users + 1)]
    needed = users * rule.least_percent
    least_s = math.inf
    for counts in _counts(users, len(sites)):
        local = users - sum(counts)
        if local and not len(devices):
            continue
        total_s = sum(
            site.total_s(count, table.arrival_s, timeout_s)
            for site, count in zip(sites, counts, strict=True)
        )
        reached = sum(site.top5_percent * count for site, count in zip(sites, counts, strict=True))
        device_s = _devices_s(frontiers[local], needed - reached) if frontiers else 0.0
        if not frontiers and reached < needed:
            continue
        least_s = min(least_s, (total_s + device_s) / users)
    return least_s


def _devices_s(frontier: Frontier, needed_percent: float) -> float:
    index = fastest_above(frontier, needed_percent)
    return math.inf if index is None else float(frontier.time[index]) / TICKS_PER_S


def _longest_s(table: OutcomeTable, sites: list[SiteFloor], timeout_s: float) -> float:
    """Bound on the longest response time: nobody is faster than alone with the fastest option."""
    alone_s = [min(site.up_s + site.service_s + site.down_s, timeout_s) for site in sites]
    per_user = np.full(table.users, min(alone_s, default=math.inf))
    if len(table.space.devices):
        per_user = np.minimum(per_user, table.device_response_s.min(axis=1))
    return float(per_user.max())


def _counts(users: int, sites: int) -> Iterator[tuple[int, ...]]:
    for counts in itertools.product(range(users + 1), repeat=sites):
        if sum(counts) <= users:
            yield counts
