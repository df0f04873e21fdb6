# SPDX-License-Identifier: MIT
"""PPO of Stable-Baselines3 on packet-level WiFi, compared with everybody computing on the device.

pip install 'ns3-tandem[sb3]'
python sb3_agents.py --interactions 1024
"""

from __future__ import annotations

import argparse

import numpy as np

from tandem.agents.api import Agent
from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.sb3 import Sb3Agent, Sb3Config, train_sb3
from tandem.bridge.core.env import TandemEnv

# A response time belongs to the decision before it, so nothing is discounted from later ones.
# Response times are tenths of a second, and a request that times out costs ten: scaled and limited,
# rewards are about -1.
CONFIG = Sb3Config(
    reward_scale=0.1, lowest_reward=-1.5, normalise_rewards=False, algorithm={"gamma": 0.0}
)


def mean_cost_s(env: TandemEnv, agent: Agent, seed: int, epochs: int) -> float:
    """Mean cost of an agent over one episode, seconds."""
    observation, _ = env.reset(seed=seed)
    agent.begin_episode(seed)
    costs = []
    for _ in range(epochs):
        observation, reward, *_ = env.step(agent.act(observation))
        costs.append(-reward)
    return float(np.mean(costs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=3)
    parser.add_argument("--interactions", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=30, help="of an episode")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--algorithm", default="ppo", help="ppo, a2c, dqn, …")
    given = parser.parse_args()

    def progress(interaction: int, agent: Sb3Agent) -> None:
        if interaction % 128 == 0:
            print(f"{interaction} interactions", flush=True)

    with TandemEnv(
        "wifi-edge", users=given.users, epochs=given.epochs, objective=PaperObjective(85.0)
    ) as env:
        agent = train_sb3(
            env, given.algorithm, given.interactions, given.seed, CONFIG, on_interaction=progress
        )
        for player in (agent, make_policy("device", env.schema), make_policy("edge", env.schema)):
            cost_s = mean_cost_s(env, player, seed=10_000, epochs=given.epochs)
            print(f"{player.name}: {1000 * cost_s:.0f} ms")


if __name__ == "__main__":
    main()
