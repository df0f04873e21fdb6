# SPDX-License-Identifier: MIT
"""Is a scenario worth learning? The best constant action against PPO and against branch search.

pip install 'ns3-tandem[sb3]' matplotlib
python worth_learning.py tcp-bottleneck --steps 24000 --epochs 100 --plot tcp.png

Every constant joint action plays the judging episodes (or with ``--glimpse`` their beginnings, and
the best ones then all): the best constant is the best *there*, it has the advantage of hindsight.
PPO is trained in episodes of other seeds, and judged without exploration. Branch search tries joint
actions at each decision from the state as it is (`TandemEnv.branch`) and plays the best. No agent
can do that in a real network: it shows what there is to gain. A mean reward is a mean logarithm;
what is printed is its exponential, the equivalent throughput in Mbit/s.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from tandem.agents.flat import flatten
from tandem.bridge.core.env import TandemEnv

#: Episodes from this seed on judge. Whoever chooses a setting uses others (``--judge``).
JUDGING_SEED = 900_001
#: The training of number k starts from this seed times k.
TRAINING_SEED = 1_000
#: After a glimpse at all, so many of the constants play whole episodes.
FINALISTS = 16
#: How often branch search moves to the best neighbour at a decision.
SEARCH_ROUNDS = 2
#: Random draws of the branches: not those that the episode meets, which are future 0.
ANOTHER_FUTURE = 1
#: Up to so many joint actions are all tried.
LARGEST_SEARCH = 64
#: For all scenarios the same, chosen in other episodes than those that judge. An action's effect is
#: over after a few decisions. What is not here is SB3's default.
SETTINGS = {"gamma": 0.8, "learning_rate": 1e-3, "ent_coef": 0.01}
#: Smaller observations are as good as 0.
SMALLEST = 1e-3

Policy = Callable[[Any], Any]
#: Rewards of the decisions of each episode.
Rewards = list[list[float]]


class Compressed(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Logarithms of what cannot be negative: throughputs and times span orders of magnitude."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        space: Any = env.observation_space
        self._is_ratio = space.low >= 0
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, space.shape)

    def observation(self, observation: Any) -> Any:
        logarithms = np.arcsinh(observation / SMALLEST)
        return np.where(self._is_ratio, logarithms, observation).astype(np.float32)


def make(scenario: str, arguments: dict[str, Any]) -> Compressed:
    """The scenario with one row of numbers as action and one as observation."""
    return Compressed(flatten(TandemEnv(scenario, arguments), observations=True))


def joint_actions(env: gymnasium.Env[Any, Any], stride: int = 1) -> list[tuple[int, ...]]:
    """Every joint action, or with a stride each second, third, … choice where there are more."""
    choices = env.action_space.nvec
    return list(itertools.product(*(range(0, n, max(1, min(stride, n - 1))) for n in choices)))


def play(env: gymnasium.Env[Any, Any], policy: Policy, seed: int, most: int = 0) -> list[float]:
    """Rewards of an episode, or of its first ``most`` decisions."""
    observation, _ = env.reset(seed=seed)
    rewards = []
    over = False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        rewards.append(float(reward))
        over = terminated or truncated or len(rewards) == most
    return rewards


def best_constant(env: gymnasium.Env[Any, Any], seeds: range, glimpse: int) -> tuple[Any, Rewards]:
    """The constant joint action with the highest mean reward over the episodes.

    With a glimpse all play the first decisions of each episode, and the best of them play them all.
    """

    def judged(actions: Sequence[tuple[int, ...]], most: int) -> dict[tuple[int, ...], Rewards]:
        return {
            action: [play(env, lambda _, a=action: np.array(a), seed, most) for seed in seeds]
            for action in actions
        }

    def ranked(scores: dict[tuple[int, ...], Rewards]) -> list[tuple[int, ...]]:
        # Of equally long episodes.
        return sorted(scores, key=lambda action: -float(np.mean(scores[action])))

    actions = joint_actions(env)
    if glimpse:
        actions = ranked(judged(actions, glimpse))[:FINALISTS]
    scores = judged(actions, 0)
    best = ranked(scores)[0]
    return best, scores[best]


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

    All of them where they are few, else the neighbours of the last one, twice. They are tried with
    other random draws than those that come, so that no luck is foreseen.
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
            outcomes = tandem.branch(shaped, horizon=horizon, future=ANOTHER_FUTURE)
            last = tried[int(np.argmax([outcome.reward for outcome in outcomes]))]
        return last

    return policy


def train(scenario: str, arguments: dict[str, Any], seed: int, steps: int, rollout: int) -> Policy:
    """PPO of Stable-Baselines3 on normalised observations; its policy without exploration."""
    torch.set_num_threads(1)
    vector = VecNormalize(DummyVecEnv([lambda: make(scenario, arguments)]), norm_reward=False)
    vector.seed(TRAINING_SEED * seed)
    model = PPO("MlpPolicy", vector, seed=seed, n_steps=rollout, device="cpu", **SETTINGS)
    model.learn(steps)
    vector.close()
    return lambda row: model.predict(vector.normalize_obs(row), deterministic=True)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario")
    parser.add_argument("--steps", type=int, default=24000, help="decisions of a training")
    parser.add_argument("--rollout", type=int, default=512, help="decisions per update of PPO")
    parser.add_argument("--seeds", type=int, default=3, help="trainings")
    parser.add_argument("--epochs", type=int, default=50, help="decisions of an episode")
    parser.add_argument("--episodes", type=int, default=8, help="episodes that judge")
    parser.add_argument("--glimpse", type=int, default=0, help="first decisions, to pick constants")
    parser.add_argument("--search", type=int, default=0, help="of them, for branch search")
    parser.add_argument("--horizon", type=int, default=3, help="of a branch, decisions")
    parser.add_argument("--stride", type=int, default=1, help="2: search every other choice only")
    parser.add_argument("--judge", type=int, default=JUDGING_SEED, help="seed of the first of them")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    parser.add_argument("--plot", type=Path, help="picture of them")
    given = parser.parse_args()
    arguments: dict[str, Any] = dict(pair.split("=", 1) for pair in given.set)
    arguments["epochs"] = given.epochs
    judging = range(given.judge, given.judge + given.episodes)
    results: dict[str, Any] = {
        "scenario": given.scenario,
        "arguments": arguments,
        "judging_seeds": list(judging),
        "training_decisions": given.steps,
        "policies": {},
    }

    def tell(name: str, rewards: Rewards, begin: float) -> None:
        policies = results["policies"]
        means = [float(np.mean(episode)) for episode in rewards]
        # Of the same episodes: branch search may play the first of them only.
        constant = policies.get("constant", {"rewards": means})["rewards"][: len(means)]
        policies[name] = {
            "equivalent_mbps": float(np.exp(np.mean(means))),
            "ratio": float(np.exp(np.mean(means) - np.mean(constant))),
            "rewards": means,
            "first_episode": [round(reward, 4) for reward in rewards[0]],
            "seconds": round(time.monotonic() - begin),
        }
        print(
            f"{name}: {policies[name]['equivalent_mbps']:.3f} Mbit/s in {len(means)} episodes, "
            f"{policies[name]['ratio']:.2f} of the best constant",
            flush=True,
        )
        if given.out:
            given.out.write_text(json.dumps(results, indent=1) + "\n")

    with make(given.scenario, arguments) as env:
        begin = time.monotonic()
        action, rewards = best_constant(env, judging, given.glimpse)
        results["best_action"] = [int(value) for value in action]
        print(f"best of {len(joint_actions(env))} constants: {results['best_action']}")
        tell("constant", rewards, begin)
        for seed in range(1, given.seeds + 1):
            begin = time.monotonic()
            policy = train(given.scenario, arguments, seed, given.steps, given.rollout)
            tell(f"ppo {seed}", [play(env, policy, episode) for episode in judging], begin)
        if given.search:
            begin = time.monotonic()
            search = branch_search(env, action, given.horizon, given.stride)
            tell("search", [play(env, search, seed) for seed in judging[: given.search]], begin)
    if given.plot:
        from worth_learning_plot import draw  # a file beside this one; needs matplotlib

        draw(results, given.plot)


if __name__ == "__main__":
    main()
