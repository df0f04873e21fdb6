# SPDX-License-Identifier: MIT
"""Replayed outcomes against the real simulator: equal to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tandem.agents.api import JointAction
from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.judge import EvaluationSet, SiteExplorer
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.state_pool import (
    MeasuredState,
    StatePool,
    load_states,
    measure_episode,
    save_states,
)
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.components import read_answers
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.training.pool_world import PoolWorld
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv

#: So impatient that some requests time out.
ARGUMENTS = {"users": 2, "epochs": 5, "weakUsers": 1, "timeout": 0.25}
SEED, STATES, STRIDE = 51, 2, 2
OBJECTIVE = PaperObjective(85.0)


@pytest.mark.parametrize(
    "scenario",
    [
        "wifi-edge",
        pytest.param("lte-edge", marks=pytest.mark.slow),
        pytest.param("hetnet", marks=pytest.mark.slow),
    ],
)
def test_replayed_outcomes_equal_the_simulators_bit_for_bit(scenario: str, tmp_path: Path) -> None:
    cache = OracleCache(tmp_path)
    with TandemEnv(scenario, ARGUMENTS, objective=OBJECTIVE) as env:
        pool = measured(env, cache, tmp_path / "states.json")
        replayed, real = PoolWorld(pool, OBJECTIVE), EnvWorld(env)
        # The first state of the pool.
        explorer = SiteExplorer(env.schema)
        explorer.begin_episode(SEED)
        observation = real.reset(SEED)
        for _ in range(STRIDE):
            observation = env.step(explorer.act(observation))[0]
        same = replayed.reset(STATES)
        assert {name: block.tobytes() for name, block in same.items()} == {
            name: block.tobytes() for name, block in observation.items()
        }
        rng = np.random.default_rng(5)
        actions: list[JointAction] = list(rng.integers(0, 10, (40, 2)).astype(np.int32))
        actions += [np.full(2, option, dtype=np.int32) for option in range(10)]
        for action, outcome in zip(actions, env.branch(actions), strict=True):
            replayed.reset(STATES)
            transition = replayed.step(action)
            assert transition.requests.tobytes() == outcome.records["requests"].tobytes()
            assert transition.reward == outcome.reward
            assert transition.terminated
        assert any(transition_timeouts(pool))
        replayed.reset(STATES)
        transition, step = replayed.step(actions[0]), real.step(actions[0])
        assert transition.reward == step.reward
        one, other = (read_answers(actions[0], met.requests) for met in (transition, step))
        assert one.components_s.tobytes() == other.components_s.tobytes()
        assert one.answered.tobytes() == other.answered.tobytes()
        assert one.upload_bytes.tobytes() == other.upload_bytes.tobytes()
        missing = tmp_path / "gone.json"
        gone = MeasuredState(pool.states[0].history, ("gone",))
        save_states(missing, env.simulator.schema_text, [gone])
        assert load_states(missing, cache) is None


def measured(env: TandemEnv, cache: OracleCache, path: Path) -> StatePool:
    """Two states of an episode, written to a file and read again."""
    oracle, explorer = Oracle(env, cache=cache), SiteExplorer(env.schema)
    states = measure_episode(Walk(env), oracle, explorer, SEED, STATES, STRIDE)
    save_states(path, env.simulator.schema_text, states)
    pool = load_states(path, cache)
    assert pool is not None
    assert [state.history for state in pool.states] == [state.history for state in states]
    return pool


def transition_timeouts(pool: StatePool) -> list[bool]:
    """Whether requests timed out at each of the pool's states, under some pattern."""
    tables = [table for state in pool.states for table in state.tables]
    return [bool((table.rows.patterns["status"] == 1).any()) for table in tables if table.rows]


def test_one_pool_serves_every_threshold(tmp_path: Path) -> None:
    cache = OracleCache(tmp_path)
    arguments = {"users": 2, "epochs": 5}
    with TandemEnv("wifi-edge", arguments, objective=OBJECTIVE) as env:
        pool = measured(env, cache, tmp_path / "states.json")
        costs = []
        for threshold in ("min", 85.0, "max"):
            objective = PaperObjective(threshold)  # type: ignore[arg-type]
            judge = StatePool(pool.schema, pool.states[:1]).judge(objective)
            assert isinstance(judge, EvaluationSet)
            optimum = judge.solutions[0].best
            assert judge.evaluate(lambda observation, best=optimum: best.action).ratio == 1.0  # type: ignore[misc]
            costs.append(judge.oracle_s)
        assert costs == sorted(costs)
