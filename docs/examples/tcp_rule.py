# SPDX-License-Identifier: MIT
"""A rule of three lines against constant windows on `tcp-bottleneck`, in 12 episodes.

python docs/examples/tcp_rule.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tandem.bridge.core.env import TandemEnv

SEEDS = range(700_001, 700_013)
#: The window doubles below the first stretch of the round-trip time, and is 1 above the second.
SHORT, LONG = 1.15, 1.4
LARGEST_CHOICE = 4


def rule(observation: Any) -> list[int]:
    """A choice for each flow, from its row of the observation."""
    choices = []
    for _, rtt_s, base_rtt_s, window, _ in observation["flows"]:
        now = round(np.log2(max(window, 1)))
        stretch = rtt_s / base_rtt_s
        choices.append(
            min(LARGEST_CHOICE, now + 1) if stretch < SHORT else 0 if stretch > LONG else now
        )
    return choices


def mean_reward(env: TandemEnv, seed: int, constant: list[int] | None) -> float:
    """Mean reward of an episode of the rule, or of a constant action."""
    observation, _ = env.reset(seed=seed)
    rewards = []
    truncated = False
    while not truncated:
        action = rule(observation) if constant is None else constant
        observation, reward, _, truncated, _ = env.step(action)
        rewards.append(reward)
    return float(np.mean(rewards))


def main() -> None:
    with TandemEnv("tcp-bottleneck", epochs=50) as env:
        for constant in (None, [0, 0], [1, 1], [2, 1], [2, 2], [3, 2], [3, 3], [4, 4]):
            mean = np.mean([mean_reward(env, seed, constant) for seed in SEEDS])
            print(f"{constant or 'rule'}: {np.exp(mean):.3f} Mbit/s", flush=True)


if __name__ == "__main__":
    main()
