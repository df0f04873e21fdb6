# SPDX-License-Identifier: MIT
"""Learning baselines on real ns-3, with a budget of seconds.

Only those that learn in so few interactions: the networks of the DQNs need hundreds, which the
unit tests give them on a made-up system.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tandem.agents.api import Agent
from tandem.agents.evaluation.episodes import play_episodes
from tandem.agents.evaluation.players import PolicyPlayer
from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.registry import make_learner
from tandem.agents.training.knowledge import Knowledge
from tandem.agents.training.loop import Training
from tandem.agents.training.world import EnvWorld
from tandem.agents.training.worlds import BelievedWorld
from tandem.bridge.core.env import TandemEnv

EPOCHS = 10
INTERACTIONS = 60
SEED = 1
EPISODES = (7, 8, 9)


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    with TandemEnv(
        "wifi-edge", users=2, epochs=EPOCHS, objective=PaperObjective(89.0)
    ) as environment:
        yield environment


def mean_cost_s(env: TandemEnv, agent: Agent) -> float:
    """Mean cost over one episode that nobody trains on."""
    observation, _ = env.reset(seed=SEED)
    agent.begin_episode(SEED)
    costs = []
    for _ in range(EPOCHS):
        observation, reward, *_ = env.step(agent.act(observation))
        costs.append(-reward)
    return float(np.mean(costs))


@pytest.mark.parametrize("name", ["qlearning", "qlearning-penalty", "bandit"])
def test_baseline_beats_random(env: TandemEnv, name: str) -> None:
    world = EnvWorld(env)
    learner = make_learner(name, world.problem, SEED)
    Training(world, learner, SEED).run(INTERACTIONS)
    assert mean_cost_s(env, learner) < mean_cost_s(env, make_policy("random", env.schema))


def test_prior_bandit_finds_out_that_the_edge_is_slower_than_believed(env: TandemEnv) -> None:
    knowledge = Knowledge(site_factors=(("edge", 1 / 8),))
    env.objective = PaperObjective(85.0)
    world = BelievedWorld(EnvWorld(env), knowledge, SEED)
    learner = make_learner("prior-bandit", world.problem, SEED)
    before = play_episodes(env, PolicyPlayer(learner), EPISODES, EPOCHS)
    Training(world, learner, SEED).run(40)
    after = play_episodes(env, PolicyPlayer(learner), EPISODES, EPOCHS)
    assert after.cost_s < 0.92 * before.cost_s
