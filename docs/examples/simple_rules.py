# SPDX-License-Identifier: MIT
"""A rule of a few lines against constant actions, in each scenario that is shipped to learn from.

python simple_rules.py tcp-bottleneck

A rule reads the observation alone. That it beats every constant action shows that there is
something to learn; a trained agent should beat the rule. See `worth_learning.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tandem.bridge.core.env import TandemEnv

Action = list[Any]
Rule = Callable[[Mapping[str, Any]], Action]


def wifi_access(observation: Mapping[str, Any]) -> Action:
    """A small window where one station has data, the largest one and RTS where all have."""
    quiet, rush = [2, 0], [5, 1]
    return [rush if active > 1 else quiet for active, *_ in observation["aps"]]


def tcp_window(observation: Mapping[str, Any]) -> Action:
    """Twice the window while the round-trip time is short, one segment when it is long."""
    largest, short, long = 4, 1.1, 1.3
    choices = []
    for _, rtt_s, base_rtt_s, window, _ in observation["flows"]:
        now = round(np.log2(max(window, 1)))
        stretch = rtt_s / base_rtt_s
        longer = min(largest, now + 1)
        choices.append(longer if stretch < short else 0 if stretch > long else now)
    return choices


def lte_power(observation: Mapping[str, Any]) -> Action:
    """Full power, but where a UE is nearer to the other cell, one cell spares the other one's UE.

    The better placed UE shall be 15 dB above what disturbs it.
    """
    full, step_db, wanted_db = 6, 6, 15
    rows = observation["ues"]
    ahead_db = rows[:, 3] - rows[:, 2]  # how much nearer its own cell is
    powers = [full, full]
    if ahead_db.min() < 0:
        better = int(np.argmax(ahead_db))
        steps = int(np.ceil((wanted_db - ahead_db[better]) / step_db))
        powers[1 - better] = int(np.clip(full - steps, 0, full))
    return powers


@dataclass(frozen=True)
class Comparison:
    """A rule, constant actions that are good on average, and how long an episode is."""

    rule: Rule
    constants: tuple[Action, ...]
    epochs: int


COMPARISONS = {
    "wifi-contention": Comparison(
        wifi_access,
        ([[2, 0], [2, 0]], [[2, 0], [2, 1]], [[3, 1], [3, 1]], [[4, 1], [4, 1]]),
        epochs=50,
    ),
    "tcp-bottleneck": Comparison(
        tcp_window, ([1, 1], [2, 1], [2, 2], [3, 2], [3, 3], [4, 4]), epochs=100
    ),
    "lte-power": Comparison(lte_power, ([6, 6], [3, 3], [2, 2], [4, 4], [6, 4], [4, 6]), epochs=15),
}


def mean_reward(env: TandemEnv, rule: Rule, seeds: Iterable[int]) -> float:
    """Mean reward of a decision in some episodes of equal length."""
    rewards: list[float] = []
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        truncated = False
        while not truncated:
            observation, reward, _, truncated, _ = env.step(rule(observation))
            rewards.append(float(reward))
    return float(np.mean(rewards))


def ratio(scenario: str, seeds: Iterable[int], tell: Callable[[str], None] = print) -> float:
    """Equivalent throughput of the rule over that of the best of the constant actions."""
    compared = COMPARISONS[scenario]
    seeds = list(seeds)
    with TandemEnv(scenario, epochs=compared.epochs) as env:
        rule = mean_reward(env, compared.rule, seeds)
        tell(f"rule: {np.exp(rule):.3f} Mbit/s")
        best = -np.inf
        for constant in compared.constants:
            reward = mean_reward(env, lambda _, action=constant: action, seeds)
            tell(f"{constant}: {np.exp(reward):.3f} Mbit/s")
            best = max(best, reward)
    return float(np.exp(rule - best))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", choices=COMPARISONS)
    parser.add_argument("--episodes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1, help="of the first episode")
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.episodes)
    print(f"the rule is worth {ratio(given.scenario, seeds):.2f} times the best of these constants")


if __name__ == "__main__":
    main()
