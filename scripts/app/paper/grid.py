# SPDX-License-Identifier: MIT
"""The paper's experiments as a grid of units, each run and kept by itself.

The paper is Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning Inference in
Multi-user Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.inference.cost import VIOLATION_S, NamedThreshold
from tandem.agents.inference.objective import PaperObjective

Threshold = float | NamedThreshold

#: Network conditions (recalled from the paper): share of the users whose network is weak, which
#: means 20 ms more for each packet that they send.
CONDITIONS: Final[Mapping[str, float]] = {"A": 0.0, "B": 1 / 3, "C": 2 / 3, "D": 1.0}
HYBRID: Final = "hybrid"
JOINT: Final = "joint-dqn"
#: As in the paper, it learns the accuracy threshold from the cost of missing it.
PENALTY: Final = "joint-dqn-penalty"
BRANCHING: Final = "branching-dqn"
ABLATIONS: Final = ("prior", "hybrid-greedy", "hybrid-no-structure")
#: Further ablations of the hybrid agent; run only on request.
MORE_ABLATIONS: Final = (
    "hybrid-no-rate",
    "hybrid-no-transport",
)
#: Agents without a network. Where a pool has states to train on, outcomes are replayed to these;
#: all others always play in ns-3 itself, since they would memorise the few states of a pool.
TABULAR: Final = ("qlearning", "bandit")
#: Most interactions of a run that does not reach the target. An epoch of ns-3 takes 0.05 to 0.1 s.
CAPS: Final[Mapping[str, int]] = {
    HYBRID: 300,
    **dict.fromkeys((*ABLATIONS, *MORE_ABLATIONS), 200),
    BRANCHING: 300,
    JOINT: 900,
    PENALTY: 300,
    **dict.fromkeys(TABULAR, 200),
}
#: Thresholds for the hybrid agent, and for agents whose runs take minutes.
EVERYWHERE: Final[tuple[Threshold, ...]] = ("min", 80.0, 85.0, 89.0, "max")
CENTRE: Final[tuple[Threshold, ...]] = (85.0,)
#: States are taken from decisions 4, 8 and 12 of episodes that an explorer plays.
STRIDE: Final = 4
PER_EPISODE: Final = 3
FIRST_POOL_SEED: Final = 2_000_009
#: Evaluations happen after this many interactions and then at intervals that grow with them.
FIRST_EVALUATION: Final = 5
EVALUATION_GROWTH: Final = 1.2


@dataclass(frozen=True, slots=True, order=True)
class PoolSpec:
    """States of one scenario under one network condition.

    Attributes:
        scenario: its name.
        users: N.
        condition: of `CONDITIONS`.
        training: how many states to replay; with none, nothing is replayed.
        evaluation: how many states to judge by.
        settings: further arguments of the scenario.
        futures: in how many futures evaluation states are measured; 0: in the one that comes.
    """

    scenario: str
    users: int
    condition: str
    training: int
    evaluation: int
    settings: tuple[tuple[str, str], ...] = ()
    futures: int = 0

    @property
    def name(self) -> str:
        """For files."""
        return f"{self.scenario}-u{self.users}-{self.condition}"

    @property
    def weak_users(self) -> int:
        """How many users have a weak network."""
        return round(self.users * CONDITIONS[self.condition])

    @property
    def arguments(self) -> dict[str, object]:
        """Of the scenario."""
        return {
            "users": self.users,
            "weakUsers": self.weak_users,
            "epochs": PER_EPISODE * STRIDE + 1,
            **dict(self.settings),
        }

    def draws(self) -> tuple[StateDraw, StateDraw]:
        """Training and evaluation states; no episode gives both."""
        second = FIRST_POOL_SEED + -(-self.evaluation // PER_EPISODE)
        return (
            StateDraw(self.training, second, PER_EPISODE, STRIDE),
            StateDraw(self.evaluation, FIRST_POOL_SEED, PER_EPISODE, STRIDE),
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """One training run: an agent under a threshold on a pool, from one seed."""

    pool: PoolSpec
    threshold: Threshold
    agent: str
    seed: int
    cap: int
    violation_s: float = VIOLATION_S

    @property
    def name(self) -> str:
        """For files; unique in a grid."""
        return f"{self.pool.name}-{threshold_name(self.threshold)}-{self.agent}-s{self.seed}"

    @property
    def in_simulator(self) -> bool:
        """Whether the agent plays in ns-3 itself."""
        return not (self.pool.training and self.agent in TABULAR)

    @property
    def objective(self) -> PaperObjective:
        """Of the agent and of the oracle."""
        return PaperObjective(self.threshold, self.violation_s)

    def schedule(self) -> list[int]:
        """Interactions after which the greedy policy is evaluated; the last is the cap."""
        points, point = [], float(FIRST_EVALUATION)
        while round(point) < self.cap:
            points.append(round(point))
            point = max(point * EVALUATION_GROWTH, point + 1.0)
        return [*points, self.cap]


@dataclass(frozen=True)
class PaperGrid:
    """Which units there are.

    Attributes:
        agents: thresholds at which each agent is run.
        training_states: to replay to tabular agents, per pool; 0: these play in ns-3, too.
        largest_only: agents that are run with the most users only.
        caps: interactions of a run that does not reach the target.
    """

    scenario: str = "wifi-edge"
    users: tuple[int, ...] = (3, 4, 5)
    conditions: tuple[str, ...] = tuple(CONDITIONS)
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    training_states: int = 0
    evaluation_states: int = 6
    futures: int = 4
    largest_only: tuple[str, ...] = (*ABLATIONS, PENALTY, *TABULAR)
    settings: tuple[tuple[str, str], ...] = ()
    caps: Mapping[str, int] = field(default_factory=lambda: dict(CAPS))
    agents: Mapping[str, tuple[Threshold, ...]] = field(
        default_factory=lambda: {
            HYBRID: EVERYWHERE,
            **dict.fromkeys(ABLATIONS, CENTRE),
            BRANCHING: CENTRE,
            JOINT: CENTRE,
            PENALTY: CENTRE,
            **dict.fromkeys(TABULAR, CENTRE),
        }
    )

    def pools(self) -> list[PoolSpec]:
        """All pools."""
        return [
            PoolSpec(
                self.scenario,
                users,
                condition,
                self.training_states,
                self.evaluation_states,
                self.settings,
                self.futures,
            )
            for users, condition in itertools.product(self.users, self.conditions)
        ]

    def units(self) -> Iterator[Unit]:
        """All units, seed after seed, so that the first part is a smaller experiment by itself."""
        for seed, pool in itertools.product(self.seeds, self.pools()):
            for agent, thresholds in self.agents.items():
                if agent in self.largest_only and pool.users < max(self.users):
                    continue
                for threshold in thresholds:
                    yield Unit(pool, threshold, agent, seed, self.caps[agent])

    def as_config(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "scenario": self.scenario,
            "users": list(self.users),
            "conditions": {
                condition: {
                    f"{users}": round(users * CONDITIONS[condition]) for users in self.users
                }
                for condition in self.conditions
            },
            "seeds": list(self.seeds),
            "training_states": self.training_states,
            "evaluation_states": self.evaluation_states,
            "futures": self.futures,
            "settings": dict(self.settings),
            "agents": {
                agent: [threshold_name(threshold) for threshold in thresholds]
                for agent, thresholds in self.agents.items()
            },
            "caps": {agent: self.caps[agent] for agent in self.agents},
            "replayed": [
                agent for agent in self.agents if self.training_states and agent in TABULAR
            ],
            "largest_only": [agent for agent in self.largest_only if agent in self.agents],
        }


#: A smoke run: the same code, with few of everything.
QUICK: Final = PaperGrid(
    users=(3,),
    conditions=("A", "D"),
    seeds=(1, 2),
    training_states=18,
    evaluation_states=6,
    futures=3,
    caps={
        **CAPS,
        HYBRID: 150,
        **dict.fromkeys(ABLATIONS, 150),
        JOINT: 600,
        "qlearning": 4_000,
        "bandit": 1_500,
    },
    agents={
        HYBRID: ("min", 85.0, "max"),
        **dict.fromkeys(ABLATIONS, CENTRE),
        BRANCHING: CENTRE,
        JOINT: CENTRE,
        **dict.fromkeys(TABULAR, CENTRE),
    },
)


def threshold_name(threshold: Threshold) -> str:
    """``"85"``, ``"min"``."""
    return threshold if isinstance(threshold, str) else f"{threshold:g}"
