# SPDX-License-Identifier: MIT
"""A tree search in ns-3 itself: the best three joint actions in a row, out of five candidates.

Each node of the tree is a fork of the environment, so no epoch is simulated twice: 5 + 25 + 125
instead of 3 × 125. The last level needs no forks, only branches. Run it with
``python docs/examples/tree_search.py``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tandem.bridge.core.env import TandemEnv

#: Requests come at random times and outlive their epoch: a choice now decides what is left later.
SCENARIO: dict[str, Any] = {"users": 3, "epochs": 0, "arrivals": "poisson", "edgeCores": 1}
SEED = 2
DEPTH = 3
#: Options 0 to 7 compute on the device, 8 at the edge, 9 in the cloud.
CANDIDATES: Sequence[tuple[int, ...]] = ((7, 8, 9), (8, 9, 7), (9, 7, 8), (7, 7, 8), (7, 7, 9))


@dataclass
class Cost:
    """What a search has taken."""

    forks: int = 0
    branches: int = 0
    epochs: int = 0


def search(env: TandemEnv, depth: int, cost: Cost) -> tuple[float, list[tuple[int, ...]]]:
    """The best sum of rewards over ``depth`` epochs from here, and the actions that give it."""
    if depth == 1:
        outcomes = env.branch(CANDIDATES)
        cost.branches += len(CANDIDATES)
        cost.epochs += len(CANDIDATES)
        best = max(range(len(CANDIDATES)), key=lambda number: outcomes[number].reward)
        return outcomes[best].reward, [CANDIDATES[best]]
    plans = []
    for action in CANDIDATES:
        with env.fork() as node:
            cost.forks += 1
            reward = float(node.step(action)[1])
            cost.epochs += 1
            after, actions = search(node, depth - 1, cost)
        plans.append((reward + after, [action, *actions]))
    return max(plans, key=lambda plan: plan[0])


def main() -> None:
    """Search, compare with one step of foresight, and play what was found."""
    with TandemEnv("wifi-edge", SCENARIO, objective="mean") as env:
        env.reset(seed=SEED)
        with env.fork() as other:
            greedy = 0.0
            for _ in range(DEPTH):
                _, (action,) = search(other, 1, Cost())
                greedy += float(other.step(action)[1])
        cost = Cost()
        start_s = time.perf_counter()
        value, actions = search(env, DEPTH, cost)
        wall_s = time.perf_counter() - start_s
        played = [env.step(action)[1] for action in actions]
    print(f"the best plan, {actions}, gives {value:.4f}; played it gave {sum(played):.4f}")
    print(f"the best action of each decision by itself: {greedy:.4f}")
    print(
        f"{len(CANDIDATES) ** DEPTH} plans: {cost.forks} forks, {cost.branches} branches, "
        f"{cost.epochs} epochs, {wall_s:.2f} s"
    )


if __name__ == "__main__":
    main()
