# SPDX-License-Identifier: MIT
"""The grid of the paper's experiments and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.scripts.app.paper.csv_file import csv_text
from tandem.scripts.app.paper.curves import curve, write_curves
from tandem.scripts.app.paper.grid import QUICK, PaperGrid, PoolSpec, Unit
from tandem.scripts.app.paper.results import interactions, markdown, ratio_text


def run(agent: str, reached: float, censored: bool, seed: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "users": 3,
        "condition": "A",
        "threshold": 85.0,
        "agent": agent,
        "seed": seed,
        "cap": 1000,
        "interactions": reached,
        "censored": censored,
        "oracle_s": 0.3,
        "best_on_average_s": 0.29,
        "hindsight_s": 0.25,
        "evaluations": [[5, 1.5, 88.0, 0.0], [reached, 1.04, 88.0, 0.0]],
        **more,
    }


def test_every_unit_has_a_name_of_its_own() -> None:
    for grid in (PaperGrid(), QUICK):
        names = [unit.name for unit in grid.units()]
        assert len(names) == len(set(names))
    assert len(PaperGrid().seeds) >= 5
    assert {pool.users for pool in PaperGrid().pools()} == {3, 4, 5}
    assert {pool.condition for pool in PaperGrid().pools()} == set("ABCD")


def test_agents_that_learn_a_network_play_in_ns3_itself() -> None:
    # A pool's few states hold such agents back, and flatter whoever is compared with them.
    assert all(unit.in_simulator for unit in PaperGrid().units())
    replayed = {unit.agent for unit in QUICK.units() if not unit.in_simulator}
    assert replayed == {"qlearning", "bandit"}


def test_conditions_run_from_all_regular_to_all_weak() -> None:
    weak = [PoolSpec("wifi-edge", 5, name, 40, 20).weak_users for name in "ABCD"]
    assert weak[0] == 0
    assert weak[-1] == 5
    assert weak == sorted(set(weak))


def test_no_episode_both_trains_and_judges() -> None:
    training, evaluation = PoolSpec("wifi-edge", 5, "A", 40, 20).draws()
    episodes = -(-evaluation.count // evaluation.per_episode)
    assert training.first_seed >= evaluation.first_seed + episodes


def test_schedule_grows_and_ends_at_the_cap() -> None:
    points = Unit(PoolSpec("wifi-edge", 3, "A", 4, 2), 85.0, "hybrid", 1, 5000).schedule()
    assert points[-1] == 5000
    assert points == sorted(set(points))
    gaps = np.diff(points[:-1])
    assert (np.diff(gaps) >= -1).all()
    assert len(points) < 50


def test_ratios_say_what_is_a_bound() -> None:
    def summary(value: float, censored: bool) -> Any:
        return interactions([run("a", value, censored, seed) for seed in range(5)])

    assert ratio_text(summary(1000, False), summary(10, False)) == "100"
    assert ratio_text(summary(1000, True), summary(10, False)) == "> 100"
    assert ratio_text(summary(1000, False), summary(10, True)) == "< 100"
    assert ratio_text(summary(1000, True), summary(10, True)) == "both cut off"


def test_report_marks_runs_that_were_cut_off(tmp_path: Path) -> None:
    results = [run("hybrid", 20.0, False, seed) for seed in (1, 2)]
    results += [run("joint-dqn", 1000.0, True, seed) for seed in (1, 2)]
    facts = {"command": "tandem reproduce paper", "grid": PaperGrid().as_config()}
    assert "replayed" not in markdown(results, facts)
    text = markdown(results, {**facts, "grid": QUICK.as_config()})
    assert "> 1000" in text
    assert "Trained on replayed outcomes: qlearning, bandit." in text
    assert "> 50 |" in text
    assert "2 / 2" in text
    assert "| 3 | 85 | A | 250 | 290 | 300 | 1.200 |" in text
    assert "| 1.040 | 1.076 | 1.248 |" in text
    lines = csv_text(results).splitlines()
    assert lines[1].startswith("3,85,A,hybrid,20.0,0,")
    assert lines[2].startswith("3,85,A,joint-dqn,1000.0,1,")
    (path,) = write_curves(results, tmp_path)
    assert path.name == "curves_u3.svg"
    before = path.read_bytes()
    write_curves(results, tmp_path)
    assert path.read_bytes() == before


def test_a_curve_keeps_its_last_value() -> None:
    short = run("a", 10.0, False)
    long = run("a", 1000.0, True)
    points, ratios = curve([short, long])
    assert points.tolist() == [5.0, 10.0, 1000.0]
    assert ratios == pytest.approx(np.array([[1.5, 1.04, 1.04], [1.5, 1.5, 1.04]]))
