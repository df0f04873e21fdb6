# SPDX-License-Identifier: MIT
"""Actions made flat for algorithms, and back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from gymnasium import spaces

from tandem.agents.common.action_coding import UnfitActions, codings

TABLE = spaces.MultiDiscrete(np.array([[2, 3], [2, 3]]))
MIXED = spaces.Dict(
    {
        "window": spaces.Box(-3, 4, (2,), np.int32),
        "power_w": spaces.Box(0.5, 2.5, (1, 2), np.float64),
        "mode": spaces.Discrete(3, start=5),
    }
)


def test_choices_of_two_axes_become_one_axis_or_one_number() -> None:
    choices, numbered, reals = codings(TABLE)
    assert choices.space == spaces.MultiDiscrete([2, 3, 2, 3])
    assert numbered.space == spaces.Discrete(36)
    assert choices.action([1, 2, 0, 1]).tolist() == [[1, 2], [0, 1]]
    seen = {tuple(np.ravel(numbered.action(number))) for number in range(36)}
    assert seen == set(itertools.product(range(2), range(3), range(2), range(3)))
    assert reals.space.shape == (4,)


@pytest.mark.parametrize("space", [TABLE, MIXED, spaces.Box(-2, 5, (3,), np.int32)])
def test_every_coding_gives_actions_of_the_space(space: spaces.Space[object]) -> None:
    for coding in codings(space):
        coding.space.seed(1)
        for _ in range(50):
            assert coding.action(coding.space.sample()) in space


def test_whole_and_real_numbers_together_are_reals_with_equal_parts() -> None:
    (reals,) = codings(MIXED)
    assert reals.space == spaces.Box(-1.0, 1.0, (5,), np.float32)
    lowest, highest = (reals.action(np.full(5, end)) for end in (-1.0, 1.0))
    assert (lowest["mode"], highest["mode"]) == (5, 7)
    assert lowest["window"].tolist() == [-3, -3]
    assert highest["window"].tolist() == [4, 4]
    assert lowest["power_w"].tolist() == [[0.5, 0.5]]
    assert highest["power_w"].tolist() == [[2.5, 2.5]]
    shares = np.linspace(-1.0, 1.0, 3001)[:-1]
    _, counts = np.unique(
        [int(reals.action(np.full(5, share))["mode"]) for share in shares], return_counts=True
    )
    assert counts.tolist() == [1000, 1000, 1000]
    assert reals.action(np.full(5, 9.0))["window"].tolist() == [4, 4]  # beyond the end: the end


def test_too_many_joint_actions_are_not_numbered() -> None:
    kinds = [type(coding).__name__ for coding in codings(spaces.MultiDiscrete([10] * 5))]
    assert kinds == ["Choices", "Reals"]


def test_values_without_bounds_are_refused_by_index() -> None:
    low, high = np.array([0.0, -np.inf]), np.array([1.0, 1.0])
    with pytest.raises(UnfitActions, match=r"value 1 .* no bounds.*lowest and a highest"):
        codings(spaces.Box(low, high, dtype=np.float64))
    with pytest.raises(UnfitActions, match="cannot be made flat"):
        codings(spaces.Text(3))
