# SPDX-License-Identifier: MIT
"""Response times are the sum of parts that can be worked out, and the observation agrees."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from workload_runs import (
    OK,
    OPEN,
    QUIET_CELL,
    QUIET_LTE,
    QUIET_WIFI,
    TIMEOUT,
    Option,
    mean,
    run_alone,
    write_options,
)

from tandem.agents.inference.request_table import COMPONENTS
from tandem.bridge.core.simulator import Simulator

NS = 1e-9
SEGMENT_BYTES = 1400
TCP_IP_BYTES = 20 + 20 + 12  # with timestamps
SERVICE_S = 0.02
UPLOAD = Option("edge", SERVICE_S, 150_528, 4000)
SMALL = {site: Option(site, SERVICE_S, SEGMENT_BYTES, SEGMENT_BYTES) for site in ("edge", "cloud")}

# ---- The parts of an idle network ------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
def test_device_takes_its_service_time_and_nothing_else(tmp_path: Path, scenario: str) -> None:
    options = write_options(tmp_path / "options.csv", Option("device", 0.123456789))
    arguments = {"policy": "device", "deviceServiceScale": 2, "options": options}
    rows = run_alone(scenario, tmp_path, users=2, epochs=3, **arguments)
    assert len(rows) == 6
    for row in rows:
        assert row["response_time_s"] == pytest.approx(2 * 0.123456789, abs=NS)
        assert row["device_compute_s"] == row["response_time_s"]
        assert row["upload_bytes"] == row["reply_bytes"] == 0


def wifi_frame_s(ip_bytes: int) -> float:
    """Duration of an 802.11n data frame: HT-mixed preamble, MCS 7 in 20 MHz, QoS header, LLC."""
    bits = 16 + 6 + 8 * (26 + 4 + 8 + ip_bytes)
    return 36e-6 + 4e-6 * math.ceil(bits / 260)


def wire_s(ip_bytes: int, rate_bps: float, delay_s: float) -> float:
    """Serialisation of a packet with its PPP header, and propagation."""
    return 8 * (ip_bytes + 2) / rate_bps + delay_s


@pytest.mark.parametrize(
    ("site", "rate_bps", "delay_s"), [("edge", 1e9, 0.5e-3), ("cloud", 100e6, 20e-3)]
)
def test_idle_wifi_response_is_the_sum_of_its_parts(
    tmp_path: Path, site: str, rate_bps: float, delay_s: float
) -> None:
    """A segment each way: no part of it is left to chance but the slot it starts in."""
    options = write_options(tmp_path / "options.csv", SMALL[site])
    arguments = {**QUIET_WIFI, "users": 1, "epochs": 10, "options": options, "policy": site}
    rows = run_alone("wifi-edge", tmp_path, **arguments)
    packet = SEGMENT_BYTES + TCP_IP_BYTES
    flight_s = 8 / 299_792_458  # the user stands 8 m from the AP
    slot_s = 9e-6
    for row in rows:
        assert row["uplink_air_s"] == pytest.approx(wifi_frame_s(packet), abs=NS)
        assert row["uplink_backhaul_s"] == pytest.approx(wire_s(packet, rate_bps, delay_s), abs=NS)
        assert row["site_compute_s"] == pytest.approx(SERVICE_S, abs=NS)
        expected_s = SERVICE_S + 2 * (
            wifi_frame_s(packet) + flight_s + wire_s(packet, rate_bps, delay_s)
        )
        excess_s = row["response_time_s"] - expected_s
        # The medium has been idle for long, so a frame starts at the next slot boundary.
        assert -10 * NS <= excess_s <= 2 * slot_s


def test_idle_lte_response_is_bounded_by_its_parts(tmp_path: Path) -> None:
    subframe_s, grant_s = 1e-3, 4e-3  # TS 36.213: PUSCH four subframes after its grant
    block_bits = 18_336  # TS 36.213 table 7.1.7.2.1-1: 25 PRBs at MCS 28
    small = write_options(tmp_path / "small.csv", SMALL["edge"])
    arguments = {**QUIET_LTE, "users": 1, "epochs": 5}
    for row in run_alone("lte-edge", tmp_path, options=small, **arguments):
        uplink_s = row["uplink_queue_s"] + row["uplink_air_s"]
        # A grant for the buffer status report, one for the data; a report waits for its subframe.
        assert 2 * grant_s < uplink_s < 2 * grant_s + 6 * subframe_s
        assert row["uplink_air_s"] <= 2 * subframe_s + NS
        assert row["uplink_backhaul_s"] == pytest.approx(
            wire_s(SEGMENT_BYTES + TCP_IP_BYTES, 1e9, 0.5e-3), abs=NS
        )
        assert wire_s(0, 1e9, 0.5e-3) < row["downlink_s"] < 5 * subframe_s

    large = write_options(tmp_path / "large.csv", UPLOAD)
    segments = math.ceil(UPLOAD.upload_bytes / SEGMENT_BYTES)
    bits = 8 * (UPLOAD.upload_bytes + segments * (TCP_IP_BYTES + 2))  # PDCP: 2 bytes each
    blocks_s = math.ceil(bits / block_bits) * subframe_s
    rows = run_alone("lte-edge", tmp_path, options=large, **arguments)
    for k, row in enumerate(rows):
        uplink_s = row["uplink_queue_s"] + row["uplink_air_s"]
        assert row["uplink_air_s"] <= uplink_s
        # Only the first upload has to open TCP's window, in four rounds from ten segments.
        slow_start_s = 4 * 12e-3 if k == 0 else 0.0
        first_grants_s = 2 * grant_s + 6 * subframe_s
        assert blocks_s < uplink_s < blocks_s + first_grants_s + slow_start_s


# ---- The components --------------------------------------------------------------------------

LONG_ENOUGH_FOR_SOME_S = 0.15


@pytest.mark.parametrize("arrivals", ["sync", "poisson", "trace"])
@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
def test_components_sum_to_the_response_time(tmp_path: Path, scenario: str, arrivals: str) -> None:
    users, epochs = 4, 12
    trace = tmp_path / "trace.csv"
    bursts = [f"{0.3 * k + 0.001 * j},{k % users}" for k in range(20) for j in range(3)]
    trace.write_text("\n".join(["time_s,user", *bursts, ""]))
    rows = run_alone(
        scenario,
        tmp_path,
        users=users,
        epochs=epochs,
        policy="random",
        conditions="weak,regular,regular,weak",
        timeout=LONG_ENOUGH_FOR_SOME_S,
        deviceServiceScale=1,
        arrivals=arrivals,
        **{"trace": {"trace": trace}, "poisson": {"rate": 4}}.get(arrivals, {}),
    )
    assert len({row["request_id"] for row in rows}) == len(rows)
    assert {row["status"] for row in rows if row["status"] != OPEN} == {OK, TIMEOUT}
    assert arrivals == "poisson" or all(row["status"] != OPEN for row in rows)
    assert {row["site"] for row in rows} == {0, 1, 2}
    if arrivals == "sync":
        assert len(rows) == users * epochs
    for row in rows:
        parts = [row[name] for name in COMPONENTS]
        assert min(parts) >= 0
        assert sum(parts) == pytest.approx(row["response_time_s"], abs=NS)
        if row["status"] == TIMEOUT:
            assert row["response_time_s"] == pytest.approx(LONG_ENOUGH_FOR_SOME_S, abs=NS)
        elif row["status"] == OPEN:
            assert row["response_time_s"] < LONG_ENOUGH_FOR_SOME_S
        else:
            assert row["response_time_s"] <= LONG_ENOUGH_FOR_SOME_S
            on_the_way = [row[name] > 0 for name in COMPONENTS[2:5] + COMPONENTS[6:]]
            assert all(on_the_way) if row["site"] else not any(on_the_way)


# ---- Weak users ------------------------------------------------------------------------------

# More segments than the 64 that a queue discipline passes on at one go, and less than the 150 kB
# that an LTE buffer status report can tell: beyond, ns-3's UE waits for a second report.
BURST = Option("edge", SERVICE_S, 100_000, 1400)


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
@pytest.mark.parametrize("option", [SMALL["edge"], BURST], ids=["segment", "burst"])
def test_weak_network_adds_its_delay_to_the_uplink(
    tmp_path: Path, scenario: str, option: Option
) -> None:
    delay_s = 0.02
    arguments = {
        **QUIET_CELL[scenario],
        "users": 1,
        "epochs": 8,
        "options": write_options(tmp_path / "options.csv", option),
    }

    def play(**more: object) -> dict[str, float]:
        # The first ones open TCP's window, for which a longer round trip counts several times.
        rows = run_alone(scenario, tmp_path, **arguments, **more)[4:]
        columns = ("downlink_s", "site_compute_s", "uplink_backhaul_s")
        means = {name: mean(rows, name) for name in columns}
        means["uplink_s"] = mean(rows, "uplink_queue_s") + mean(rows, "uplink_air_s")
        return means

    regular, weak = play(), play(conditions="weak")
    weaker = play(conditions="weak", weakDelay=35)
    # WiFi: the next slot, or chance in the contention with TCP's acknowledgements; LTE: the next
    # subframe.
    tolerance_s = {
        "wifi-edge": {SMALL["edge"]: 20e-6, BURST: 2e-3},
        "lte-edge": {SMALL["edge"]: 1.1e-3, BURST: 1.1e-3},
    }[scenario][option]
    assert weak["uplink_s"] - regular["uplink_s"] == pytest.approx(delay_s, abs=tolerance_s)
    assert weaker["uplink_s"] - regular["uplink_s"] == pytest.approx(0.035, abs=tolerance_s)
    for name in ("downlink_s", "site_compute_s", "uplink_backhaul_s"):
        assert weak[name] == pytest.approx(regular[name], abs=3e-4)


def test_weak_user_does_not_slow_its_neighbour(tmp_path: Path) -> None:
    options = write_options(tmp_path / "options.csv", SMALL["edge"])
    arguments = {**QUIET_WIFI, "epochs": 5, "options": options}
    alone = run_alone("wifi-edge", tmp_path, users=1, **arguments)
    both = run_alone("wifi-edge", tmp_path, users=2, conditions="weak,regular", **arguments)
    for row, reference in zip([r for r in both if r["user"] == 1], alone, strict=True):
        # A frame of the other one, a few hundred microseconds, may come first.
        assert row["response_time_s"] == pytest.approx(reference["response_time_s"], abs=5e-4)
    assert min(row["uplink_queue_s"] for row in both if row["user"] == 0) > 0.0199


# ---- Contention ------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
def test_all_edge_grows_with_the_number_of_users(tmp_path: Path, scenario: str) -> None:
    """Radio and edge both: the uplink's share is the radio's alone."""
    responses, uplinks = [], []
    # All near: where the first users happen to stand would count for more than how many follow.
    equal = {"edgeQuietLoad": 0, "edgeBusyLoad": 0, "radius": 10}
    for users in (1, 2, 5, 10):
        rows = run_alone(scenario, tmp_path, users=users, epochs=3, seed=2, **equal)
        responses.append(mean(rows, "response_time_s"))
        uplinks.append(mean(rows, "uplink_queue_s") + mean(rows, "uplink_air_s"))
    assert responses == sorted(responses), responses
    assert uplinks == sorted(uplinks), uplinks
    assert responses[3] > 1.5 * responses[0]
    assert uplinks[3] > 1.5 * uplinks[0]


# ---- Observation -----------------------------------------------------------------------------

RADIO = {"wifi-edge": (7, 65e6, 8), "lte-edge": (28, 18.336e6, 50)}


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
def test_observation_agrees_with_the_requests(tmp_path: Path, scenario: str) -> None:
    users, service_s = 3, 0.02
    options = write_options(tmp_path / "options.csv", UPLOAD, Option("device", service_s))
    arguments = {**QUIET_CELL[scenario], "users": users, "options": options, "epochs": 5}
    mcs, rate_bps, distance_m = RADIO[scenario]
    with Simulator(scenario, arguments) as simulator:
        columns = {
            block.name: [column.name for column in block.columns]
            for block in simulator.schema.observation
        }
        simulator.reset(1)
        for _ in range(3):
            frame = simulator.step([0, 0, 1])
            table = {
                name: [dict(zip(columns[name], row, strict=True)) for row in block]
                for name, block in frame.observation.items()
            }
            requests = {row["user"]: row for row in frame.records["requests"]}
            elapsed_s = 0.05 + max(row["response_time_s"] for row in requests.values())
            for user in range(users):
                check_user(table["users"][user], requests[user], distance_m)
            for user in table["users"][:2]:
                assert (user["mcs"], user["rate_bps"]) == (mcs, pytest.approx(rate_bps, rel=1e-6))
            edge, cloud = table["sites"]
            busy_s = 2 * service_s
            core_time_s = edge["cores"] * elapsed_s
            assert edge["utilisation"] == pytest.approx(busy_s / core_time_s, rel=0.02)
            assert edge["background_utilisation"] == cloud["utilisation"] == 0
            (cell,) = table["cells"]
            airtime_s = sum(user["airtime_s"] for user in table["users"])
            assert cell["stations"] == users
            assert cell["background_bps"] == 0
            assert 0 < cell["airtime_fraction"] < 1
            if scenario == "wifi-edge":
                # Also ACKs, beacons and downlink; collisions overlap.
                assert cell["airtime_fraction"] * elapsed_s > 0.9 * airtime_s
            else:
                # Users share the blocks of a subframe, so their airtime counts more than once.
                assert cell["airtime_fraction"] * elapsed_s < airtime_s


def check_user(state: dict[str, float], request: np.void, distance_m: float) -> None:
    """What a user's row of the observation says of the request that has just ended."""
    assert state["distance_m"] == pytest.approx(distance_m)
    assert state["last_response_time_s"] == request["response_time_s"]
    for name in COMPONENTS:
        assert state["last_" + name] == request[name]
    assert state["unfinished_requests"] == state["tcp_backlog_bytes"] == 0
    assert state["last_option"] == request["option"]
    assert state["mac_retransmissions"] >= request["mac_retransmissions"]
    assert state["tcp_retransmissions"] >= request["tcp_retransmissions"]
    if request["site"]:
        upload_s = sum(
            request[name] for name in ("uplink_queue_s", "uplink_air_s", "uplink_backhaul_s")
        )
        assert state["goodput_bps"] == pytest.approx(8 * UPLOAD.upload_bytes / upload_s, rel=1e-6)
        # Besides the upload only TCP's own segments: a few acknowledgements of the reply.
        assert request["uplink_air_s"] <= state["airtime_s"] + NS
        assert state["airtime_s"] < request["uplink_air_s"] + 0.005
        assert state["edge_cwnd_bytes"] >= 14_000
        assert state["edge_ssthresh_bytes"] > 0
        assert 0 < state["edge_rtt_s"] < 0.2
    else:
        assert state["goodput_bps"] == 0
        assert state["airtime_s"] < 0.005
