# SPDX-License-Identifier: MIT
"""Experiments without a simulator: when agents are evaluated, what is run, what reports say."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

from tandem.agents.evaluation.criterion import evaluation_points
from tandem.agents.evaluation.seeds import JUDGING, TRAINING, TUNING
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.experiments import knowledge_report, paper_report
from tandem.scripts.app.experiments.choice import EXPERIMENTS, Choice
from tandem.scripts.app.experiments.csv_file import csv_text
from tandem.scripts.app.experiments.curves import write_curves
from tandem.scripts.app.experiments.paper import Cell
from tandem.scripts.app.experiments.records import Spread, excess_percent, needed, spread
from tandem.scripts.app.experiments.settings import CHANGE_AT
from tandem.scripts.app.experiments.states import JudgingStates
from tandem.scripts.app.experiments.truth import Truth
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS

FACTS: dict[str, Any] = {
    "command": "tandem reproduce",
    "grid": {
        "seeds": [1, 2],
        "states": 24,
        "futures": 4,
        "seeds of the states": "judging",
        "decisions per episode": 13,
        "settings": {"default-3": {"agents": {"hybrid": 150, "prior": 0}}},
    },
}


def row(interactions: int, ratio: float, system: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "interactions": interactions,
        "system": system,
        "policy_version": interactions,
        "held_out": ratio,
        "best_on_average": ratio,
        "hindsight": ratio * 1.1,
        "violated": 0.0,
        "learning_s": 0.01 * interactions,
        **more,
    }


def result(
    agent: str,
    seed: int,
    rows: list[dict[str, Any]],
    setting: str = "default-3",
    systems: int = 1,
    **more: Any,
) -> dict[str, Any]:
    optima = {"held_out_s": 0.2, "best_on_average_s": 0.19, "hindsight_s": 0.18}
    return {
        "setting": setting,
        "users": 3,
        "threshold": "85",
        "agent": agent,
        "seed": seed,
        "cap": 150,
        "commit": "abcdef",
        "optima": [optima] * systems,
        "interactions": 10.0,
        "censored": False,
        "fixed": False,
        "played": more.get("cap", 150),
        "cpu_ms": 3.0,
        "evaluations": rows,
        "episodes": None,
        **more,
    }


def fixed(agent: str, ratio: float, **more: Any) -> dict[str, Any]:
    rows = [row(0, ratio, policy_version=0, learning_s=None)]
    content = {"cap": 0, "interactions": 0.0, "censored": True, "fixed": True, "cpu_ms": None}
    return result(agent, 1, rows, **{**content, **more})


def test_evaluations_begin_before_learning_and_end_at_the_cap() -> None:
    assert evaluation_points(0) == [0]
    assert evaluation_points(35) == [0, 5, 10, 20, 35]
    assert evaluation_points(150) == [0, 5, 10, 20, 35, 50, 75, 100, 150]
    assert evaluation_points(1000) == [*evaluation_points(300), 450, 675, 1000]
    assert evaluation_points(5000)[-1] == 5000


def test_states_for_tuning_and_for_judging_share_no_episode() -> None:
    def seeds(tuning: bool) -> set[int]:
        states = JudgingStates(count=24, tuning=tuning)
        return {episode.seed for episode in states.episodes(Truth(), 85.0)}

    judging, tuning = seeds(False), seeds(True)
    assert len(judging) == len(tuning) == 8
    assert not judging & tuning
    assert all(seed in JUDGING and seed not in TRAINING for seed in judging)
    assert all(seed in TUNING for seed in tuning)
    # Fewer states are the first of the same ones, so that their tables are shared.
    few = list(JudgingStates(count=7).episodes(Truth(), 85.0))
    assert [episode.states for episode in few] == [3, 3, 1]
    assert {episode.seed for episode in few} <= judging


def test_settings_of_one_truth_are_measured_once() -> None:
    grid = EXPERIMENTS["wrong-knowledge"].grid(Choice())
    truths = {truth for setting in SETTINGS.values() for truth in setting.truths}
    assert {episode.truth for episode in grid.episodes()} == truths
    assert len(grid.episodes()) == 8 * len(truths)
    assert len(truths) < len(SETTINGS)
    units = grid.units()
    assert len({unit.name for unit in units}) == len(units)
    # One run tells all about a policy that neither learns nor is told what a seed draws.
    priors = [unit.setting.name for unit in units if unit.agent == "prior"]
    assert priors.count("default-3") == 1
    assert priors.count("device-lie-3") == 5


def test_conditions_without_weak_users_share_the_default_s_states() -> None:
    assert Cell(3, "A", 85.0).setting.truth == SETTINGS["default-3"].truth
    assert Cell(3, "D", 85.0).setting.truth == Truth.of(users=3, weakUsers=3)
    paper = EXPERIMENTS["paper"].grid(Choice())
    caps = {run.cap for run in paper.runs if run.agent == "joint-dqn"}
    assert caps == {900, 1250, 2000, 5000}
    assert "min" not in {run.setting.threshold for run in paper.runs}


def test_options_change_the_grid() -> None:
    choice = Choice(quick=True, settings=["device-lie-3"], agents=["hybrid"], seeds=1, states=2)
    grid = choice.grid(EXPERIMENTS["wrong-knowledge"].grid(choice))
    (unit,) = grid.units()
    assert (unit.setting.name, unit.agent, unit.cap) == ("device-lie-3", "hybrid", 35)
    assert unit.states == JudgingStates(count=2, futures=2)
    added = Choice(agents=["bandit"], caps=["bandit=7"], tuning=True)
    grid = added.grid(EXPERIMENTS["wrong-knowledge"].grid(added))
    assert {run.agent for run in grid.runs} == {"bandit"}
    assert {run.cap for run in grid.runs} == {7}
    assert grid.states.tuning


@pytest.mark.parametrize(
    ("experiment", "choice", "words"),
    [
        ("paper", Choice(agents=["sarsa"]), "'sarsa' is unknown"),
        ("paper", Choice(conditions=["E"]), "'E' is unknown: one of A, B, C, D"),
        ("paper", Choice(thresholds=["120"]), "--threshold '120'"),
        ("paper", Choice(settings=["default-3"]), "--setting does nothing"),
        ("paper", Choice(futures=1), "some futures choose"),
        ("paper", Choice(caps=["hybrid=many"]), "--cap hybrid=many"),
        ("wrong-knowledge", Choice(settings=["no-lie"]), "'no-lie' is unknown: one of default-3"),
        ("wrong-knowledge", Choice(users=[3]), "--users does nothing"),
    ],
)
def test_what_does_not_fit_is_refused(experiment: str, choice: Choice, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        choice.grid(EXPERIMENTS[experiment].grid(choice))


def test_excess_is_that_of_the_last_evaluation_unless_the_run_was_cut_off_before() -> None:
    rows = [row(0, 1.3), row(10, 1.04)]
    reached = result("hybrid", 1, rows, played=10)
    assert excess_percent(reached, 0) == pytest.approx(30.0)
    assert excess_percent(reached, 9) == pytest.approx(30.0)
    assert excess_percent(reached, 150) == pytest.approx(4.0)
    cut_off = result("hybrid", 1, rows, censored=True, cap=10)
    assert excess_percent(cut_off, 10) == pytest.approx(4.0)
    assert math.isnan(excess_percent(cut_off, 20))
    assert excess_percent(fixed("prior", 1.2), 150) == pytest.approx(20.0)
    others = [reached, result("hybrid", 2, [row(0, 1.1)]), result("hybrid", 3, [row(0, 1.9)])]
    assert str(spread(others, 0)) == "30.0 [90.0]"
    assert str(Spread.of([math.nan, 1.0])) == "–"


def test_the_report_says_what_was_met_and_what_was_missed() -> None:
    hybrid = [
        result("hybrid", seed, [row(0, 1.5), row(20, 1.02 * seed), row(50, 1.02)], "device-lie-3")
        for seed in (1, 2)
    ]
    told = [
        result("hybrid", seed, [row(0, 1.2), row(50, 1.07)], "hidden-load-3") for seed in (1, 2)
    ]
    priors = [fixed("prior", 1.1, setting=name) for name in ("device-lie-3", "hidden-load-3")]
    text = knowledge_report.markdown([*hybrid, *told, *priors], FACTS)
    assert "≤ 3 after 20: **missed** (53.0)" in text
    assert "≤ 5 after 50: **missed** (7.0); worst ≤ 8 after 100: met" in text
    # 2.04 - 1.1 at interaction 20 of the second seed; never worse where the excess is 7 %.
    assert "| device-lie-3 | **94.0** |" in text
    assert "| hidden-load-3 | -3.0 |" in text


def test_a_change_is_told_in_interactions_since_then() -> None:
    rows = [row(0, 1.0), row(CHANGE_AT, 1.009)]
    rows += [row(CHANGE_AT + more, 1.5 - more / 100, 1) for more in (0, 5, 10, 15)]
    changed = result("hybrid", 1, rows, "throttled-3", systems=2, cap=CHANGE_AT + 15)
    prior = fixed("prior", 1.0, setting="throttled-3")
    prior["optima"] *= 2
    prior["evaluations"].append(row(CHANGE_AT, 1.6, 1))
    text = knowledge_report.markdown([changed, prior], FACTS)
    assert "| hybrid | 0.9 | 50.0 | 45.0 | 40.0 | 35.0 | – | – | – |" in text
    assert "| prior | 0.0 | 60.0 | 60.0 |" in text
    # From 10 interactions after the change on: 40 against 60; before it 0.9 against 0.
    assert "| throttled-3 | 0.9 |" in text


def test_the_paper_s_report_names_what_knowledge_alone_does() -> None:
    name = Cell(3, "A", 85.0).name
    known = [result("hybrid", s, [row(0, 1.0)], name, interactions=0.0) for s in (1, 2, 3)]
    joint = [result("joint-dqn", s, [row(0, 2.0)], name, interactions=900.0) for s in (1, 2, 3)]
    prior = [fixed("prior", 1.04, setting=name)]
    text = paper_report.markdown([*known, *joint, *prior], FACTS)
    assert "0 (knowledge alone)" in text
    assert "fixed: +4.0 %" in text
    assert "≥ 180, counting 5 for knowledge alone" in text
    some = [result("hybrid", s, [row(0, 1.0)], name, interactions=float(s)) for s in (4, 5, 6)]
    assert paper_report.ratio_text(needed(joint), needed(some)) == "180"
    cut = [{**r, "censored": True} for r in joint]
    assert paper_report.ratio_text(needed(cut), needed(some)) == "> 180"
    assert paper_report.ratio_text(needed(cut), needed(cut)) == "both cut off"


def test_whole_episodes_are_told_where_they_were_played() -> None:
    played = [
        result("hybrid", seed, [row(0, 1.0)], episodes={"costs_s": [0.1 * seed, 0.3]})
        for seed in (1, 2)
    ]
    prior = fixed("prior", 1.0, episodes={"costs_s": [0.2, 0.2]})
    text = knowledge_report.markdown([*played, prior], FACTS)
    assert "| default-3 | hybrid | 225.0 | 12.5 [25.0] |" in text
    assert "Whole episodes" not in knowledge_report.markdown([fixed("prior", 1.0)], FACTS)


def test_every_evaluation_is_a_line_of_the_csv() -> None:
    runs = [result("hybrid", 1, [row(0, 1.5), row(5, 1.23456789)]), fixed("prior", 1.1)]
    lines = list(csv.DictReader(io.StringIO(csv_text(runs))))
    assert [line["interactions"] for line in lines] == ["0", "5", "0"]
    assert lines[1]["held_out"] == "1.23457"
    assert lines[2]["learning_s"] == ""


def test_curves_are_drawn_for_what_was_run(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    runs = [
        result("hybrid", 1, [row(0, 1.5), row(5, 1.2)]),
        result("hybrid", 2, [row(0, 1.5), row(5, 1.1), row(10, 1.0)]),
        fixed("prior", 1.1),
    ]
    figures = {"lies": ["default-3", "device-lie-3"], "changes": ["throttled-3"]}
    written = write_curves(runs, figures, tmp_path)
    assert [path.name for path in written] == ["lies.svg"]
    before = written[0].read_bytes()
    assert write_curves(runs, figures, tmp_path)[0].read_bytes() == before


def test_only_alarms_before_a_change_are_false() -> None:
    changing = result(
        "hybrid", 1, [row(0, 1.0)], "throttled-3", systems=2, cap=200, alarms=[7, 106]
    )
    quiet = result("hybrid", 1, [row(0, 1.0)], alarms=[])
    text = knowledge_report.markdown([changing, quiet, fixed("prior", 1.0)], FACTS)
    assert "| throttled-3 | hybrid | 1 of 100 | 1 | 1 |" in text
    assert "| default-3 | hybrid | 1 of 150 | 0 | 0 |" in text
    # Results of before alarms were noted say nothing about them.
    assert "False alarms" not in knowledge_report.markdown([fixed("prior", 1.0)], FACTS)
