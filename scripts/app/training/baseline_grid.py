# SPDX-License-Identifier: MIT
"""Which settings of the baselines are tried; at most eight of each.

Every entry names all settings that any entry of its baseline changes, so that the table does not
change its meaning with the defaults. Discounts are not among them: a response time belongs to the
decision before it, and where outcomes are replayed an episode is one decision long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Given: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Search:
    """Settings of one baseline.

    Attributes:
        agent: its name in the registry.
        evaluations: after so many interactions each; the last one ends the run.
        settings: what is tried.
        checked: numbers of those that are also played in ns-3, to compare rankings.
        known: what the agent is told, by names of `tandem.scripts.app.experiments`; only the
            baseline that starts from knowledge depends on it.
    """

    agent: str
    evaluations: tuple[int, ...]
    settings: Sequence[Given]
    checked: tuple[int, ...] = ()
    known: tuple[str, ...] = ("default-3",)


LONG: Final = (100, 200, 300, 500, 700, 1000, 1400, 1800, 2200, 2600, 3000)
MIDDLE: Final = (50, 100, 200, 300, 400, 600, 800, 1000)
SHORT: Final = (5, 10, 20, 50, 100, 150)


def _joint(
    head: float = 0.01, rate: float = 1e-3, updates: int = 2, explore: int = 1000, **more: Any
) -> Given:
    return {
        "head_learning_rate": head,
        "learning_rate": rate,
        "updates": updates,
        "epsilon": {"interactions": explore},
        **{"batch": 64, "obey_threshold": True, **more},
    }


def _branching(
    explore: int = 1000, rate: float = 1e-3, updates: int = 2, batch: int = 32, hidden: int = 64
) -> Given:
    dqn = {
        "epsilon_interactions": explore,
        "learning_rate": rate,
        "batch": batch,
        "hidden": hidden,
    }
    return {"dqn": dqn, "updates": updates}


def _table(explore: int = 1000, rate: float = 0.05, pooling: float = 2.0, levels: int = 3) -> Given:
    return {
        "epsilon": {"interactions": explore},
        "learning_rate": rate,
        "pooling": pooling,
        "site_levels": levels,
    }


def _ppo(
    rate: float = 1e-3, steps: int = 128, entropy: float = 0.003, epochs: int = 10, batch: int = 64
) -> Given:
    ppo = {
        "learning_rate": rate,
        "n_steps": steps,
        "ent_coef": entropy,
        "n_epochs": epochs,
        "batch_size": batch,
        "gamma": 0.0,
    }
    return {"ppo": ppo}


def _dqn(explore: int = 1000, rate: float = 1e-3, updates: int = 1, **more: Any) -> Given:
    return {
        "epsilon": {"interactions": explore},
        "learning_rate": rate,
        "updates": updates,
        **{"batch": 64, "obey_threshold": True, **more},
    }


def _prior(spread: float, noise: float, draws: int = 150) -> Given:
    return {"spread": spread, "noise": noise, "thompson_interactions": draws}


GRID: Final[Sequence[Search]] = (
    Search(
        "joint-dqn",
        LONG,
        (
            _joint(),
            _joint(explore=300),
            _joint(explore=3000),
            _joint(explore=300, head=0.03),
            _joint(explore=300, updates=1),
            _joint(explore=300, obey_threshold=False),
        ),
        checked=(0, 1),
    ),
    Search(
        "branching-dqn",
        MIDDLE,
        (
            _branching(),
            _branching(explore=300),
            _branching(explore=100),
            _branching(explore=300, updates=4),
            _branching(explore=300, rate=3e-3),
            _branching(explore=300, rate=3e-4),
            _branching(explore=300, batch=128),
        ),
    ),
    Search(
        "qlearning",
        LONG,
        (
            _table(),
            _table(explore=300),
            _table(explore=3000),
            _table(rate=0.2),
            _table(pooling=10.0),
            _table(pooling=50.0),
            _table(explore=300, pooling=10.0),
            _table(levels=2, pooling=10.0),
        ),
    ),
    Search(
        "bandit",
        MIDDLE,
        tuple(
            {"noise": noise, "memory": memory}
            for noise in (0.1, 0.2, 0.5, 1.0)
            for memory in (50, 500)
        ),
    ),
    Search(
        "sb3-ppo",
        LONG,
        (
            _ppo(),
            _ppo(rate=3e-3),
            _ppo(rate=3e-4),
            _ppo(steps=32, batch=32),
            _ppo(steps=256),
            _ppo(entropy=0.03),
            _ppo(epochs=4),
            _ppo(rate=3e-3, steps=32, batch=32, epochs=4),
        ),
    ),
    Search(
        "sb3-dqn",
        LONG,
        (
            _dqn(),
            _dqn(explore=300),
            _dqn(explore=3000),
            _dqn(rate=3e-3),
            _dqn(rate=3e-4),
            _dqn(obey_threshold=False),
        ),
    ),
    Search(
        "prior-bandit",
        SHORT,
        (
            _prior(0.25, 0.5),
            _prior(0.5, 0.5),
            _prior(1.0, 0.5),
            _prior(0.5, 0.25),
            _prior(1.0, 0.25),
            _prior(1.0, 1.0),
            _prior(0.5, 0.5, draws=50),
            _prior(1.0, 0.5, draws=50),
        ),
        known=("default-3", "device-lie-3", "hidden-load-3"),
    ),
)
