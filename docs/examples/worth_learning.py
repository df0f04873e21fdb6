# SPDX-License-Identifier: MIT
"""Is a scenario worth learning? The best constant action against PPO and against branch search.

pip install 'ns3-tandem[sb3]'
python worth_learning.py tcp-bottleneck --steps 8000 --seeds 3 --out tcp.json

Every constant joint action plays the first of the judging episodes, and the best of them play all
of them: the best constant is the best *there*, so it has the advantage of hindsight. PPO is trained
in episodes of other seeds, and judged without exploration. Branch search tries joint actions at
each decision from the state as it is (`TandemEnv.branch`) and plays the best. No agent can do that
in a real network: it shows what there is to gain. A mean reward is a mean logarithm; what is
printed is its exponential, the equivalent throughput in Mbit/s.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from tandem.agents.flat import flatten
from tandem.bridge.core.env import TandemEnv

JUDGING_SEED = 700_001
#: The training of number k starts from this seed times k.
TRAINING_SEED = 1_000
FINALISTS = 8
#: How often branch search moves to the best neighbour at a decision.
SEARCH_ROUNDS = 2
#: Up to so many joint actions are all tried.
LARGEST_SEARCH = 64
#: An action's effect is over after a few decisions; otherwise SB3's defaults, a larger step aside.
SETTINGS = {"gamma": 0.5, "learning_rate": 1e-3, "n_steps": 128, "ent_coef": 0.003}

Policy = Callable[[Any], Any]


class Compressed(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Logarithms of one row: throughputs and counts span several orders of magnitude."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        assert env.observation_space.shape is not None
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, env.observation_space.shape)

    def observation(self, observation: Any) -> Any:
        return (np.sign(observation) * np.log1p(np.abs(observation))).astype(np.float32)


def make(scenario: str, arguments: dict[str, Any]) -> Compressed:
    """The scenario with one row of numbers as action and one as observation."""
    return Compressed(flatten(TandemEnv(scenario, arguments), observations=True))


def joint_actions(env: gymnasium.Env[Any, Any], stride: int) -> list[tuple[int, ...]]:
    """Every joint action of every choice, or of each second, third, … choice."""
    return list(itertools.product(*(range(0, int(n), stride) for n in env.action_space.nvec)))


def play(env: gymnasium.Env[Any, Any], policy: Policy, seed: int) -> float:
    """Mean reward of an episode."""
    observation, _ = env.reset(seed=seed)
    rewards = []
    over = False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        rewards.append(float(reward))
        over = terminated or truncated
    return float(np.mean(rewards))


def judge(
    env: gymnasium.Env[Any, Any], policy: Policy, episodes: int, first: int = 0
) -> list[float]:
    """Mean reward of each of the judging episodes."""
    return [play(env, policy, JUDGING_SEED + episode) for episode in range(first, episodes)]


def best_constant(
    env: gymnasium.Env[Any, Any], episodes: int, trials: int, stride: int
) -> tuple[list[int], list[float]]:
    """The constant joint action with the highest mean reward over the judging episodes."""
    scores = {}
    for action in joint_actions(env, stride):
        scores[action] = judge(env, lambda _, a=action: np.array(a), trials)
    ranked = sorted(scores, key=lambda action: -float(np.mean(scores[action])))
    for action in ranked[:FINALISTS]:
        scores[action] += judge(env, lambda _, a=action: np.array(a), episodes, trials)
    best = max(ranked[:FINALISTS], key=lambda action: float(np.mean(scores[action])))
    return [int(value) for value in best], scores[best]


def neighbours(action: Any, counts: Any) -> list[Any]:
    """The action, and those with one entry a step or two away."""
    found = [action]
    for index, step in itertools.product(range(len(action)), (-2, -1, 1, 2)):
        other = action.copy()
        other[index] += step
        if 0 <= other[index] < counts[index]:
            found.append(other)
    return found


def branch_search(env: gymnasium.Env[Any, Any], start: Any, horizon: int, stride: int) -> Policy:
    """Try joint actions at each decision; an action counts by its rewards over a horizon.

    All of them where they are few, else the neighbours of the last one, twice.
    """
    counts = env.action_space.nvec
    tandem: Any = env.unwrapped
    last = np.array(start)
    every = [np.array(action) for action in joint_actions(env, stride)]

    def policy(_: Any) -> Any:
        nonlocal last
        few = len(every) <= LARGEST_SEARCH
        for _round in range(1 if few else SEARCH_ROUNDS):
            tried = every if few else neighbours(last, counts)
            shaped = [action.reshape(tandem.action_space.shape) for action in tried]
            outcomes = tandem.branch(shaped, horizon=horizon)
            last = tried[int(np.argmax([outcome.reward for outcome in outcomes]))]
        return last

    return policy


def train(scenario: str, arguments: dict[str, Any], seed: int, steps: int) -> Policy:
    """PPO of Stable-Baselines3 on normalised observations; its policy without exploration."""
    torch.set_num_threads(1)
    vector = VecNormalize(DummyVecEnv([lambda: make(scenario, arguments)]), norm_reward=False)
    vector.seed(TRAINING_SEED * seed)
    model = PPO("MlpPolicy", vector, seed=seed, device="cpu", **SETTINGS)
    model.learn(steps)
    vector.close()
    return lambda row: model.predict(vector.normalize_obs(row), deterministic=True)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario")
    parser.add_argument("--steps", type=int, default=8000, help="decisions of a training")
    parser.add_argument("--seeds", type=int, default=3, help="trainings")
    parser.add_argument("--epochs", type=int, default=50, help="decisions of an episode")
    parser.add_argument("--episodes", type=int, default=8, help="episodes that judge")
    parser.add_argument("--trials", type=int, default=1, help="of them, for every constant")
    parser.add_argument("--search", type=int, default=0, help="of them, for branch search")
    parser.add_argument("--horizon", type=int, default=3, help="of a branch, decisions")
    parser.add_argument("--stride", type=int, default=1, help="2: every other choice only")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    arguments: dict[str, Any] = dict(pair.split("=", 1) for pair in given.set)
    arguments["epochs"] = given.epochs
    results: dict[str, Any] = {"scenario": given.scenario, "arguments": arguments}

    def tell(name: str, rewards: list[float], begin: float) -> None:
        mean = float(np.exp(np.mean(rewards)))
        seconds = round(time.monotonic() - begin)
        results[name] = {"equivalent_mbps": mean, "rewards": rewards, "seconds": seconds}
        # Of the same episodes: branch search may play the first of them only.
        constant = float(np.exp(np.mean(results["constant"]["rewards"][: len(rewards)])))
        print(f"{name}: {mean:.3f} Mbit/s, {mean / constant:.2f} of the best constant", flush=True)
        if given.out:
            given.out.write_text(json.dumps(results, indent=1) + "\n")

    with make(given.scenario, arguments) as env:
        begin = time.monotonic()
        action, rewards = best_constant(env, given.episodes, given.trials, given.stride)
        results["best_action"] = action
        print(f"best of {len(joint_actions(env, given.stride))} constants: {action}")
        tell("constant", rewards, begin)
        if given.search:
            begin = time.monotonic()
            search = branch_search(env, action, given.horizon, given.stride)
            tell("search", judge(env, search, given.search), begin)
        for seed in range(1, given.seeds + 1):
            begin = time.monotonic()
            policy = train(given.scenario, arguments, seed, given.steps)
            tell(f"ppo {seed}", judge(env, policy, given.episodes), begin)


if __name__ == "__main__":
    main()
