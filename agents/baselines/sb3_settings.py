# SPDX-License-Identifier: MIT
"""Settings of Stable-Baselines3's algorithms; they can be read without that package."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from tandem.agents.common.schedule import LinearSchedule
from tandem.agents.common.settings import Count, NotNegative, Positive, Settings, Share

#: Discount of SB3's algorithms by default.
SB3_GAMMA: Final = 0.99


class PpoConfig(Settings):
    """Proximal policy optimisation: settings of SB3's ``PPO``."""

    learning_rate: Positive = 1e-3
    """Step size of Adam."""
    n_steps: Count = 128
    """Interactions between two updates of the policy."""
    batch_size: Count = 64
    """Interactions per gradient step."""
    n_epochs: Count = 10
    """Passes over the interactions of an update."""
    gamma: Share = SB3_GAMMA
    """Discount per decision; default: SB3's."""
    ent_coef: NotNegative = 0.003
    """Weight of the policy's entropy, which keeps it exploring."""


class DqnConfig(Settings):
    """Deep Q-learning: settings of SB3's ``DQN``."""

    learning_rate: Positive = 1e-3
    """Step size of Adam."""
    buffer_size: Count = 20_000
    """Interactions kept."""
    learning_starts: Count = 100
    """Interactions before the first update."""
    batch_size: Count = 64
    """Interactions per gradient step."""
    train_freq: Count = 1
    """Interactions between two updates."""
    gradient_steps: Count = 1
    """Gradient steps per update."""
    gamma: Share = SB3_GAMMA
    """Discount per decision; default: SB3's."""
    exploration_fraction: Share = 0.3
    """Share of the interactions over which exploration falls."""
    exploration_final_eps: Share = 0.05
    """Share of decisions that explore in the end."""
    target_update_interval: Count = 200
    """Interactions between two copies to the target network."""


class Sb3Config(Settings):
    """How one of Stable-Baselines3's algorithms sees an environment, and its settings."""

    lowest_reward: float | None = None
    """Lower rewards count as this; default: no limit."""
    reward_scale: Positive = 1.0
    """Rewards are divided by this, after the limit; default: they stay as they are."""
    normalise_rewards: bool = True
    """Divide rewards by the running standard deviation of what they add up to (SB3's
    ``VecNormalize``): algorithms are made for sums of about 1."""
    policy: str = "MultiInputPolicy"
    """Kind of SB3's policy; ours are for observations of several blocks."""
    algorithm: dict[str, Any] = Field(default_factory=dict)
    """Keywords of the algorithm's class, such as ``{"gamma": 0.9}``; the others keep the values of
    `algorithm_defaults`."""


def algorithm_defaults(name: str) -> dict[str, Any]:
    """Keywords of an algorithm where they differ from SB3's own defaults.

    SB3's are for simulators of microseconds: 2048 interactions before PPO's first update, memory
    for a million.
    """
    own: dict[str, dict[str, Any]] = {
        "PPO": PpoConfig().model_dump(),
        "DQN": DqnConfig().model_dump(),
    }
    return own.get(name, {"buffer_size": DqnConfig().buffer_size})


class PpoLearnerConfig(Settings):
    """PPO in the training loop of all learners."""

    cost_limit_s: Positive | None = 1.5
    """Larger costs count as this many seconds."""
    cost_scale_s: Positive = 0.1
    """Costs are divided by this."""
    ppo: PpoConfig = PpoConfig(gamma=0.0, learning_rate=3e-3)
    """Settings of SB3's algorithm."""


class DqnLearnerConfig(Settings):
    """SB3's DQN in the training loop of all learners: an output per joint action."""

    cost_limit_s: Positive | None = 1.5
    """Larger costs count as this many seconds."""
    cost_scale_s: Positive = 0.1
    """Costs are divided by this."""
    obey_threshold: bool = True
    """Choose only among joint actions whose nominal accuracy reaches the threshold."""
    neighbour_share: Share = 0.7
    """Share of exploring decisions that change one user's option in the greedy joint action; the
    others draw every user's option afresh."""
    epsilon: LinearSchedule = LinearSchedule()
    """Share of decisions that explore."""
    learning_rate: Positive = 3e-3
    """Step size of Adam."""
    gamma: Share = 0.0
    """Discount per decision."""
    capacity: Count = 20_000
    """Interactions kept."""
    learning_starts: Count = 100
    """Interactions before the first update."""
    batch: Count = 64
    """Interactions per gradient step."""
    updates: Count = 1
    """Gradient steps per interaction."""
    target_every: Count = 200
    """Interactions between two copies to the target network."""
