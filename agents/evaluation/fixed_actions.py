# SPDX-License-Identifier: MIT
"""The best joint action to play in every state: what a policy that looks at nothing can reach."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.inference.cost import CostRule

#: Joint actions whose costs are computed at once, to bound memory.
CHUNK: Final = 100_000


def joint_actions(users: int, options: int) -> Iterator[NDArray[np.int32]]:
    """All joint actions, in portions ``[B, N]`` of at most `CHUNK`."""
    every = itertools.product(range(options), repeat=users)
    while chunk := list(itertools.islice(every, CHUNK)):
        yield np.array(chunk, dtype=np.int32)


def best_fixed(
    tables: Sequence[OutcomeTable], rule: CostRule, chosen_on: Sequence[NDArray[np.bool_]]
) -> NDArray[np.int32]:
    """The joint action of least mean cost, once for each choice of states.

    Args:
        tables: complete ones, of S states.
        rule: what an epoch costs.
        chosen_on: C masks ``[S]``, each with at least one state.

    Returns:
        ``[C, N]``; of equal ones the first in lexicographic order.
    """
    users, options = tables[0].users, len(tables[0].top5_percent)
    least_s = np.full(len(chosen_on), np.inf)
    best = np.zeros((len(chosen_on), users), dtype=np.int32)
    for portion in joint_actions(users, options):
        space = tables[0].space
        actions = portion[space.allows(space.of(portion))]
        if not len(actions):
            continue
        costs_s = np.array([table.costs_s(actions, rule) for table in tables])
        for index, mask in enumerate(chosen_on):
            mean_s = costs_s[mask].mean(axis=0)
            cheapest = int(mean_s.argmin())
            if mean_s[cheapest] < least_s[index]:
                least_s[index], best[index] = mean_s[cheapest], actions[cheapest]
    return best


def best_elsewhere(
    tables: Mapping[int, Sequence[OutcomeTable]], rule: CostRule
) -> dict[int, JointAction]:
    """For each episode the joint action that is best at the states of all the others.

    Args:
        tables: measured states by the seed of their episode.
        rule: what an epoch costs.

    Returns:
        By seed; empty with fewer than two episodes, where there are no others.
    """
    seeds = list(tables)
    if len(seeds) < 2:  # noqa: PLR2004 - one chooses, another one is played
        return {}
    episode = np.repeat(seeds, [len(tables[seed]) for seed in seeds])
    states = [table for seed in seeds for table in tables[seed]]
    best = best_fixed(states, rule, [episode != seed for seed in seeds])
    return dict(zip(seeds, best, strict=True))
