# SPDX-License-Identifier: MIT
"""`saturation --places`: who stands where, from a file."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from tandem.bridge.core.scenarios import scenario_executable

HEADER = "cell,kind,x_m,y_m"
TWO_CELLS = (HEADER, "0,ap,0,0", "0,user,3,4", "1,ap,20,0", "1,user,20,7", "1,user,13,0")
FAST = ("--standard=80211ax", "--epochs=1", "--duration=0.1", "--settle=0.1")


def saturation(
    folder: Path, lines: tuple[str, ...], *options: str
) -> subprocess.CompletedProcess[str]:
    places = folder / "places.csv"
    places.write_text("\n".join([*lines, ""]))
    command = [
        str(scenario_executable("saturation")),
        f"--places={places}",
        f"--requests={folder / 'goodput.csv'}",
        *FAST,
        *options,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def goodput_bps(folder: Path) -> list[float]:
    with (folder / "goodput.csv").open(newline="") as file:
        return [float(row["goodput_bps"]) for row in csv.DictReader(file)]


def test_each_cell_has_the_users_of_the_file(tmp_path: Path) -> None:
    done = saturation(tmp_path, TWO_CELLS, "--rateControl=constant:0")
    assert done.returncode == 0, done.stderr
    *users, everybody = goodput_bps(tmp_path)
    assert len(users) == 3
    assert min(users) > 0
    assert everybody == pytest.approx(sum(users))


def test_powers_gains_and_breakpoint_decide_who_hears_whom(tmp_path: Path) -> None:
    """Networks out of each other's hearing use the channel at the same time."""
    apart = (HEADER, "0,ap,0,0", "0,user,2,0", "1,ap,60,0", "1,user,62,0")
    rate = "--rateControl=constant:7"
    assert saturation(tmp_path, apart, rate).returncode == 0
    *_, silent = goodput_bps(tmp_path)
    # 16 dBm less 46.7 dB in the first metre less 20 log10(60 m) are above -82 dBm …
    free = ("--pathLossBreakpoint=60", "--pathLossExponent=3.5")
    assert saturation(tmp_path, apart, rate, *free).returncode == 0
    *_, shared = goodput_bps(tmp_path)
    # … and so weak that they are not noticed from -62 dBm on.
    assert saturation(tmp_path, apart, rate, *free, "--detection=-62").returncode == 0
    *_, deaf = goodput_bps(tmp_path)
    assert shared < 0.6 * silent
    assert deaf > 1.6 * shared


def test_fading_costs_what_the_sinr_has_not_to_spare(tmp_path: Path) -> None:
    """MCS 7 needs 19.5 dB: the other network leaves 30 dB, and silence far more."""
    users = (HEADER, "0,ap,0,0", "0,user,2,0", "1,ap,60,0", "1,user,62,0")
    both = ("--pathLossBreakpoint=60", "--pathLossExponent=3.5", "--detection=-62")
    goodput = {}
    for case, lines, options in (("alone", users[:3], ()), ("beside", users, both)):
        for loss_db in (0, 6, 14):
            options_now = ("--rateControl=constant:7", *options, f"--fadingLoss={loss_db}")
            assert saturation(tmp_path, lines, *options_now).returncode == 0
            goodput[case, loss_db] = goodput_bps(tmp_path)[-1]
    assert goodput["alone", 0] == goodput["alone", 6] == goodput["alone", 14]
    assert goodput["beside", 6] > 0.95 * goodput["beside", 0]
    assert goodput["beside", 14] < 0.6 * goodput["beside", 0]


def test_fading_shortens_the_reach(tmp_path: Path) -> None:
    lines = (HEADER, "0,ap,0,0", "0,user,12,0")
    rate = ("--rateControl=constant:7", "--pathLossExponent=3.5")
    assert saturation(tmp_path, lines, *rate).returncode == 0
    done = saturation(tmp_path, lines, *rate, "--fadingLoss=14")
    assert done.returncode != 0
    assert "lost in the noise of 20 MHz" in done.stderr


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        ((HEADER,), (), ("has no row",)),
        ((HEADER, "0,ap,0,0"), (), ("cell 0", "1 APs and 0 users")),
        ((HEADER, "0,tree,0,0"), (), ("tree", "ap or user")),
        ((HEADER, "1,ap,0,0", "1,user,2,0"), (), ("cell 0", "0 APs and 0 users")),
        ((HEADER, "0,ap,0,0", "0,user,500,0"), (), ("500 m", "--txPower")),
        (TWO_CELLS, ("--mobility=walk",), ("--mobility=walk", "--places")),
        (TWO_CELLS, ("--users=9",), ("--users=9", "--places")),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, lines: tuple[str, ...], options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    done = saturation(tmp_path, lines, *options)
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr
