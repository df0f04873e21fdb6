# SPDX-License-Identifier: MIT
"""The oracle against brute force in real ns-3, its cache, its search, its command."""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import tandem.agents.evaluation.oracle as oracle_module
from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.futures import FuturesJudge
from tandem.agents.evaluation.judge import EvaluationSet, SiteExplorer, StateDraw, draw_states
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.prober import OracleError
from tandem.agents.evaluation.search import SearchConfig
from tandem.agents.evaluation.states import HistoryError, Walk
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.arrays import pack, unpack
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.cli import app

#: Small and quick, and yet with contention: one worker per site, devices worth leaving.
ARGUMENTS = {
    "users": 2,
    "epochs": 20,
    "edgeCores": 1,
    "cloudCores": 1,
    "deviceServiceScale": 6,
    "backgroundStations": 0,
}


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    environment = TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0))
    yield environment
    environment.close()


@pytest.fixture
def walk(env: TandemEnv) -> Walk:
    """Two decisions into an episode."""
    walk = Walk(env)
    walk.reset(3)
    walk.step(np.array([8, 9], dtype=np.int32))
    walk.step(np.array([9, 3], dtype=np.int32))
    return walk


def test_optimum_and_every_cost_equal_brute_force(env: TandemEnv, walk: Walk) -> None:
    solution = Oracle(env).solve(walk)
    actions = np.array(list(itertools.product(range(10), repeat=2)), dtype=np.int32)
    # Every tenth action plus all of those that send something: each pattern, each variant.
    chosen = actions[(actions >= 8).any(axis=1) | (np.arange(100) % 10 == 0)]
    simulated = np.array([-outcome.reward for outcome in env.branch(list(chosen))])
    known = solution.table.costs_s(chosen, PaperCost(85.0))
    np.testing.assert_allclose(known, simulated, rtol=0.0, atol=1e-9)
    assert solution.exact
    assert solution.lower_bound_s == solution.best.cost_s <= simulated.min() + 1e-9
    real = env.branch([solution.best.action])[0]
    assert -real.reward == pytest.approx(solution.best.cost_s, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
def test_random_joint_actions_of_three_users_cost_what_the_table_says(scenario: str) -> None:
    arguments = {"users": 3, "edgeCores": 1, "cloudCores": 1, "deviceServiceScale": 6}
    rng = np.random.default_rng(7)
    with TandemEnv(scenario, arguments, objective=PaperObjective(85.0)) as env:
        walk = Walk(env)
        walk.reset(11)
        for _ in range(3):
            walk.step(rng.integers(0, 10, 3).astype(np.int32))
        table = Oracle(env).solve(walk).table
        actions = rng.integers(0, 10, (40, 3)).astype(np.int32)
        simulated = [-outcome.reward for outcome in env.branch(list(actions))]
        known = table.costs_s(actions, PaperCost(85.0))
    np.testing.assert_allclose(known, simulated, rtol=0.0, atol=1e-9)


def test_mean_over_futures_is_the_mean_and_has_its_own_optimum(
    env: TandemEnv, walk: Walk, tmp_path: Path
) -> None:
    cache = OracleCache(tmp_path)
    oracle = Oracle(env, cache=cache, futures=2)
    mean = oracle.solve(walk)
    actions = [np.array(action, dtype=np.int32) for action in ([8, 8], [9, 8], [0, 9])]
    simulated = np.mean(
        [[-o.reward for o in env.branch(actions, future=future)] for future in (1, 2)], axis=0
    )
    known = mean.table.costs_s(np.array(actions), oracle.rule)
    np.testing.assert_allclose(known, simulated, rtol=0.0, atol=1e-9)
    assert mean.exact
    assert mean.best.cost_s <= simulated.min() + 1e-9
    assert mean.table.rows is None
    again = Oracle(env, cache=cache, futures=2).table(walk)
    assert again.response_s.tobytes() == mean.table.response_s.tobytes()
    assert cache.hits == len(mean.futures) == 2
    judge = FuturesJudge([mean.futures], oracle.rule)
    assert judge.best_on_average_s == pytest.approx(mean.best.cost_s)
    assert judge.oracle_s >= judge.best_on_average_s
    hindsight = Oracle(env, cache=cache).solve(walk)
    assert hindsight.best.cost_s <= hindsight.table.costs_s(mean.best.action, oracle.rule)[0]


def test_cache_replays_bit_for_bit_and_tells_states_apart(
    env: TandemEnv, walk: Walk, tmp_path: Path
) -> None:
    cache = OracleCache(tmp_path)
    first = Oracle(env, cache=cache).solve(walk)
    again = Oracle(env, cache=cache).solve(walk)
    assert (cache.hits, cache.misses) == (1, 1)
    for name in ("patterns", "response_s", "answered", "device_response_s", "arrival_s"):
        one, other = getattr(first.table, name), getattr(again.table, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()
    assert again.best.cost_s == first.best.cost_s
    for name, block in first.table.observation.items():
        assert block.tobytes() == again.table.observation[name].tobytes()

    walk.step(np.array([7, 7], dtype=np.int32))
    Oracle(env, cache=cache).solve(walk)
    assert cache.misses == 2
    assert not list(tmp_path.glob("*.tmp"))

    for stored in tmp_path.glob("*.npz"):
        values, arrays = unpack(stored.read_bytes())
        arrays["response_s"] = arrays["response_s"][:, :1]
        stored.write_bytes(pack(values, arrays))
    with pytest.warns(UserWarning, match="response_s has shape .*: simulating it again"):
        assert Oracle(env, cache=cache).solve(walk).exact

    (tmp_path / "file").touch()
    nowhere = OracleCache(tmp_path / "file" / "below")
    with pytest.warns(UserWarning, match="takes no outcome tables"):
        Oracle(env, cache=nowhere).solve(walk)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is told once
        Oracle(env, cache=nowhere).solve(walk)

    for stored in tmp_path.glob("*.npz"):
        stored.write_bytes(stored.read_bytes()[:100])
    with pytest.warns(UserWarning, match="simulating it again"):
        repaired = Oracle(env, cache=cache).solve(walk)
    assert repaired.exact


def test_oracle_does_not_move_and_notices_who_does(env: TandemEnv, walk: Walk) -> None:
    Oracle(env).solve(walk)
    assert env.decision == 2
    env.step([7, 7])
    with pytest.raises(HistoryError, match="decision 3, the history has 2"):
        Oracle(env).solve(walk)


def test_states_of_evaluation_are_drawn_again_alike(env: TandemEnv, tmp_path: Path) -> None:
    draw = StateDraw(count=3, per_episode=2, stride=2)
    oracle = Oracle(env, cache=OracleCache(tmp_path))

    def states() -> EvaluationSet:
        explorer = SiteExplorer(env.schema)
        return EvaluationSet(tuple(draw_states(Walk(env), oracle, explorer, draw)), oracle.rule)

    one, other = states(), states()
    assert len(one.solutions) == 3
    optimal = iter([solution.best.action for solution in one.solutions])
    assert one.evaluate(lambda observation: next(optimal)).ratio == pytest.approx(1.0)
    assert one.oracle_s == other.oracle_s
    too_few = StateDraw(count=1, stride=30)
    with pytest.raises(OracleError, match="more epochs"):
        list(draw_states(Walk(env), oracle, SiteExplorer(env.schema), too_few))


def test_many_users_are_searched_between_a_bound_and_the_starting_patterns() -> None:
    arguments = {**ARGUMENTS, "users": 7, "deviceServiceScale": 3}
    config = SearchConfig(max_branches=36)
    with TandemEnv("wifi-edge", arguments, objective=PaperObjective(85.0)) as env:
        walk = Walk(env)
        walk.reset(1)
        oracle = Oracle(env, search_config=config)
        solution = oracle.solve(walk)
        assert not solution.exact
        assert not solution.table.is_complete
        assert 0.0 < solution.lower_bound_s <= solution.best.cost_s
        starts = [candidate.cost_s for candidate in solution.table.candidates(oracle.rule)][:3]
        assert solution.best.cost_s <= min(starts)
        real = env.branch([solution.best.action])[0]
        assert real.info["cost"]["mean_response_time_s"] == pytest.approx(solution.best.cost_s)


def test_carry_over_is_refused() -> None:
    arguments = {"users": 2, "arrivals": "poisson"}
    with TandemEnv("wifi-edge", arguments, objective=PaperObjective(85.0)) as env:
        walk = Walk(env)
        walk.reset(1)
        with pytest.raises(OracleError, match="outlive their epoch"):
            Oracle(env).solve(walk)


def calibrate(folder: Path, users: int) -> dict[str, dict[str, Any]]:
    """What the command says about each policy."""
    out = folder / "calibration.json"
    given = {**ARGUMENTS, "users": users}
    settings = [f"--set={name}={value}" for name, value in given.items() if name != "users"]
    command = ["calibrate", f"--users={users}", "--states=2", f"--cache={folder}", f"--out={out}"]
    result = CliRunner().invoke(app, [*command, "--per-episode=2", "--stride=1", *settings])
    assert result.exit_code == 0, result.output
    assert "best fixed" in result.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["states"] == 2
    return {line["policy"]: line for line in report["result"]["policies"]}


def test_calibrate_command(tmp_path: Path) -> None:
    lines = calibrate(tmp_path, 2)
    assert lines["oracle"]["excess_percent"] == 0.0
    assert lines["best fixed"]["excess_percent"] >= 0.0
    assert lines["best fixed"]["cost_s"] <= lines["all cloud"]["cost_s"]


def test_calibrate_by_search_finds_what_all_joint_actions_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = calibrate(tmp_path / "all", 3)
    monkeypatch.setattr(oracle_module, "MAX_PATTERNS", 1)
    found = calibrate(tmp_path / "search", 3)
    assert found.pop("best found")["cost_s"] == pytest.approx(known.pop("oracle")["cost_s"])
    assert "all edge" in found
    for policy, line in found.items():
        assert line["cost_s"] == pytest.approx(known[policy]["cost_s"], abs=1e-9)
        assert line["action"] == known[policy]["action"]
