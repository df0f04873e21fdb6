# SPDX-License-Identifier: MIT
"""How far a cell reaches and how many it serves: refused where the radio ends, and not before."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import ScenarioWarning
from tandem.bridge.core.scenarios import scenario_executable
from tandem.scripts.app.common.toolchain import Toolchain
from tandem.scripts.cli import app

ALL_USERS = -1
MINOR_RELEASE = int(Toolchain.installed().ns3_version.split(".")[1])
#: Goodput at the edge of the range over goodput nearby, at one rate.
NEARLY_ALL = 0.8


def alone(scenario: str, **arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the executable itself."""
    options = [f"--{name}={value}" for name, value in arguments.items()]
    command = [str(scenario_executable(scenario)), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def goodput_bps(folder: Path, **arguments: object) -> dict[int, float]:
    """Goodput by user in one epoch of `saturation`; `ALL_USERS` has the sum."""
    table = folder / "goodput.csv"
    done = alone("saturation", epochs=1, requests=table, **arguments)
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return {int(row["user"]): float(row["goodput_bps"]) for row in rows}


# ---- Range -----------------------------------------------------------------------------------

#: ns-3.48 receives HE frames no farther than others of that width.
HE_160_MHZ = (51.15, ["-82 dBm"]) if MINOR_RELEASE < 45 else (47.13, ["HeMcs0", "160 MHz"])
#: Arguments, the range in metres, and what the message says moves it.
WIFI_RANGES = [
    ({"channelWidth": 20}, 51.15, ["-82 dBm", "--txPower", "--pathLossExponent"]),
    ({"standard": "80211ac", "channelWidth": 80}, 51.15, ["-82 dBm"]),
    ({"standard": "80211ac", "channelWidth": 160}, 47.13, ["VhtMcs0", "160 MHz", "--channelWidth"]),
    ({"standard": "80211ax", "channelWidth": 160}, *HE_160_MHZ),
    ({"rateControl": "constant:7"}, 26.01, ["HtMcs7", "20 MHz", "a lower MCS in --rateControl"]),
]


@pytest.mark.parametrize(("arguments", "range_m", "words"), WIFI_RANGES)
def test_wifi_reaches_as_far_as_frames_are_received(
    tmp_path: Path, arguments: dict[str, object], range_m: float, words: list[str]
) -> None:
    refused = alone("wifi-edge", policy="edge", radius=range_m + 0.1, **arguments)
    assert refused.returncode == 1
    assert f"[1, {range_m}] m" in refused.stderr
    assert all(word in refused.stderr for word in words), refused.stderr
    cell = {"rateControl": "constant:0", "placement": "ring", "duration": 0.3, **arguments}
    near, far = (
        goodput_bps(tmp_path, users=1, radius=radius, **cell)[0]
        for radius in (range_m / 3, range_m - 0.1)
    )
    assert far > NEARLY_ALL * near


def test_a_stronger_signal_reaches_farther_in_the_same_width() -> None:
    wide = {"standard": "80211ac", "channelWidth": 160, "txPower": 19, "radius": 100}
    told = re.search(r"\[1, ([0-9.]+)\] m", alone("wifi-edge", policy="edge", **wide).stderr)
    assert told
    # 3 dB more at an exponent of 3 are a tenth of a decade.
    assert float(told[1]) == pytest.approx(47.13 * 10**0.1, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"enbTxPower": 0}, ["downlink", "50 PRBs", "--enbTxPower=0 dBm"]),
        ({"ueTxPower": 0}, ["uplink", "50 PRBs", "--ueTxPower=0 dBm"]),
        ({"bandwidth": 100, "radius": 800}, ["uplink", "100 PRBs", "less --bandwidth"]),
    ],
)
def test_lte_reaches_as_far_as_the_weaker_direction(
    arguments: dict[str, object], words: list[str]
) -> None:
    refused = alone("lte-edge", policy="edge", **arguments)
    assert refused.returncode == 1
    assert all(word in refused.stderr for word in words), refused.stderr


def test_messages_have_the_names_of_the_scenario() -> None:
    wide = {"wifiStandard": "80211ac", "wifiChannelWidth": 160}
    told = alone("hetnet", policy="edge", **wide).stderr
    for name in ("--wifiRadius=50", "--wifiTxPower=16", "--wifiChannelWidth"):
        assert name in told
    assert "--lteEnbTxPower=0" in alone("hetnet", policy="edge", lteEnbTxPower=0).stderr


# ---- Stations --------------------------------------------------------------------------------


def test_a_hundred_wifi_users_connect_and_are_served() -> None:
    done = alone(
        "wifi-edge", users=100, policy="device", epochs=1, training=0, requests="/dev/stdout"
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) == 100
    assert {row["status"] for row in rows} == {"0"}


