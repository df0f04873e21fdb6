# SPDX-License-Identifier: MIT
"""Search for a good joint action in the simulator, where there are too many to run them all.

The search is over network patterns. Each one that is run stands for the best joint action with that
pattern, device variants included. The search is deterministic: equal states give equal results.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import PORTION
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.heuristics import user_columns
from tandem.agents.inference.local_search import descend
from tandem.agents.inference.patterns import (
    ON_DEVICE,
    Pattern,
    Patterns,
    PatternSpace,
    exchanged,
)
from tandem.bridge.core.schema import Schema

#: Shares of the users that send something, in the patterns that the search begins with.
START_SHARES: Final = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """Limits of the search.

    Attributes:
        max_branches: branches in all; it also ends where no neighbour is better.
        swaps_per_user: exchanges of two users' choices that are tried at a local optimum.
        seed: of the order in which neighbours are tried.
    """

    max_branches: int = 600
    swaps_per_user: int = 4
    seed: int = 0


class Probes(Protocol):
    """Measures network patterns: a `tandem.agents.evaluation.prober.Prober`, or several."""

    users: int
    space: PatternSpace

    @property
    def observation(self) -> Mapping[str, NDArray[np.float64]]:
        """At the state; of several, their mean."""
        ...

    @property
    def branches(self) -> int:
        """Branches run so far at each state."""
        ...

    def measure(self, patterns: Iterable[Sequence[int]]) -> None:
        """Run those patterns that have not been run."""
        ...

    def measured(self, pattern: Sequence[int]) -> bool:
        """Whether that pattern has been run."""
        ...

    def table(self) -> OutcomeTable:
        """What has been measured so far."""
        ...


def search(
    prober: Probes,
    schema: Schema,
    rule: CostRule,
    config: SearchConfig,
    starts: Iterable[Pattern] = (),
) -> None:
    """Run patterns at the prober's state until the budget is spent or nothing improves.

    The result is what the prober has then measured: its table's optimum is the best found.

    Args:
        prober: at the state.
        schema: of the scenario.
        rule: what an epoch costs.
        config: limits.
        starts: patterns to begin with, beside those that every search begins with.
    """
    rng = np.random.default_rng(config.seed)
    every_start = itertools.chain(starts, _starts(prober, schema))
    prober.measure(start for start in every_start if _can_run(prober, start))
    best = prober.table().optimum(rule)

    def look_around(here: Patterns) -> Iterator[Patterns]:
        for portion in _portions(prober, _neighbours(prober, here, config, rng)):
            left = config.max_branches - prober.branches
            if left <= 0:
                return
            yield np.array(portion[:left], dtype=np.intp)

    def evaluate(portion: Patterns) -> NDArray[np.float64]:
        prober.measure(portion)
        table = prober.table()
        return np.array([table.best_with(pattern, rule).cost_s for pattern in portion])

    if prober.branches < config.max_branches:
        descend(prober.space.of(best.action), best.cost_s, look_around, evaluate)


def _starts(prober: Probes, schema: Schema) -> Iterator[Pattern]:
    """All users alike; and the users with the fastest radio, spread over the remote options."""
    choices = prober.space.choices
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
    prober: Probes, here: Patterns, config: SearchConfig, rng: np.random.Generator
) -> Iterator[Patterns]:
    """One user chooses differently, in random order; then two users exchange their choices."""
    moves = prober.space.moves(here)
    yield from moves[rng.permutation(len(moves))]
    for _ in range(config.swaps_per_user * prober.users):
        one, other = rng.choice(prober.users, size=2, replace=False)
        if here[one] != here[other]:
            swapped = exchanged(here, one, other)
            if _can_run(prober, swapped):
                yield swapped


def _can_run(prober: Probes, pattern: Pattern | Patterns) -> bool:
    return bool(prober.space.allows(np.array(pattern)))


def _portions(prober: Probes, patterns: Iterator[Patterns]) -> Iterator[list[Pattern]]:
    """Patterns that were not run yet, some at a time."""
    portion: list[Pattern] = []
    for pattern in patterns:
        key = tuple(pattern.tolist())
        if not prober.measured(key):
            portion.append(key)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion
