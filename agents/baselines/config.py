# SPDX-License-Identifier: MIT
"""Settings of the learners that the hybrid agent is compared with, a sentence for each.

The defaults are the best ones of a small search, over one to four seeds in a closed-form world of
3 and 5 users and up to 4 000 interactions: none was tuned on ns-3 itself.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tandem.agents.inference.config import Count, DqnConfig, Positive, Settings, Share

Discount = Annotated[float, Field(ge=0.0, lt=1.0)]


class EpsilonConfig(Settings):
    """Exploration that falls linearly with the interactions."""

    start: Share = 1.0
    """Share of decisions that explore at the first interaction."""
    end: Share = 0.05
    """Share of decisions that explore in the end."""
    interactions: Count = 1_000
    """Interactions over which that share falls."""

    def at(self, interaction: int) -> float:
        """The share after so many interactions."""
        done = min(interaction / self.interactions, 1.0)
        return self.start + done * (self.end - self.start)


class JointActionConfig(Settings):
    """What the learners over whole joint actions have in common."""

    obey_threshold: bool = True
    """Choose only among joint actions whose nominal accuracy reaches the threshold; without it
    the threshold is learned from the cost of missing it, as in the paper."""
    cost_limit_s: Positive = 1.5
    """Larger costs of an epoch count as this many seconds: how bad a bad action is does not
    matter, and one time-out must not outweigh a hundred good epochs."""
    neighbour_share: Share = 0.7
    """Share of exploring decisions that change one user's option in the greedy joint action; the
    others draw every user's option afresh."""
    epsilon: EpsilonConfig = EpsilonConfig()


class QLearningConfig(JointActionConfig):
    """Tabular Q-learning over discretised states and whole joint actions."""

    gamma: Discount = 0.0
    """Discount per epoch; 0 because in a table what carries over is less than its noise."""
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """Least step towards a target; before that a value is the mean of its targets."""
    site_levels: Count = 3
    """Levels into which the load of edge and cloud is cut."""
    pooling: Annotated[float, Field(ge=0.0)] = 2.0
    """Epochs for which a joint action's mean over all states counts in each single state; 0 keeps
    states apart, as in the paper."""


class JointDqnConfig(JointActionConfig):
    """The paper's baseline: one network with an output per joint action."""

    hidden: Count = 64
    """Width of both hidden layers."""
    learning_rate: Positive = 1e-3
    """Step size of Adam for the hidden layers."""
    head_learning_rate: Positive = 0.01
    """Step size of plain gradient descent for the outputs, per epoch of the batch: how far an
    output moves towards its target depends on how often it was played, as in a table."""
    gamma: Discount = 0.0
    """Discount per epoch; above 0 each update values all joint actions at the next states."""
    batch: Count = 64
    """Epochs per gradient step."""
    updates: Count = 2
    """Gradient steps per interaction."""
    target_every: Count = 200
    """Gradient steps after which the target network becomes a copy of the online one."""
    capacity: Count = 20_000
    """Epochs kept."""


class BranchingConfig(Settings):
    """The branching double-DQN alone: the model-free half of the hybrid agent."""

    dqn: DqnConfig = DqnConfig(epsilon_interactions=1_000)
    """Network, steps and exploration; the latter is slower than in the hybrid agent, which
    explores by its plans."""
    cost_limit_s: Positive = 1.5
    """Larger costs of an epoch count as this many seconds."""
    warmup: Count = 32
    """First interactions, in which every user draws its option and nothing is learned."""
    updates: Count = 2
    """Gradient steps per interaction."""
    capacity: Count = 20_000
    """Epochs kept."""


class BanditConfig(Settings):
    """One Thompson sampler per user, blind to the state."""

    noise: Positive = 0.5
    """Assumed standard deviation of a response time, as a share of its mean."""
    memory: Count = 50
    """Trials of an option that count; older ones fade, because the other users change."""
