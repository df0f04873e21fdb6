# SPDX-License-Identifier: MIT
"""Interquartile means, intervals and runs that were cut off."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tandem.agents.evaluation.aggregate import Bounded, iqm, ratio_interval, summarise


def finished(*values: float) -> list[Bounded]:
    return [Bounded(value) for value in values]


def test_iqm_drops_a_quarter_at_each_end() -> None:
    assert float(iqm(np.array([1.0, 2.0, 3.0, 100.0]))) == 2.5
    assert float(iqm(np.array([5.0, 1.0, 3.0, 2.0, 1000.0]))) == pytest.approx(10 / 3)


def test_interval_covers_the_true_centre_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(20):
        summary = summarise([Bounded(float(value)) for value in rng.normal(100.0, 10.0, 12)])
        covered += summary.low.value <= 100.0 <= summary.high.value
    # The percentile bootstrap of so few runs is a little too narrow.
    assert covered >= 15


def test_equal_runs_give_an_interval_of_no_width_and_equal_results() -> None:
    summary = summarise(finished(7.0, 7.0, 7.0, 7.0, 7.0))
    assert (summary.low.value, summary.iqm.value, summary.high.value) == (7.0, 7.0, 7.0)
    some = finished(3.0, 9.0, 4.0, 8.0, 5.0)
    assert summarise(some) == summarise(some)


def test_cut_off_run_that_is_trimmed_away_leaves_the_mean_exact() -> None:
    summary = summarise([*finished(100.0, 120.0, 140.0, 160.0), Bounded(500.0, censored=True)])
    assert summary.iqm == Bounded(140.0)
    assert summary.high.censored
    assert not summary.low.censored
    assert summary.censored == 1


def test_cut_off_run_that_counts_makes_a_lower_bound() -> None:
    cut = Bounded(500.0, censored=True)
    summary = summarise([*finished(100.0, 120.0, 140.0), cut, cut])
    assert summary.iqm.censored
    assert str(summary.iqm).startswith("> ")
    assert "2 cut off" in str(summary)


def test_all_cut_off() -> None:
    summary = summarise([Bounded(500.0, censored=True)] * 5)
    assert str(summary) == "> 500 [> 500, > 500], 5 runs, 5 cut off"


def test_a_single_run_has_no_interval() -> None:
    assert str(summarise(finished(120.0))) == "120, 1 run"
    assert str(summarise([Bounded(500.0, censored=True)])) == "> 500, 1 run"


def test_cut_off_early_still_counts_as_larger() -> None:
    """A run stopped at 50 may have needed more than any finished one: the mean is a bound."""
    summary = summarise([*finished(100.0, 120.0, 140.0, 160.0), Bounded(50.0, censored=True)])
    assert summary.iqm.censored


def test_single_run_has_no_interval() -> None:
    summary = summarise(finished(12.0))
    assert summary.iqm == Bounded(12.0)
    assert math.isnan(summary.low.value)
    with pytest.raises(ValueError, match="at least 1"):
        summarise([])


def test_ratio_interval_resamples_in_pairs() -> None:
    oracle = np.array([1.0, 2.0, 3.0, 10.0])
    low, high = ratio_interval(1.2 * oracle, oracle)
    assert low == pytest.approx(1.2)
    assert high == pytest.approx(1.2)
