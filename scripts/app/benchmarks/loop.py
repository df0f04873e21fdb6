# SPDX-License-Identifier: MIT
"""The cost of the agent in the loop on real scenarios."""

from __future__ import annotations

import time
from typing import Final

from tandem.scripts.app.benchmarks.overhead import agent_overhead
from tandem.scripts.app.benchmarks.record import Measurement, at_least

_GROUP: Final = "In the loop (5 users: all at the edge; more: all on the device)"
_REPEATS: Final = 5
#: Decisions per episode, by users: about as much to simulate in each.
_EPOCHS: Final = {5: 24, 20: 24, 64: 8}
#: With all users at the edge an epoch of 64 users takes tens of seconds.
_POLICY: Final = {5: "edge"}
_BUDGET_S: Final = 45.0
_LEAST: Final = 2
_AIM_PERCENT: Final = 98.0


def loop(scenario: str) -> list[Measurement]:
    """Decisions per second under an agent, and as a share of those under ``--agent=none``."""
    results = []
    for users, epochs in _EPOCHS.items():
        rates: list[float] = []
        shares: list[float] = []
        start = time.perf_counter()
        while len(rates) < _REPEATS:
            pair = agent_overhead(scenario, users, epochs, _POLICY.get(users, "device"))
            rates.append((epochs - 1) / pair.agent_s)
            shares.append(pair.alone_s / pair.agent_s * 100)
            if time.perf_counter() - start > _BUDGET_S and len(rates) >= _LEAST:
                break
        name = f"{scenario}, {users} users"
        aim = at_least(_AIM_PERCENT)
        results += [
            Measurement(_GROUP, f"decisions, {name}", "1/s", tuple(rates)),
            Measurement(_GROUP, f"share of the speed alone, {name}", "%", tuple(shares), aim),
        ]
    return results
