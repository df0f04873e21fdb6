# SPDX-License-Identifier: MIT
"""A request that times out is gone for good, and the epochs after it do not feel it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pcap_streams import read_upstreams
from workload_runs import OK, QUIET_CELL, TIMEOUT, Option, write_options

from tandem.agents.inference.request_table import COMPONENTS
from tandem.bridge.core.simulator import Simulator

TIMEOUT_S = 0.3
UPLOAD_BYTES = 150_528
# LTE ends every transfer on the border of a subframe of 1 ms. So that the next request finds the
# same part of a subframe whatever came before, an epoch starts this much after a border: an
# answer on the border and the gap, a time-out and a rest in whole steps, "wait" and the gap.
PHASE_S = 3e-4
OPTIONS = {
    "wait": Option("device", TIMEOUT_S - PHASE_S),  # the epoch of the run without a time-out
    "edge": Option("edge", 0.02, UPLOAD_BYTES, 4000),
    "small": Option("edge", 0.02, 1400, 1400),  # a segment each way
    "long upload": Option("edge", 0.02, 5_000_000, 4000),
    "long service": Option("edge", 10.0, UPLOAD_BYTES, 4000),
    "long reply": Option("edge", 0.01, 1400, 5_000_000),
    "long cloud upload": Option("cloud", 0.02, 5_000_000, 4000),
}
NUMBER = {name: k for k, name in enumerate(OPTIONS)}
STAGE = {
    "long upload": "uplink_air_s",
    "long service": "site_compute_s",
    "long reply": "downlink_s",
    "long cloud upload": "uplink_air_s",
}
EPOCHS_AFTER = ("small", "edge", "small", "edge")

# LTE has no chance in it here. WiFi: each of the two frames of a small request waits for the next
# slot boundary, up to 9 us; a large one contends with TCP's acknowledgements, where a difference of
# two such runs has a standard deviation of 1 to 2 ms in 70 ms whether or not anything timed out.
TOLERANCE_S = {
    "lte-edge": {"small": 2e-9, "edge": 2e-9},
    "wifi-edge": {"small": 2 * 9e-6, "edge": 7e-3},
}


def arguments(scenario: str, folder: Path, **more: object) -> dict[str, object]:
    return {
        **QUIET_CELL[scenario],
        "users": 1,
        "options": write_options(folder / "options.csv", *OPTIONS.values()),
        "timeout": TIMEOUT_S,
        "settle": 0.02 + PHASE_S,
        "epochGap": 0.05 + PHASE_S,
        **more,
    }


@pytest.mark.parametrize("scenario", ["lte-edge", "wifi-edge"])
def test_epochs_after_a_timeout_are_those_without_one(tmp_path: Path, scenario: str) -> None:
    with Simulator(scenario, arguments(scenario, tmp_path)) as simulator:

        def play(second: str) -> list[np.void]:
            simulator.reset(1)
            names = ("edge", second, *EPOCHS_AFTER)
            return [simulator.step([NUMBER[name]]).records["requests"][0] for name in names]

        without = play("wait")
        assert [row["status"] for row in without] == [OK] * len(without)
        for name, stage in STAGE.items():
            rows = play(name)
            dead = rows[1]
            assert dead["status"] == TIMEOUT
            assert dead["response_time_s"] == pytest.approx(TIMEOUT_S, abs=1e-9)
            assert dead[stage] > 0.1, f"{name}: not under way in {stage}"
            for option, row, expected in zip(EPOCHS_AFTER, rows[2:], without[2:], strict=True):
                assert row["status"] == OK
                assert row["response_time_s"] == pytest.approx(
                    expected["response_time_s"], abs=TOLERANCE_S[scenario][option]
                ), f"{option} after {name}"


@pytest.mark.parametrize("scenario", ["lte-edge", "wifi-edge"])
def test_server_forgets_requests_in_service_and_in_its_queue(tmp_path: Path, scenario: str) -> None:
    given = arguments(scenario, tmp_path, users=2, edgeCores=1)
    with Simulator(scenario, given) as simulator:
        simulator.reset(1)
        frame = simulator.step([NUMBER["long service"]] * 2)
        rows = np.sort(frame.records["requests"], order="user")
        assert rows["status"].tolist() == [TIMEOUT] * 2
        served, queued = sorted(rows, key=lambda row: row["site_queue_s"])
        assert served["site_compute_s"] > 0.05
        assert queued["site_queue_s"] > 0.05
        assert queued["site_compute_s"] <= 1e-3  # the core comes free when the first is dropped
        columns = [column.name for column in simulator.schema.observation[1].columns]
        edge = dict(zip(columns, frame.observation["sites"][0], strict=True))
        assert (edge["busy_cores"], edge["queue_length"], edge["backlog_s"]) == (0, 0, 0)
        users = [column.name for column in simulator.schema.observation[0].columns]
        for row in frame.observation["users"]:
            state = dict(zip(users, row, strict=True))
            assert (state["unfinished_requests"], state["tcp_backlog_bytes"]) == (0, 0)
            assert state["mac_queue_bytes"] == 0
            assert state["last_status"] == TIMEOUT
        again = simulator.step([NUMBER["edge"], NUMBER["wait"]]).records["requests"]
        assert again["status"].tolist() == [OK, OK]
        assert again[again["user"] == 0]["site_queue_s"] == 0


def test_device_forgets_a_request_that_timed_out(tmp_path: Path) -> None:
    given = arguments("wifi-edge", tmp_path, timeout=0.25)  # shorter than the service of "wait"
    with Simulator("wifi-edge", given) as simulator:
        simulator.reset(1)
        for _ in range(2):
            row = simulator.step([NUMBER["wait"]]).records["requests"][0]
            assert row["status"] == TIMEOUT
            assert row["device_queue_s"] == 0
            assert row["device_compute_s"] == pytest.approx(0.25, abs=1e-9)


@pytest.mark.parametrize("scenario", ["lte-edge", "wifi-edge"])
def test_dead_bytes_stay_on_the_dead_connection(tmp_path: Path, scenario: str) -> None:
    """As the packet trace between gateway and edge has it."""
    given = arguments(scenario, tmp_path, pcap=tmp_path / "trace", epochs=5)
    names = ("edge", "long upload", "edge", "long service", "edge")
    with Simulator(scenario, given) as simulator:
        simulator.reset(1)
        rows = [simulator.step([NUMBER[name]]).records["requests"][0] for name in names]
    assert [row["status"] for row in rows] == [OK, TIMEOUT, OK, TIMEOUT, OK]

    cell = scenario.removesuffix("-edge")
    streams = read_upstreams(tmp_path / f"trace-seed1-{cell}-edge.pcap")
    assert len({stream.port for stream in streams}) == 3  # two time-outs, two new ports
    assert [stream.reset for stream in streams] == [True, True, False]
    carried = [[message.request_id for message in stream.messages()] for stream in streams]
    assert carried == [[0, 1], [2, 3], [4]]
    for stream in streams:
        for message in stream.messages():
            whole = OPTIONS[names[message.request_id]].upload_bytes
            assert message.attempt == 0
            assert message.declared_bytes == whole
            if message.request_id == 1:
                assert 0 < message.seen_bytes < whole
            else:
                assert message.seen_bytes == whole


@pytest.mark.parametrize("scenario", ["lte-edge", "wifi-edge"])
def test_requests_behind_a_dead_one_are_sent_again_in_full(tmp_path: Path, scenario: str) -> None:
    """One connection, three requests: the first dies in its upload, the others outlive it."""
    trace = tmp_path / "trace.csv"
    trace.write_text("time_s,user\n0.01,0\n0.29,0\n0.295,0\n")
    given = arguments(scenario, tmp_path, arrivals="trace", trace=trace, epochLength=0.28)
    del given["epochGap"]  # of synchronous arrivals
    with Simulator(scenario, {**given, "epochs": 4}) as simulator:
        simulator.reset(1)
        frames = [simulator.step([NUMBER[name]]) for name in ("long upload", "edge", "edge")]
    rows = np.concatenate([frame.records["requests"] for frame in frames])
    assert rows["request_id"].tolist() == [0, 1, 2]
    assert rows["status"].tolist() == [TIMEOUT, OK, OK]
    assert rows["upload_bytes"].tolist() == [5_000_000, UPLOAD_BYTES, UPLOAD_BYTES]
    for row in rows:
        assert sum(row[name] for name in COMPONENTS) == pytest.approx(
            row["response_time_s"], abs=1e-9
        )
