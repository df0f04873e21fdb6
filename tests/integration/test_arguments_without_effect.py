# SPDX-License-Identifier: MIT
"""An argument that a mode or a switch leaves without effect is refused, not ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.core.simulator import Simulator

ENERGY = "no energy is watched; give --energy=1"


@pytest.mark.parametrize(
    ("scenario", "arguments", "message"),
    [
        ("wifi-edge", {"battery": 500}, f"--battery=500 is without effect: {ENERGY}"),
        ("wifi-edge", {"deviceDraw": 4}, f"--deviceDraw=4 is without effect: {ENERGY}"),
        ("wifi-edge", {"wifiTxDraw": 2}, f"--wifiTxDraw=2 is without effect: {ENERGY}"),
        (
            "wifi-edge",
            {"energy": 1, "lteTxDraw": 2},
            "--lteTxDraw=2 is without effect: the scenario has no lte cell; leave it out",
        ),
        (
            "lte-edge",
            {"energy": 1, "wifiIdleDraw": 0.2},
            "--wifiIdleDraw=0.2 is without effect: the scenario has no wifi cell",
        ),
        (
            "wifi-edge",
            {"linkTraceShift": 7},
            "--linkTraceShift=7 is without effect: there is no link trace; give --linkTrace=FILE",
        ),
        (
            "wifi-edge",
            {"rate": 4},
            "--rate=4 is without effect: it is used with --arrivals=",
        ),
        (
            "wifi-edge",
            {"arrivals": "poisson", "arrivalJitter": 0.1},
            "--arrivalJitter=0.1 is without effect: it is used with --arrivals=sync only, and this "
            "is --arrivals=poisson",
        ),
        (
            "lte-edge",
            {"epochLength": 1},
            "--epochLength=1 is without effect: it is used with",
        ),
        (
            "lte-edge",
            {"arrivals": "single", "epochGap": 0.2},
            "--epochGap=0.2 is without effect: it is used with --arrivals=sync only",
        ),
        ("wifi-edge", {"near": 7}, "--near=7 is without effect: stations stand there with"),
        ("hetnet", {"lteMobility": "static", "lteSpeed": 2}, "--lteSpeed=2 is without effect"),
        (
            "wifi-edge",
            {"rateControl": "ideal", "training": 1000},
            "--training=1000 is without effect: it is Minstrel's, and this is rateControl=ideal",
        ),
        (
            "lte-edge",
            {"enbSpacing": 100},
            "--enbSpacing=100 is without effect: there is one eNB; give enbs=2 or more",
        ),
        ("lte-edge", {"hysteresis": 5}, "--hysteresis=5 is without effect: there is one eNB"),
        (
            "hetnet",
            {"lteTimeToTrigger": 64},
            "--lteTimeToTrigger=64 is without effect: there is one eNB",
        ),
        (
            "wifi-edge",
            {"rateControl": "constant:3", "minstrelInterval": 20},
            "--minstrelInterval=20 is without effect: it is Minstrel's",
        ),
    ],
)
def test_it_is_refused(scenario: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error, Simulator(scenario, arguments):
        pass
    assert message in str(error.value)


def test_what_has_an_effect_or_is_the_default_is_taken(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text("1\n2\n3\n")
    arguments = {
        "users": 1,
        "energy": 1,
        "battery": 500,
        "wifiTxDraw": 2,
        "linkTrace": str(trace),
        "linkTraceShift": 7,
        "rate": 1,  # the default
        "arrivalJitter": 0.01,
        "rateControl": "ideal",
        "training": 0,
        "backgroundStations": 0,
        "backgroundRate": 5,  # of nobody: a sweep may begin with 0 stations
    }
    with Simulator("wifi-edge", arguments) as simulator:
        assert simulator.schema.meta["users"] == 1
