# SPDX-License-Identifier: MIT
"""Optima by how much they may know, and policies against the one that can be had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tandem.agents.evaluation.futures import FuturesJudge
from tandem.agents.evaluation.mean_table import mean_table
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import OracleError
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.patterns import PatternSpace

RULE = PaperCost(85.0)
#: Options: a device variant of 88 %, two remote options of 90 %.
SPACE = PatternSpace(group=np.array([0, 1, 2]), devices=np.array([0]), remote=np.array([1, 2]))
ACCURACY_PERCENT = np.array([88.0, 90.0, 90.0])


def future(edge_s: float, cloud_s: float) -> OutcomeTable:
    """One user."""
    return OutcomeTable(
        space=SPACE,
        top5_percent=ACCURACY_PERCENT,
        observation={"cells": np.array([[1.0]])},
        patterns=np.array([[0], [1], [2]]),
        response_s=np.array([[0.0], [edge_s], [cloud_s]]),
        answered=np.array([[False], [True], [True]]),
        device_response_s=np.array([[1.0]]),
        device_answered=np.ones((1, 1), dtype=np.bool_),
        arrival_s=np.zeros(1),
    )


def test_the_more_an_optimum_knows_the_less_it_costs() -> None:
    judge = FuturesJudge([[future(0.1, 0.3), future(0.4, 0.2), future(0.3, 0.35)]], RULE)
    assert judge.hindsight_s == pytest.approx((0.1 + 0.2 + 0.3) / 3)
    # The edge takes 0.8 / 3 on average, the cloud 0.85 / 3.
    assert judge.best_on_average_s == pytest.approx(0.8 / 3)
    # Without the first future the cloud is ahead, without the others the edge.
    assert judge.oracle_s == pytest.approx((0.3 + 0.4 + 0.3) / 3)
    edge = judge.evaluate(lambda observation: np.array([1], dtype=np.int32))
    assert edge.cost_s == pytest.approx(0.8 / 3)
    assert edge.ratio == pytest.approx(0.8)
    device = judge.evaluate(lambda observation: np.array([0], dtype=np.int32))
    assert device.cost_s == pytest.approx(1.0)
    assert device.accuracy_percent == pytest.approx(88.0)


def test_equal_futures_leave_no_luck() -> None:
    judge = FuturesJudge([[future(0.1, 0.3)] * 2, [future(0.5, 0.2)] * 2], RULE)
    assert judge.hindsight_s == judge.best_on_average_s == judge.oracle_s == pytest.approx(0.15)


def test_a_time_out_in_one_future_counts_in_that_one() -> None:
    lost = replace(future(2.0, 0.3), answered=np.array([[False], [False], [True]]))
    judge = FuturesJudge([[future(0.1, 0.3), lost]], RULE)
    result = judge.evaluate(lambda observation: np.array([1], dtype=np.int32))
    assert result.cost_s == pytest.approx((0.1 + 2.0) / 2)
    assert result.violated == 0.5
    assert result.accuracy_percent == 45.0
    assert mean_table([future(0.1, 0.3), lost]).answered[1, 0] == 0.5


def test_what_cannot_judge_is_refused() -> None:
    with pytest.raises(OracleError, match="at least 1 state"):
        FuturesJudge([], RULE)
    with pytest.raises(OracleError, match="at least 2 are needed"):
        FuturesJudge([[future(0.1, 0.2)]], RULE)
    searched = replace(future(0.1, 0.2), patterns=np.array([[0], [1]]))
    with pytest.raises(OracleError, match="only searched"):
        FuturesJudge([[searched, searched]], RULE)
