# SPDX-License-Identifier: MIT
"""The hybrid agent on real ns-3, with a budget so small that only what holds generally shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from tandem.agents.config import HybridConfig
from tandem.agents.heuristics import make_policy
from tandem.agents.hybrid_run import HybridRun, joint_problem, run_hybrid
from tandem.agents.options import PolicyError
from tandem.bridge.env import TandemEnv
from tandem.bridge.objective import MeanResponseTime, PaperObjective

#: Slow devices and one core per site: neither everybody at home nor everybody away is good.
ARGUMENTS = {
    "users": 3,
    "epochs": 12,
    "edgeCores": 1,
    "cloudCores": 1,
    "deviceServiceScale": 2,
}
SEEDS = (1, 2)
INTERACTIONS = 28
JUDGED = 10


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    with TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(89.0)) as environment:
        yield environment


def mean_cost_s(env: TandemEnv, policy: str, seed: int, epochs: int) -> float:
    """Mean cost of a fixed policy over its first epochs."""
    agent = make_policy(policy, env.schema)
    observation, _ = env.reset(seed=seed)
    agent.begin_episode(seed)
    costs = []
    for _ in range(epochs):
        observation, reward, _, truncated, _ = env.step(agent.act(observation))
        costs.append(-reward)
        assert not truncated or len(costs) == epochs
    return float(np.mean(costs))


def test_hybrid_beats_device_and_random(env: TandemEnv) -> None:
    config = HybridConfig()
    late = []
    for seed in SEEDS:
        run = run_hybrid(env, config, INTERACTIONS, seed)
        late += [row.cost_s for row in run.history[-JUDGED:]]
    for policy in ("device", "random"):
        others = [mean_cost_s(env, policy, 100 + seed, JUDGED) for seed in SEEDS]
        assert np.mean(late) < np.mean(others), policy


def test_resumed_run_equals_an_uninterrupted_one(env: TandemEnv) -> None:
    config = HybridConfig(warmup=2, fit_every=3, imagine_every=3, imagined_epochs=6)
    whole = run_hybrid(env, config, 16, seed=3)
    half = run_hybrid(env, config, 7, seed=3)
    resumed = run_hybrid(env, config, 16, seed=3, state=half.state_dict())

    def trace(run: HybridRun) -> list[tuple[str, float, float]]:
        return [(row.source, row.cost_s, row.predicted_s) for row in run.history]

    assert trace(resumed) == trace(whole)
    observation, _ = env.reset(seed=9)
    assert np.array_equal(resumed.agent.act(observation), whole.agent.act(observation))


def test_other_objectives_are_refused(env: TandemEnv) -> None:
    env.objective = MeanResponseTime()
    try:
        with pytest.raises(PolicyError, match="plans for PaperObjective"):
            joint_problem(env)
    finally:
        env.objective = PaperObjective(89.0)
