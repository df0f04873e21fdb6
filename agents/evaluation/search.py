# SPDX-License-Identifier: MIT
"""Search for a good joint action in the simulator, where there are too many to run them all.

What is searched are network patterns; each one that is run stands for the best joint action with
that pattern, device variants included. The search is deterministic: equal states give equal finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tandem.agents.evaluation.outcome_table import ON_DEVICE, CostRule, Optimum, Pattern
from tandem.agents.evaluation.prober import PORTION, Prober
from tandem.agents.inference.heuristics import user_columns
from tandem.bridge.core.schema import Schema

#: Shares of the users that send something, in the patterns that the search begins with.
START_SHARES: Final = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """How long the search goes on.

    Attributes:
        max_branches: branches in all; it also ends where no neighbour is better.
        swaps_per_user: exchanges of two users' choices that are tried at a local optimum.
        seed: of the order in which neighbours are tried.
    """

    max_branches: int = 600
    swaps_per_user: int = 4
    seed: int = 0


def search(prober: Prober, schema: Schema, rule: CostRule, config: SearchConfig) -> None:
    """Run patterns at the prober's state until the budget is spent or nothing improves.

    The result is what the prober has then measured: its table's optimum is the best found.
    """
    rng = np.random.default_rng(config.seed)
    prober.measure(_starts(prober, schema))
    best = _best(prober, rule)
    while prober.branches < config.max_branches:
        here = _pattern(prober, best)
        found = None
        for portion in _portions(prober, _neighbours(prober, here, config, rng)):
            left = config.max_branches - prober.branches
            if left <= 0:
                break
            prober.measure(portion[:left])
            candidate = _best(prober, rule)
            if candidate.cost_s < best.cost_s:
                found = candidate
                break
        if found is None:
            return
        best = found


def _starts(prober: Prober, schema: Schema) -> Iterator[Pattern]:
    """Everybody alike; and the users with the fastest radio, spread over the remote options."""
    choices = prober.classes.choices
    yield from ((choice,) * prober.users for choice in choices)
    remote = [choice for choice in choices if choice != ON_DEVICE]
    if len(remote) == len(choices):
        return
    rate_bps = prober.observation["users"][:, user_columns(schema)["rate_bps"]]
    fastest_first = np.argsort(-rate_bps, kind="stable")
    for share in START_SHARES:
        senders = fastest_first[: max(1, round(share * prober.users))]
        for rotation in range(len(remote)):
            pattern = [ON_DEVICE] * prober.users
            for rank, user in enumerate(senders):
                pattern[user] = remote[(rank + rotation) % len(remote)]
            yield tuple(pattern)
        for option in remote:
            yield tuple(option if user in senders else ON_DEVICE for user in range(prober.users))


def _neighbours(
    prober: Prober, here: Pattern, config: SearchConfig, rng: np.random.Generator
) -> Iterator[Pattern]:
    """One user chooses differently, in random order; then two users exchange their choices."""
    moves = [
        (user, choice)
        for user in range(prober.users)
        for choice in prober.classes.choices
        if choice != here[user]
    ]
    for index in rng.permutation(len(moves)):
        user, choice = moves[index]
        yield (*here[:user], choice, *here[user + 1 :])
    for _ in range(config.swaps_per_user * prober.users):
        one, other = rng.choice(prober.users, size=2, replace=False)
        if here[one] != here[other]:
            swapped = list(here)
            swapped[one], swapped[other] = here[other], here[one]
            yield tuple(swapped)


def _portions(prober: Prober, patterns: Iterator[Pattern]) -> Iterator[list[Pattern]]:
    portion: list[Pattern] = []
    for pattern in patterns:
        if not prober.measured(pattern):
            portion.append(pattern)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


def _best(prober: Prober, rule: CostRule) -> Optimum:
    return prober.table().optimum(rule)


def _pattern(prober: Prober, best: Optimum) -> Pattern:
    return tuple(int(choice) for choice in prober.classes.of_option[best.action])
