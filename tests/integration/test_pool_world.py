# SPDX-License-Identifier: MIT
"""Replayed outcomes against the real simulator: equal to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tandem.agents.api import JointAction
from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.judge import EvaluationSet, SiteExplorer, StateDraw
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.components import read_answers
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.training.pool_world import Pool, PoolWorld, load_pool, pool_keys, save_pool
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv

#: So impatient that some requests time out.
ARGUMENTS = {"users": 2, "epochs": 5, "weakUsers": 1, "timeout": 0.25}
DRAW = StateDraw(count=3, first_seed=50, per_episode=2, stride=2)
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
        walk, explorer = Walk(env), SiteExplorer(env.schema)
        keys = pool_keys(walk, Oracle(env, cache=cache), explorer, DRAW)
        save_pool(tmp_path / "pool.json", env.simulator.schema_text, keys[1:], [keys[:1]])
        pool = load_pool(tmp_path / "pool.json", cache)
        assert isinstance(pool, Pool)
        assert (len(pool.training), len(pool.evaluation)) == (2, 1)
        replayed, real = PoolWorld(pool, OBJECTIVE), EnvWorld(env)
        # The second state of the pool: two decisions into the second episode.
        real.reset(DRAW.first_seed + 1)
        explorer.begin_episode(DRAW.first_seed + 1)
        observation = env.reset(seed=DRAW.first_seed + 1)[0]
        for _ in range(DRAW.stride):
            observation = env.step(explorer.act(observation))[0]
        same = replayed.reset(1)
        assert {name: block.tobytes() for name, block in same.items()} == {
            name: block.tobytes() for name, block in observation.items()
        }
        rng = np.random.default_rng(5)
        actions: list[JointAction] = list(rng.integers(0, 10, (40, 2)).astype(np.int32))
        actions += [np.full(2, option, dtype=np.int32) for option in range(10)]
        for action, outcome in zip(actions, env.branch(actions), strict=True):
            replayed.reset(1)
            transition = replayed.step(action)
            assert transition.requests.tobytes() == outcome.records["requests"].tobytes()
            assert transition.reward == outcome.reward
            assert transition.terminated
        assert any(transition_timeouts(pool))
        replayed.reset(1)
        transition, step = replayed.step(actions[0]), real.step(actions[0])
        assert transition.reward == step.reward
        one, other = (read_answers(actions[0], met.requests) for met in (transition, step))
        assert one.components_s.tobytes() == other.components_s.tobytes()
        assert one.answered.tobytes() == other.answered.tobytes()
        assert one.upload_bytes.tobytes() == other.upload_bytes.tobytes()
        missing = tmp_path / "gone.json"
        save_pool(missing, env.simulator.schema_text, [*keys, "gone"], [keys[:1]])
        assert load_pool(missing, cache) is None


def transition_timeouts(pool: Pool) -> list[bool]:
    """Whether requests timed out at each of the pool's states, under some pattern."""
    tables = [*pool.training, *(table for state in pool.evaluation for table in state)]
    return [bool((table.rows.patterns["status"] == 1).any()) for table in tables if table.rows]


def test_one_pool_serves_every_threshold(tmp_path: Path) -> None:
    cache = OracleCache(tmp_path)
    arguments = {"users": 2, "epochs": 5}
    with TandemEnv("wifi-edge", arguments, objective=OBJECTIVE) as env:
        walk, explorer = Walk(env), SiteExplorer(env.schema)
        keys = pool_keys(walk, Oracle(env, cache=cache), explorer, DRAW)
        save_pool(tmp_path / "pool.json", env.simulator.schema_text, keys[1:], [keys[:1]])
        pool = load_pool(tmp_path / "pool.json", cache)
        assert pool is not None
        costs = []
        for threshold in ("min", 85.0, "max"):
            objective = PaperObjective(threshold)  # type: ignore[arg-type]
            judge = pool.judge(objective)
            assert isinstance(judge, EvaluationSet)
            optimum = judge.solutions[0].best
            assert judge.evaluate(lambda observation, best=optimum: best.action).ratio == 1.0  # type: ignore[misc]
            costs.append(judge.oracle_s)
        assert costs == sorted(costs)
