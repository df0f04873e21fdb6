# SPDX-License-Identifier: MIT
"""The hybrid agent on real ns-3, with a budget so small that only what holds generally shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tandem.agents.api import JointAction, Observation
from tandem.agents.common.errors import PolicyError
from tandem.agents.hybrid import HybridAgent, HybridConfig
from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.objective import MeanResponseTime, PaperObjective
from tandem.agents.training.loop import Training
from tandem.agents.training.world import EnvWorld, Feedback, joint_problem
from tandem.bridge.core.env import TandemEnv

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


def train(env: TandemEnv, interactions: int, seed: int) -> Training:
    world = EnvWorld(env)
    training = Training(world, HybridAgent(world.problem, HybridConfig(), seed), seed)
    training.run(interactions)
    return training


def test_hybrid_beats_device_and_random(env: TandemEnv) -> None:
    late = []
    for seed in SEEDS:
        training = train(env, INTERACTIONS, seed)
        late += [row.cost_s for row in training.history[-JUDGED:]]
    for policy in ("device", "random"):
        others = [mean_cost_s(env, policy, 100 + seed, JUDGED) for seed in SEEDS]
        assert np.mean(late) < np.mean(others), policy


def test_only_objectives_that_say_what_an_epoch_costs_can_be_planned_for(env: TandemEnv) -> None:
    try:
        env.objective = MeanResponseTime()
        assert joint_problem(env).threshold_percent == 0.0
        env.objective = lambda result: 0.0
        with pytest.raises(PolicyError, match=r"give it a method cost_rule\(meta\)"):
            joint_problem(env)
    finally:
        env.objective = PaperObjective(89.0)


class ChangingWorld(EnvWorld):
    """Episodes of one network, from some interaction on those of another."""

    def __init__(self, before: TandemEnv, after: TandemEnv, change_at: int) -> None:
        super().__init__(before)
        self._worlds = (EnvWorld(before), EnvWorld(after))
        self._change_at = change_at
        self._now = self._worlds[0]
        self.played = 0

    def reset(self, seed: int) -> Observation:
        self._now = self._worlds[self.played >= self._change_at]
        return self._now.reset(seed)

    def step(self, action: JointAction) -> Feedback:
        self.played += 1
        return self._now.step(action)


def test_changed_network_is_noticed_and_learned_anew() -> None:
    """The way to both sites becomes 150 ms longer in the middle of a run; nobody tells the agent,
    whose prior still believes in the old one."""
    objective = PaperObjective("min")
    arguments = {"users": 2, "epochs": 10, "deviceServiceScale": 100, "cloudCores": 4}
    arguments |= {"edgeBusyLoad": 0, "edgeQuietLoad": 0, "cloudBusyLoad": 0, "cloudQuietLoad": 0}
    change_at, interactions, noticed_within = 40, 70, 15
    with (
        TandemEnv("wifi-edge", arguments, objective=objective) as before,
        TandemEnv(
            "wifi-edge", {**arguments, "cloudDelay": 170, "edgeDelay": 150}, objective=objective
        ) as after,
    ):
        world = ChangingWorld(before, after, change_at)
        training = Training(world, HybridAgent(world.problem, HybridConfig(), 1), 1)
        training.run(interactions)
    alarms = [row.interaction for row in training.history if row.stale]
    assert alarms, "the change was never noticed"
    assert change_at < alarms[0] <= change_at + noticed_within, alarms
    error = np.array([row.model_error for row in training.history])
    surprised = float(np.nanmean(error[change_at : change_at + 3]))
    relearned = float(np.nanmean(error[-noticed_within:]))
    assert relearned < 0.5 * surprised