def test_lte_serves_more_users_than_the_shortest_sounding_period(tmp_path: Path) -> None:
    served = goodput_bps(tmp_path, cell="lte", users=90, settle=0.2, duration=0.3, radius=50)
    assert all(goodput > 0 for goodput in served.values())


@pytest.mark.slow
def test_lte_serves_as_many_users_as_there_are_sounding_subframes(tmp_path: Path) -> None:
    served = goodput_bps(tmp_path, cell="lte", users=320, settle=0.5, duration=0.5, radius=50)
    assert len(served) == 321
    assert all(goodput > 0 for goodput in served.values())


@pytest.mark.parametrize(
    ("scenario", "arguments", "words"),
    [
        ("lte-edge", {"users": 321}, ["users=321", "1 … 320 users"]),
        ("lte-edge", {"users": 319, "backgroundStations": 2}, ["319 users", "320 stations"]),
        ("wifi-edge", {"users": 2008}, ["users=2008", "1 … 2007 users"]),
        ("wifi-edge", {"users": 2007}, ["2007 users and 1 background", "association identifier"]),
        ("hetnet", {"users": 400, "wifiUsers": 50}, ["350 users", "320 stations"]),
        ("saturation", {"cell": "lte", "users": 321}, ["321 users", "320 stations"]),
    ],
)
def test_more_stations_than_a_cell_can_have_are_refused(
    scenario: str, arguments: dict[str, object], words: list[str]
) -> None:
    refused = alone(scenario, policy="all" if scenario == "saturation" else "edge", **arguments)
    assert refused.returncode == 1
    assert all(word in refused.stderr for word in words), refused.stderr


# ---- Rates -----------------------------------------------------------------------------------

WIDE = {"standard": "80211ac", "channelWidth": 80}


def test_minstrel_with_too_many_rates_is_warned_of() -> None:
    def told(**arguments: object) -> str:
        return alone("wifi-edge", users=1, policy="device", epochs=1, **arguments).stderr

    assert "warning: minstrel has 29 rates to try" in told(**WIDE)
    assert "rateControl=ideal" in told(**WIDE)
    assert "has 36 rates" in told(standard="80211ax")
    assert "has 16 rates" in told(guardInterval=400)
    assert told() == ""
    assert told(rateControl="ideal", **WIDE) == ""
    assert told(standard="80211ax", guardInterval=3200) == ""


def test_what_a_scenario_warns_of_reaches_python_and_the_run_folder(tmp_path: Path) -> None:
    with pytest.warns(ScenarioWarning, match="wifi-edge: minstrel has 29 rates"):
        TandemEnv("wifi-edge", users=1, **WIDE).close()
    run = ["run", "--scenario", "wifi-edge", "--policy", "device", "--users", "1", "--epochs", "1"]
    run += [word for name, value in WIDE.items() for word in ("--set", f"{name}={value}")]
    with pytest.warns(ScenarioWarning):
        done = CliRunner().invoke(app, [*run, "--out", str(tmp_path / "run"), "--quiet"])
    assert done.exit_code == 0, done.output
    schema = json.loads((tmp_path / "run" / "schema.json").read_text(encoding="utf-8"))
    assert "minstrel has 29 rates" in schema["meta"]["warnings"][0]


def test_the_command_line_says_it_in_one_plain_line(tmp_path: Path) -> None:
    run = ["run", "--scenario", "wifi-edge", "--policy", "device", "--users", "1", "--epochs", "1"]
    run += [word for name, value in WIDE.items() for word in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "tandem.scripts.main", *run, "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told = [line for line in done.stderr.splitlines() if "minstrel has 29 rates" in line]
    assert len(told) == 1
    assert told[0].startswith("notice: wifi-edge: minstrel has 29 rates")
    assert "Warning" not in done.stderr


def test_minstrel_is_set_by_arguments_or_attributes(tmp_path: Path) -> None:
    busy = {"users": 2, "placement": "ring", "radius": 40, "settle": 0, "duration": 0.5}
    manager = "ns3::MinstrelHtWifiManager"
    default = goodput_bps(tmp_path, **busy)
    for argument, attribute in (
        ({"minstrelInterval": 5}, {f"{manager}::UpdateStatistics": "5ms"}),
        ({"minstrelMemory": 10}, {f"{manager}::EWMA": 10}),
    ):
        assert default != goodput_bps(tmp_path, **busy, **argument)
        assert goodput_bps(tmp_path, **busy, **argument) == goodput_bps(
            tmp_path, **busy, **attribute
        )
