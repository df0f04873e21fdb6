# SPDX-License-Identifier: MIT
"""Rewards computed from hand-made request tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from request_rows import DTYPE, MakeRequests

from tandem.agents.inference.components import read_answers
from tandem.agents.inference.cost import VIOLATION_S
from tandem.agents.inference.domain import INFERENCE
from tandem.agents.inference.objective import (
    EpochCost,
    InferenceResult,
    MeanResponseTime,
    PaperObjective,
)
from tandem.agents.inference.request_table import RequestStatus
from tandem.bridge.core.block import Block, Column, RecordTable
from tandem.bridge.core.objective import EpochResult, resolve
from tandem.bridge.core.schema import Schema

META: dict[str, Any] = {
    "options": [{"option": 0, "top5_percent": 89.9}, {"option": 1, "top5_percent": 72.8}]
}


def schema_of(columns: Sequence[str] = DTYPE.names or (), meta: Any = META) -> Schema:
    """A scenario with a table ``requests`` of those columns; of none, without the table."""
    table = RecordTable("requests", 1, 0, 8, tuple(Column(name, "", "") for name in columns))
    action = Block("option", "int32", (2,), 0, low=0, high=1)
    return Schema("made", "", "", "", (), (action,), (table,) if columns else (), meta)


def result(requests: NDArray[np.void], meta: dict[str, Any] | None = None) -> InferenceResult:
    return InferenceResult(0, None, {}, {"requests": requests}, schema_of(meta=meta or META))


def ok(response_s: float, accuracy: float) -> dict[str, float]:
    return {"response_time_s": response_s, "accuracy_top5_percent": accuracy}


def timeout(limit_s: float) -> dict[str, float]:
    return {
        "response_time_s": limit_s,
        "accuracy_top5_percent": 89.9,
        "status": RequestStatus.TIMEOUT,
    }


def still_open(age_s: float) -> dict[str, float]:
    return {
        "response_time_s": age_s,
        "accuracy_top5_percent": 89.9,
        "status": RequestStatus.OPEN,
    }


def test_accurate_epoch_costs_its_mean(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 89.9), ok(0.3, 88.1))
    assert PaperObjective(89.0)(result(requests)) == pytest.approx(-0.2)


def test_inaccurate_epoch_costs_its_maximum(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 89.9), ok(0.3, 72.8))
    assert PaperObjective(85.0, violation_s=0.0)(result(requests)) == pytest.approx(-0.3)


def test_fast_and_useless_answers_do_not_pay(make_requests: MakeRequests) -> None:
    useless = make_requests(ok(0.01, 72.8), ok(0.01, 72.8))
    accurate = make_requests(ok(0.3, 89.9), ok(0.3, 89.9))
    objective = PaperObjective(85.0)
    assert objective(result(useless)) == -VIOLATION_S < objective(result(accurate))
    slow = make_requests(ok(2.0, 72.8))
    assert objective(result(slow)) == pytest.approx(-2.0)


@pytest.mark.parametrize("violation_s", [-0.1, float("nan")])
def test_bad_violation_cost_is_named(violation_s: float) -> None:
    with pytest.raises(ValueError, match=str(violation_s)):
        PaperObjective(85.0, violation_s)


def test_min_accepts_the_least_accurate(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 72.8), ok(0.3, 72.8))
    assert PaperObjective("min")(result(requests)) == pytest.approx(-0.2)


@pytest.mark.parametrize("users", [1, 3, 7, 64])
def test_max_forgives_rounding_of_the_mean(make_requests: MakeRequests, users: int) -> None:
    requests = make_requests(*[ok(0.1 + 0.01 * user, 89.9) for user in range(users)])
    mean_s = float(requests["response_time_s"].mean())
    assert PaperObjective("max")(result(requests)) == pytest.approx(-mean_s)


def test_max_notices_one_weaker_variant(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 89.9), ok(0.3, 88.9))
    assert PaperObjective("max", 0.0)(result(requests)) == pytest.approx(-0.3)


def test_timeout_counts_with_its_limit_and_no_accuracy(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 89.9), timeout(10.0))
    cost = EpochCost.of(requests)
    assert cost == EpochCost(2, 1, 5.05, 10.0, 89.9 / 2)
    assert PaperObjective(85.0)(result(requests)) == -10.0
    assert MeanResponseTime()(result(requests)) == pytest.approx(-5.05)


def test_an_open_request_counts_once_it_is_slower_than_those_that_ended(
    make_requests: MakeRequests,
) -> None:
    """Ended: 0.1 and 0.3 s on average 0.2 s. Open for 0.1 s says nothing, open for 0.8 s does."""
    rows = [ok(0.1, 89.9), ok(0.3, 89.9), still_open(0.1), still_open(0.8)]
    requests = make_requests(*rows)
    mean_s, mean_percent = (sum(column) / 3 for column in ((0.1, 0.3, 0.8), (89.9,) * 3))
    assert EpochCost.of(requests) == EpochCost(2, 0, mean_s, 0.8, mean_percent, 2)
    for objective in (PaperObjective(85.0), MeanResponseTime()):
        assert objective(result(requests)) == pytest.approx(-0.4)
    # However many have just arrived, they do not make the epoch look fast.
    assert MeanResponseTime()(result(make_requests(*rows, still_open(0.01)))) == pytest.approx(-0.4)


def test_open_requests_alone_cost_what_they_have_taken(make_requests: MakeRequests) -> None:
    requests = make_requests(still_open(0.5), still_open(1.5))
    assert EpochCost.of(requests) == EpochCost(0, 0, 1.0, 1.5, 89.9, 2)
    assert MeanResponseTime()(result(requests)) == pytest.approx(-1.0)


def test_an_objective_gets_open_requests_apart_from_those_that_ended(
    make_requests: MakeRequests,
) -> None:
    seen = result(make_requests(ok(0.1, 89.9), still_open(0.2), timeout(10.0)))
    assert seen.requests["response_time_s"].tolist() == [0.1, 10.0]
    assert seen.open_requests["response_time_s"].tolist() == [0.2]
    assert len(seen.records["requests"]) == 3


def test_open_requests_teach_no_components(make_requests: MakeRequests) -> None:
    requests = make_requests(
        {"device_compute_s": 0.1}, {"user": 1, "status": 2, "device_compute_s": 0.05}
    )
    answers = read_answers(np.array([0, 0], dtype=np.int32), requests)
    assert answers.answered.tolist() == [True, False]
    assert answers.components_s.sum() == pytest.approx(0.1)


def test_epoch_without_finished_request_costs_nothing(make_requests: MakeRequests) -> None:
    empty = make_requests()
    assert EpochCost.of(empty) == EpochCost(0, 0, 0.0, 0.0, 0.0)
    assert PaperObjective(85.0)(result(empty)) == 0.0
    assert MeanResponseTime()(result(empty)) == 0.0


@given(
    st.lists(st.tuples(st.floats(1e-4, 10.0), st.floats(0.0, 100.0)), min_size=1, max_size=20),
    st.floats(0.0, 100.0),
)
def test_paper_reward_lies_between_maximum_and_mean(
    rows: list[tuple[float, float]], threshold: float
) -> None:
    requests = np.zeros(len(rows), DTYPE)
    requests["response_time_s"] = [row[0] for row in rows]
    requests["accuracy_top5_percent"] = [row[1] for row in rows]
    cost = EpochCost.of(requests)
    reward = PaperObjective(threshold)(result(requests))
    assert reward in (-cost.mean_response_time_s, -max(cost.max_response_time_s, VIOLATION_S))
    assert cost.mean_response_time_s <= cost.max_response_time_s + 1e-12


@pytest.mark.parametrize("threshold", [-1.0, 100.1, float("nan"), "best"])
def test_bad_threshold_is_named(threshold: Any) -> None:
    with pytest.raises(ValueError, match=str(threshold)):
        PaperObjective(threshold)


def test_named_threshold_needs_options(make_requests: MakeRequests) -> None:
    with pytest.raises(ValueError, match="no options"):
        PaperObjective("max")(result(make_requests(ok(0.1, 89.9)), {"users": 2}))


def test_default_depends_on_the_request_table() -> None:
    assert isinstance(resolve(None, schema_of()), PaperObjective)
    assert resolve(None, schema_of(())) is None
    assert resolve(None, schema_of(("user", "decision"))) is None  # somebody else's table


def test_names_and_callables_are_accepted() -> None:
    assert isinstance(resolve("mean", schema_of()), MeanResponseTime)

    def mine(result: EpochResult) -> float:
        return 1.0

    assert resolve(mine, schema_of(())) is mine


def test_unusable_objectives_are_refused() -> None:
    with pytest.raises(ValueError, match="'fastest' is unknown: one of paper, mean"):
        resolve("fastest", schema_of())
    with pytest.raises(ValueError, match="'paper' is unknown: scenario 'made' has no objectives"):
        resolve("paper", schema_of(()))
    with pytest.raises(ValueError, match=r"scenario .made. has none: pass your own"):
        resolve(PaperObjective(), schema_of(()))
    with pytest.raises(ValueError, match="lacks option"):
        resolve(MeanResponseTime(), schema_of(("user", "decision")))
    with pytest.raises(TypeError, match="callable"):
        resolve(cast(Any, 3), schema_of())


def test_summaries_agree_with_their_columns(make_requests: MakeRequests) -> None:
    records = {"requests": make_requests(ok(0.1, 89.9), timeout(10.0))}
    decision = INFERENCE.decision_summary(records)
    episode = INFERENCE.episode_summary(records)
    assert list(decision) == [column.name for column in INFERENCE.decision_columns]
    assert list(episode) == [column.name for column in INFERENCE.episode_columns]
    assert (decision["finished"], episode["requests"], episode["timeouts"]) == (2, 2, 1)


def test_each_agent_is_charged_for_its_own_open_requests(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 89.9), still_open(0.3), still_open(0.05), still_open(0.7))
    requests["user"] = [0, 0, 0, 1]
    rewards = INFERENCE.agent_rewards({"requests": requests}, 2)
    assert rewards.tolist() == pytest.approx([-0.2, -0.7])


def test_each_agent_has_its_own_reward(make_requests: MakeRequests) -> None:
    requests = make_requests(ok(0.1, 89.9), ok(0.3, 89.9))
    requests["user"] = [2, 2]
    assert INFERENCE.agent_rewards({"requests": requests}, 3).tolist() == [0.0, 0.0, -0.2]
