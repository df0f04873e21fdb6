# SPDX-License-Identifier: MIT
"""Recorded signal strength in place of the path loss: radios see what was recorded."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.agents.inference.heuristics import user_columns
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import ScenarioError

pytestmark = pytest.mark.filterwarnings("ignore:.*is repeated in longer episodes")

QUIET: dict[str, Any] = {
    "users": 1,
    "epochs": 0,
    "placement": "ring",
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
    "timeout": 60,
}
#: Thermal noise of 20 MHz and a noise figure of 7 dB.
NOISE_DBM = -174.0 + 10 * math.log10(20e6) + 7.0
LTE_M = 200.0
#: Of 43 dBm in one of 600 subcarriers after 200 m at 1.93 GHz with an exponent of 3.
LTE_RSRP_DBM = (
    43.0
    - 10 * math.log10(12 * 50)
    - 20 * math.log10(4 * math.pi * 1.93e9 / 299792458.0)
    - 30 * math.log10(LTE_M)
)


def trace(path: Path, quantity: str, *rows: tuple[float, float]) -> str:
    lines = [f"time_s,{quantity}_dbm", *(f"{time},{dbm!r}" for time, dbm in rows)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def everybody_sends(env: TandemEnv) -> np.ndarray:
    options = env.schema.meta["options"]
    edge = [row["site"] for row in options].index("edge")
    return np.full(int(env.schema.meta["users"]), edge, dtype=np.int32)


def snr_db(env: TandemEnv, observation: dict[str, np.ndarray]) -> np.ndarray:
    return observation["users"][:, user_columns(env.schema)["snr_db"]]


def test_wifi_follows_an_rssi_trace_which_is_repeated(tmp_path: Path) -> None:
    file = trace(tmp_path / "walk.csv", "rssi", (0, -60.0), (4, -70.0), (8, -70.0))
    with TandemEnv("wifi-edge", {**QUIET, "epochGap": 0.5, "rssiTrace": file}) as env:
        env.reset(seed=1)
        begun_s, ended_s, seen = None, 0.0, []
        while begun_s is None or ended_s - begun_s < 14.0:
            observation, *_, info = env.step(everybody_sends(env))
            request = info["requests"][0]
            arrival_s = float(request["arrival_s"])
            ended_s = arrival_s + float(request["response_time_s"])
            begun_s = arrival_s if begun_s is None else begun_s
            # Its frames were all heard in one piece of the trace, which began a little earlier.
            pieces = {int((time_s - begun_s + 0.1) // 4) for time_s in (arrival_s, ended_s)}
            if len(pieces) == 1:
                strong = pieces.pop() % 2 == 0
                seen.append((strong, float(snr_db(env, observation)[0])))
    for strong, snr in seen:
        assert snr == pytest.approx((-60.0 if strong else -70.0) - NOISE_DBM, abs=0.1)
    assert sum(strong for strong, _ in seen) >= 4
    assert sum(not strong for strong, _ in seen) >= 2


def test_each_user_begins_at_its_own_place(tmp_path: Path) -> None:
    file = trace(tmp_path / "two.csv", "rssi", (0, -55.0), (50, -65.0), (100, -65.0))
    arguments = {**QUIET, "users": 2, "rssiTrace": file, "rssiTraceShift": 50}
    with TandemEnv("wifi-edge", arguments) as env:
        env.reset(seed=1)
        observation = env.step(everybody_sends(env))[0]
        first, second = snr_db(env, observation)
        assert first - second == pytest.approx(10.0, abs=0.2)


def lte_requests(rsrp: str | None) -> tuple[np.ndarray, float]:
    """Requests of an episode, and the last signal-to-noise ratio."""
    arguments = {**QUIET, "radius": LTE_M, "mobility": "static", "powerControl": 0}
    if rsrp is not None:
        arguments["rsrpTrace"] = rsrp
    with TandemEnv("lte-edge", arguments) as env:
        env.reset(seed=1)
        rows = []
        for _ in range(4):
            observation, *_, info = env.step(everybody_sends(env))
            rows.append(info["requests"]["response_time_s"])
        return np.concatenate(rows), float(snr_db(env, observation)[0])


def test_lte_with_the_rsrp_of_its_distance_is_lte_without_a_trace(tmp_path: Path) -> None:
    plain_s, plain_db = lte_requests(None)
    same = trace(tmp_path / "same.csv", "rsrp", (0, LTE_RSRP_DBM), (1000, LTE_RSRP_DBM))
    same_s, same_db = lte_requests(same)
    np.testing.assert_allclose(same_s, plain_s, rtol=1e-9)
    assert same_db == pytest.approx(plain_db, abs=1e-6)
    less = LTE_RSRP_DBM - 20.0
    weak_s, weak_db = lte_requests(trace(tmp_path / "less.csv", "rsrp", (0, less), (1000, less)))
    assert weak_db == pytest.approx(plain_db - 20.0, abs=1e-6)
    assert weak_s.mean() > plain_s.mean()


def test_a_notice_says_how_long_it_is(tmp_path: Path) -> None:
    file = trace(tmp_path / "rssi.csv", "rssi", (0, -55.0), (5, -65.0), (9, -65.0))
    with (
        pytest.warns(UserWarning, match="lasts 9 s, goes from -65 to -55 dBm, and is repeated"),
        TandemEnv("wifi-edge", {**QUIET, "rssiTrace": file}) as env,
    ):
        env.reset(seed=1)


@pytest.mark.parametrize(
    ("scenario", "text", "arguments", "reason"),
    [
        ("wifi-edge", "time_s,rsrp_dbm\n0,-60\n1,-60\n", {}, "rssi_dbm"),
        ("wifi-edge", "time_s,rssi_dbm\n0,-60\n", {}, "two rows"),
        ("wifi-edge", "time_s,rssi_dbm\n1,-60\n2,-60\n", {}, "is not 0"),
        ("wifi-edge", "time_s,rssi_dbm\n0,-60\n0,-60\n", {}, "not after"),
        ("wifi-edge", "time_s,rssi_dbm\n0,-60\n1,30\n", {}, "-160"),
        ("wifi-edge", "time_s,rssi_dbm\n0,-60\n1,-60\n", {"shadowing": 4}, "has its shadowing"),
        ("lte-edge", "time_s,rsrp_dbm\n0,-90\n1,-90\n", {"enbs": 2}, "several eNBs"),
    ],
)
def test_a_wrong_trace_is_refused(
    tmp_path: Path, scenario: str, text: str, arguments: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    name = "rssiTrace" if scenario == "wifi-edge" else "rsrpTrace"
    with pytest.raises(ScenarioError, match=reason):
        TandemEnv(scenario, {**QUIET, **arguments, name: str(path)})


def test_a_shift_without_a_trace_is_refused() -> None:
    with pytest.raises(ScenarioError, match="there is no trace"):
        TandemEnv("lte-edge", {**QUIET, "rsrpTraceShift": 3})
