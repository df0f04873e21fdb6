# SPDX-License-Identifier: MIT
"""When effects take what they see for a change of the system, and what they do then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tandem.agents.inference.model.effects import EffectPrior, Effects, Noise

#: Noise of 1 that nothing seen will change, so that a value is its own standardised error.
CERTAIN = 1e9
ROW = np.ones((1, 1))


def effects(*, heavy: bool, sd: float = 1e-6, widening: float = 0.0) -> Effects:
    noise = Noise(sd=1.0, rows=CERTAIN, least_sd=1.0, heavy=heavy)
    return Effects(EffectPrior.of([sd], [1.0], [1.0], noise, widening=widening))


def alarms(values: Sequence[float], *, heavy: bool) -> list[int]:
    """After how many interactions, of one request each."""
    learning = effects(heavy=heavy)
    return [i for i, v in enumerate(values, 1) if learning.learn(ROW, np.array([v]))]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.0, 5.0, 5.0], [3]),
        ([-5.0, -5.0, 0.0, -5.0], [4]),
        ([3.4] * 10, []),
        ([5.0, -5.0] * 5, []),  # noise is larger than believed, nothing has moved
        ([5.0, 0.0, 0.0, 5.0, 5.0, 0.0], []),
    ],
)
def test_three_of_four_on_one_side_are_a_change(values: list[float], expected: list[int]) -> None:
    assert alarms(values, heavy=False) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.3, 0.1, 4.6, 4.8, 0.0, 0.0], []),  # a burst, as busy sites make them
        ([9.0, 9.0, 9.0], []),
        ([5.0, 5.0, 5.0, 5.0], [4]),
        ([-5.0, -5.0, 0.0, -5.0, -5.0], [5]),
        ([3.9] * 10, []),
    ],
)
def test_heavy_tailed_noise_takes_four_of_five(values: list[float], expected: list[int]) -> None:
    assert alarms(values, heavy=True) == expected


def test_after_a_change_what_showed_it_counts_anew() -> None:
    """Something believed to be 0, for certain, is 6 from now on."""
    learning = effects(heavy=False, widening=10.0)
    moved = np.array([6.0])
    assert [learning.learn(ROW, moved) for _ in range(3)] == [False, False, True]
    # The mean of three of 6 with noise 1, under a prior of variance 100: 6 · 300 / 301.
    assert learning.mean == pytest.approx(6.0 * 300.0 / 301.0)
    assert learning.sd == pytest.approx(np.sqrt(100.0 / 301.0))


def test_noise_alone_is_no_change() -> None:
    rng = np.random.default_rng(1)
    for heavy in (False, True):
        learning = effects(heavy=heavy)
        values = rng.standard_t(4, (5000, 1)) if heavy else rng.standard_normal((5000, 1))
        assert not any(learning.learn(ROW, value) for value in values)
