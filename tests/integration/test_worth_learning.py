# SPDX-License-Identifier: MIT
"""The scenarios of networks are worth learning: what an agent sees says what it should do.

`docs/examples/worth_learning.py` measures it in full (docs/results.md). Here a rule of a few lines
must leave the best of some constant actions 15 % behind; that fails where phases, geometry or
traffic no longer call for different actions.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
RESULTS = ROOT / "docs" / "results" / "worth-learning"
#: The best constant action is at least 15 % below.
NEEDED_RATIO = 1 / 0.85
#: Episodes with both kinds of traffic, or UEs in all kinds of places.
SEEDS = {"wifi-contention": range(3, 9), "tcp-bottleneck": range(1, 7), "lte-power": range(1, 13)}
LIMIT_S = 110
#: Half a minute of simulation.
SLOW = "wifi-contention"


@pytest.mark.parametrize(
    "scenario", [pytest.param(name, marks=[pytest.mark.slow] * (name == SLOW)) for name in SEEDS]
)
def test_a_rule_that_looks_beats_constant_actions(scenario: str) -> None:
    example = runpy.run_path(str(EXAMPLES / "simple_rules.py"))
    assert example["ratio"](scenario, SEEDS[scenario]) >= NEEDED_RATIO


@pytest.mark.parametrize("scenario", SEEDS)
def test_what_was_measured_shows_it_and_is_what_the_pages_say(scenario: str) -> None:
    policies = json.loads((RESULTS / f"{scenario}.json").read_text())["policies"]
    constant = policies["constant"]
    reached = {name: policy["ratio"] for name, policy in policies.items() if name != "constant"}
    assert max(reached.values()) >= NEEDED_RATIO
    tutorial = (ROOT / "docs" / "tutorials" / f"{scenario}.md").read_text()
    overview = (ROOT / "docs" / "results.md").read_text()
    assert f"{constant['equivalent_mbps']:.3f}" in tutorial
    for ratio in reached.values():
        assert f"{ratio:.2f}" in tutorial
        assert f"{ratio:.2f}" in overview


def test_the_measurement_runs_as_a_whole(tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    out, picture = tmp_path / "out.json", tmp_path / "out.png"
    small = "--epochs 3 --episodes 2 --steps 64 --rollout 32 --seeds 1 --search 1 --stride 5"
    done = subprocess.run(
        [
            *(sys.executable, str(EXAMPLES / "worth_learning.py"), "tcp-bottleneck"),
            *small.split(),
            *("--out", str(out), "--plot", str(picture)),
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text())
    assert set(results["policies"]) == {"constant", "ppo 1", "search"}
    assert picture.stat().st_size > 0
    written = tmp_path / "README.md"
    plot = runpy.run_path(str(EXAMPLES / "worth_learning_plot.py"))
    plot["main"]([str(out), "--table", str(written)])
    assert written.read_text().count("| tcp-bottleneck |") == len(results["policies"])
