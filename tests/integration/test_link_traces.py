# SPDX-License-Identifier: MIT
"""Recorded links and MLPerf's arrivals: what comes through is what the trace could carry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tandem.agents.inference.objective import PercentileObjective
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import ScenarioError
from tandem.scripts.app.inspection import measures

#: Of IP and TCP with timestamps, per segment of 1400 bytes.
HEADERS = 52 / 1400
#: Close to the access point, alone and without load: the radio is much faster than the trace.
FAST = {
    "users": 1,
    "epochs": 0,
    "radius": 2,
    "standard": "80211ax",
    "rateControl": "ideal",
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
    "edgeServiceScale": 0,
    "timeout": 60,
}


def uplink_s(env: TandemEnv, option: int) -> float:
    rows = env.step(np.full(env.schema.meta["users"], option))[4]["requests"]
    return float((rows["uplink_queue_s"] + rows["uplink_air_s"]).max())


def edge_option(env: TandemEnv) -> int:
    return [row["site"] for row in env.schema.meta["options"]].index("edge")


def mahimahi(path: Path, mbps: float, lasts_ms: int) -> Path:
    """Opportunities at an even rate."""
    gap_ms = 1500 * 8 / (mbps * 1e3)
    times = np.arange(1, int(lasts_ms / gap_ms) + 1) * gap_ms
    path.write_text("".join(f"{round(ms)}\n" for ms in times))
    return path


@pytest.mark.parametrize("lasts_ms", [60, 1000])
def test_an_upload_takes_as_long_as_a_mahimahi_trace_says(tmp_path: Path, lasts_ms: int) -> None:
    """Also where the trace is much shorter than the upload, and is repeated."""
    trace = mahimahi(tmp_path / "4mbit.up", 4.0, lasts_ms)
    with TandemEnv("wifi-edge", {**FAST, "linkTrace": str(trace)}) as env:
        edge = edge_option(env)
        size = env.schema.meta["options"][edge]["upload_bytes"]
        env.reset(seed=1)
        uplink_s(env, edge)  # the window grows
        expected_s = size * (1 + HEADERS) * 8 / 4e6
        assert uplink_s(env, edge) == pytest.approx(expected_s, rel=0.03)


def test_a_csv_trace_changes_its_rate_and_is_repeated(tmp_path: Path) -> None:
    trace = tmp_path / "rates.csv"
    trace.write_text("time_s,rate_bps\n0,8e6\n5,2e6\n10,0\n")
    with TandemEnv("wifi-edge", {**FAST, "linkTrace": str(trace), "epochGap": 0.6}) as env:
        edge = edge_option(env)
        bits = env.schema.meta["options"][edge]["upload_bytes"] * (1 + HEADERS) * 8
        info = env.reset(seed=1)[1]
        begun_s = None
        seen: dict[str, list[float]] = {"fast": [], "slow": []}
        while begun_s is None or info["requests"]["arrival_s"][0] - begun_s < 16.0:
            info = env.step([edge])[4]
            row = info["requests"][0]
            begun_s = row["arrival_s"] if begun_s is None else begun_s
            since_s = (row["arrival_s"] - begun_s) % 10.0
            took_s = float(row["uplink_queue_s"] + row["uplink_air_s"])
            if since_s + took_s < 5.0:
                seen["fast"].append(took_s)
            elif since_s > 5.0 and since_s + took_s < 10.0:
                seen["slow"].append(took_s)
        # The first one grows its window.
        assert seen["fast"][1:] == pytest.approx([bits / 8e6] * (len(seen["fast"]) - 1), rel=0.05)
        assert seen["slow"] == pytest.approx([bits / 2e6] * len(seen["slow"]), rel=0.05)
        assert len(seen["fast"]) > 6
        assert len(seen["slow"]) >= 3


def test_users_begin_at_their_own_place_of_the_trace(tmp_path: Path) -> None:
    trace = tmp_path / "rates.csv"
    trace.write_text("time_s,rate_bps\n0,8e6\n50,1e6\n100,0\n")
    arguments = {**FAST, "users": 2, "linkTrace": str(trace), "linkTraceShift": 50}
    with TandemEnv("wifi-edge", arguments) as env:
        env.reset(seed=1)
        for _ in range(2):
            rows = env.step(np.full(2, edge_option(env)))[4]["requests"]
        rows = np.sort(rows, order="user")
        took_s = rows["uplink_queue_s"] + rows["uplink_air_s"]
        assert took_s[1] / took_s[0] == pytest.approx(8.0, rel=0.15)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("empty.csv", "time_s,rate_bps\n0,1e6\n", "two rows"),
        ("late.csv", "time_s,rate_bps\n1,1e6\n2,1e6\n", "is not 0"),
        ("back.csv", "time_s,rate_bps\n0,1e6\n2,1e6\n1,1e6\n", "not after"),
        ("nothing.csv", "time_s,rate_bps\n0,0\n2,0\n", "carries nothing"),
        ("back.up", "5\n4\n", "line 2: '4'"),
        ("word.up", "5\nsix\n", "line 2: 'six'"),
        ("zero.up", "0\n0\n", "carries nothing"),
    ],
)
def test_a_wrong_trace_is_refused(tmp_path: Path, name: str, text: str, reason: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ScenarioError, match=reason):
        TandemEnv("wifi-edge", {**FAST, "linkTrace": str(path)})


def test_single_stream_has_one_request_of_each_user_at_a_time() -> None:
    arguments: dict[str, Any] = {**FAST, "users": 3, "arrivals": "single", "epochLength": 1.0}
    with TandemEnv("wifi-edge", arguments, objective=PercentileObjective(90.0)) as env:
        env.reset(seed=2)
        tables, rewards = [], []
        for _ in range(3):
            _, reward, *_, info = env.step(np.full(3, edge_option(env)))
            tables.append(info["requests"])
            rewards.append(reward)
    rows = np.concatenate(tables)
    for user in range(3):
        mine = np.sort(rows[rows["user"] == user], order="request_id")
        assert len(mine) > 5
        ended_s = mine["arrival_s"] + mine["response_time_s"]
        # The next one arrives in the instant in which the last one ends.
        assert mine["arrival_s"][1:] == pytest.approx(ended_s[:-1], abs=1e-9)
    ninety = -np.percentile(tables[0]["response_time_s"], 90.0)
    assert rewards[0] == pytest.approx(ninety)
    with pytest.raises(ValueError, match="percentile 0"):
        PercentileObjective(0.0)


def test_the_bound_counts_what_is_known() -> None:
    rows = pd.DataFrame(
        {"response_time_s": [0.1, 0.4, 0.2, 0.1, 0.5], "status": [0, 0, 1, 2, 2]},
    )
    # Answered in time; late; timed out; open for less; open for longer.
    assert measures.within(rows, 0.3) == (1 / 4, 4)
