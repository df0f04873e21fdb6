# SPDX-License-Identifier: MIT
"""Sequences of actions of any space: their codes, and the search for the best one."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.common.action_coding import UnfitActions
from tandem.agents.general.sequences import (
    ActionCodes,
    CrossEntropyConfig,
    Proposal,
    every_sequence,
    search,
    shifted,
)

Array = NDArray[np.float64]
CONFIG = CrossEntropyConfig()
MIXED = spaces.Dict(
    {
        "channel": spaces.MultiDiscrete([3, 3]),
        "power": spaces.Box(np.array([-10.0]), np.array([30.0]), dtype=np.float64),
        "port": spaces.Box(100, 5_000, (1,), np.int32),
    }
)


def generator() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(4, start=2),
        spaces.MultiDiscrete([[2, 3], [4, 1]]),
        spaces.Box(np.full((2, 2), -1.0), np.full((2, 2), 5.0), dtype=np.float64),
        MIXED,
    ],
)
def test_codes_are_actions_of_the_space_and_back(space: spaces.Space[object]) -> None:
    codes = ActionCodes(space)
    drawn = Proposal.even(codes, 2, None).draw(40, generator()).reshape(-1, codes.size)
    for row in drawn:
        action = codes.action(row)
        again = codes.action(codes.codes(action))
        kept = space.contains(action) or np.ndim(action) == 0
        assert kept, action
        assert str(again) == str(action)


def test_what_has_no_bounds_is_refused() -> None:
    with pytest.raises(UnfitActions, match="no bounds"):
        ActionCodes(spaces.Box(-np.inf, np.inf, (1,)))


def test_few_sequences_are_all_tried() -> None:
    codes = ActionCodes(spaces.MultiDiscrete([2, 3]))
    seen: list[Array] = []

    def rate(sequences: Array) -> Array:
        seen.append(sequences)
        # Only one order of two actions is good.
        wanted = np.array([[1.0, 2.0], [0.0, 0.0]])
        return -np.abs(sequences - wanted).sum(axis=(1, 2))

    found = search(rate, codes, 2, 36, generator(), CONFIG)
    assert found.rated == 36 == len(np.unique(seen[0].reshape(36, -1), axis=0))
    assert found.sequence.tolist() == [[1.0, 2.0], [0.0, 0.0]]
    assert found.value == 0.0
    assert len(every_sequence(codes, 2)) == 36


def test_each_action_is_held_where_they_fit_into_the_budget() -> None:
    codes = ActionCodes(spaces.MultiDiscrete([4, 4]))
    batches: list[Array] = []

    def rate(sequences: Array) -> Array:
        batches.append(sequences)
        return np.zeros(len(sequences))

    first = np.full((1, 3, 2), 2.0)
    found = search(rate, codes, 3, 30, generator(), CONFIG, first=first)
    assert found.rated == 30 == sum(map(len, batches))
    assert np.array_equal(batches[0][0], first[0])
    held = {tuple(map(tuple, sequence)) for sequence in batches[0][1:17]}
    assert held == {((a, b),) * 3 for a in range(4) for b in range(4)}


@pytest.mark.parametrize("budget", [5, 100])
def test_a_budget_is_kept(budget: int) -> None:
    codes = ActionCodes(MIXED)
    counted = 0

    def rate(sequences: Array) -> Array:
        nonlocal counted
        counted += len(sequences)
        return sequences.sum(axis=(1, 2))

    assert search(rate, codes, 2, budget, generator(), CONFIG).rated == budget == counted


def test_the_cross_entropy_method_comes_near_an_optimum_of_choices_and_reals() -> None:
    codes = ActionCodes(
        spaces.Dict(
            {
                "which": spaces.MultiDiscrete([20, 20]),
                "much": spaces.Box(0.0, 10.0, (2,), np.float64),
            }
        )
    )
    assert codes.joint_actions == np.inf
    # A Dict's blocks are sorted by name: first the reals.
    best = np.array([[0.3, 0.9, 4.0, 17.0], [0.7, 0.1, 11.0, 2.0]])

    def rate(sequences: Array) -> Array:
        off = np.abs(sequences - best)
        return -(off[..., :2].sum(axis=(1, 2)) + (off[..., 2:] > 0).sum(axis=(1, 2)))

    few = search(rate, codes, 2, 3_000, generator(), CrossEntropyConfig(rounds=1))
    many = search(rate, codes, 2, 3_000, generator(), CrossEntropyConfig(rounds=10))
    again = search(rate, codes, 2, 3_000, generator(), CrossEntropyConfig(rounds=10))
    assert many.value > -0.2 > few.value
    assert np.array_equal(many.sequence, again.sequence)


def test_what_a_mask_forbids_is_never_first() -> None:
    codes = ActionCodes(spaces.MultiDiscrete([3, 2]))
    allowed = np.array([False, True, True, True, False])

    def rate(sequences: Array) -> Array:
        assert (sequences[:, 0, 0] > 0).all()
        assert (sequences[:, 0, 1] == 0).all()
        return -sequences.sum(axis=(1, 2))  # the forbidden ones would be best

    rest = np.array([[[0.0, 1.0], [2.0, 0.0]], [[2.0, 0.0], [0.0, 1.0]]])  # of a plan
    for budget in (36, 30, 6):  # all sequences; each action held; drawn
        found = search(rate, codes, 2, budget, generator(), CONFIG, first=rest, allowed=allowed)
        assert found.sequence[0].tolist() in (
            [[1.0, 0.0]] if budget > 6 else [[1.0, 0.0], [2.0, 0.0]]
        )


def test_a_plan_moves_on() -> None:
    assert shifted(np.array([[1.0], [2.0], [3.0]])).tolist() == [[2.0], [3.0], [3.0]]
