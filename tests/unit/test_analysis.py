# SPDX-License-Identifier: MIT
"""Analysis functions on hand-made tables with known answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from request_rows import MakeRequests

from tandem.agents.inference.request_table import COMPONENTS
from tandem.scripts.app.inspection import measures


@pytest.fixture
def requests(make_requests: MakeRequests) -> pd.DataFrame:
    """User 0: device 0.1 s, edge 0.3 s; user 1: edge 0.5 s, cloud time-out at 2 s."""
    device = {"user": 0, "site": 0, "option": 0, "device_compute_s": 0.1, "response_time_s": 0.1}
    edge = {
        "site": 1,
        "option": 8,
        "upload_bytes": 1000,
        "uplink_queue_s": 0.1,
        "uplink_air_s": 0.05,
        "uplink_backhaul_s": 0.05,
        "tcp_retransmissions": 1,
        "mac_retransmissions": 2,
    }
    return pd.DataFrame(
        make_requests(
            {**device, "accuracy_top5_percent": 80.0},
            {
                **edge,
                "user": 0,
                "site_compute_s": 0.1,
                "response_time_s": 0.3,
                "accuracy_top5_percent": 90.0,
            },
            {
                **edge,
                "user": 1,
                "site_compute_s": 0.3,
                "response_time_s": 0.5,
                "accuracy_top5_percent": 90.0,
            },
            {
                "user": 1,
                "site": 2,
                "option": 9,
                "status": 1,
                "upload_bytes": 1000,
                "uplink_queue_s": 2.0,
                "response_time_s": 2.0,
                "accuracy_top5_percent": 90.0,
            },
        )
    )


def test_latency_per_site(requests: pd.DataFrame) -> None:
    table = measures.latency(requests)
    assert list(table.index) == ["device", "edge", "cloud", "all"]
    assert table.loc["edge", "requests"] == 2
    assert table.loc["edge", "p50_s"] == pytest.approx(0.4)
    assert table.loc["edge", "p95_s"] == pytest.approx(0.49)
    assert table.loc["all", "mean_s"] == pytest.approx(2.9 / 4)
    assert table.loc["all", "timeouts"] == 1
    assert table.loc["all", "accuracy_percent"] == pytest.approx(260.0 / 4)


def test_open_requests_are_counted_and_the_slow_ones_are_not_hidden(
    requests: pd.DataFrame, make_requests: MakeRequests
) -> None:
    """Those that ended took 0.725 s on average."""
    still_open = [
        {"user": 1, "site": 1, "status": 2, "uplink_queue_s": t, "response_time_s": t}
        for t in (0.01, 1.2)
    ]
    everything = pd.concat([requests, pd.DataFrame(make_requests(*still_open))], ignore_index=True)
    table = measures.latency(everything)
    assert table.loc["all", ["requests", "timeouts", "open"]].tolist() == [4, 1, 2]
    assert table.loc["edge", ["requests", "timeouts", "open"]].tolist() == [2, 0, 2]
    assert table.loc["all", "mean_s"] == pytest.approx((2.9 + 1.2) / 5)
    assert table.loc["edge", "max_s"] == 1.2
    assert table.loc["device", "open"] == 0
    assert measures.components(everything).loc["response_time_s", "all"] == pytest.approx(4.1 / 5)
    users = measures.users(everything)
    assert users.loc[1, ["requests", "open"]].tolist() == [2, 2]
    assert users.loc[1, "mean_s"] == pytest.approx((0.5 + 2.0 + 1.2) / 3)
    assert measures.summary(everything)["open"] == 2


def test_a_user_with_nothing_but_new_requests_has_no_mean(make_requests: MakeRequests) -> None:
    rows = [{"response_time_s": 0.5}, {"user": 1, "status": 2, "response_time_s": 0.1}]
    requests = pd.DataFrame(make_requests(*rows))
    assert math.isnan(measures.users(requests).loc[1, "mean_s"])
    assert measures.fairness(requests)["jain_response_time"] == 1.0


def test_sites_that_were_not_used_are_left_out(requests: pd.DataFrame) -> None:
    table = measures.latency(requests[requests["site"] == 1])
    assert list(table.index) == ["edge", "all"]


def test_components_add_up(requests: pd.DataFrame) -> None:
    table = measures.components(requests)
    total = table.loc[list(COMPONENTS)].sum()
    assert np.allclose(total, table.loc["response_time_s"])


def test_users(requests: pd.DataFrame) -> None:
    table = measures.users(requests)
    assert table.loc[1, "timeouts"] == 1
    assert table.loc[0, "airtime_s"] == pytest.approx(0.05)
    # The time-out's bytes never arrived, so neither its bytes nor its time count as goodput.
    assert table["goodput_bps"].tolist() == pytest.approx([40_000.0, 40_000.0])
    assert table["tcp_retransmissions"].tolist() == [1, 1]
    assert table["mac_retransmissions"].tolist() == [2, 2]


def test_decision_mix(requests: pd.DataFrame) -> None:
    labels = {"options": [{"option": 8, "site": "edge", "variant": "d0"}]}
    table = measures.decision_mix(requests, labels)
    assert table["choice"].tolist() == ["0", "edge/d0", "9"]
    assert table["share"].tolist() == [0.25, 0.5, 0.25]


def test_empty_run_has_no_figures_but_no_error(make_requests: MakeRequests) -> None:
    empty = pd.DataFrame(make_requests())
    line = measures.summary(empty)
    assert line["requests"] == 0
    assert math.isnan(line["mean_s"])
    assert measures.decision_mix(empty).empty


def test_jain_of_known_values() -> None:
    assert measures.jain_index([3.0, 3.0, 3.0]) == pytest.approx(1.0)
    assert measures.jain_index([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert measures.jain_index([1.0, 2.0, 3.0]) == pytest.approx(36.0 / 42.0)
    assert measures.jain_index([0.0, 0.0]) == 1.0
    assert math.isnan(measures.jain_index([]))


@given(st.lists(st.floats(0.0, 1e300), min_size=1, max_size=30), st.floats(1e-3, 1e3))
def test_jain_is_bounded_and_has_no_unit(values: list[float], scale: float) -> None:
    index = measures.jain_index(values)
    assert 1.0 / len(values) - 1e-9 <= index <= 1.0 + 1e-9
    assert measures.jain_index(np.array(values) * scale) == pytest.approx(index, abs=1e-6)


@pytest.mark.parametrize("values", [[-1.0], [float("nan")], [float("inf")]])
def test_jain_refuses_what_has_no_share(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite, non-negative"):
        measures.jain_index(values)
