# SPDX-License-Identifier: MIT
"""Settings of the two DQNs; they can be read without PyTorch."""

from __future__ import annotations

from tandem.agents.baselines.joint_actions import JointActionConfig
from tandem.agents.common.schedule import LinearSchedule
from tandem.agents.common.settings import Count, Discount, Positive, Settings, Share


class BranchingDqnConfig(Settings):
    """The network, its steps, and the exploration by its values."""

    hidden: Count = 64
    """Width of both hidden layers."""
    learning_rate: Positive = 1e-3
    """Step size of Adam."""
    gamma: Discount = 0.3
    """Discount per decision; above 0 because backlog, windows and positions carry over."""
    batch: Count = 32
    """Transitions per gradient step."""
    target_rate: Share = 0.02
    """Share of the online network that the target network takes over at each step."""
    epsilon_start: Share = 0.5
    """Share of users that explore at the first interaction, where the DQN acts."""
    epsilon_end: Share = 0.05
    """Share of users that explore in the end."""
    epsilon_interactions: Count = 200
    """Interactions over which exploration falls linearly."""

    @property
    def epsilon(self) -> LinearSchedule:
        """Share of users that explore."""
        return LinearSchedule(
            start=self.epsilon_start, end=self.epsilon_end, interactions=self.epsilon_interactions
        )


class BranchingLearnerConfig(Settings):
    """The branching DQN alone."""

    dqn: BranchingDqnConfig = BranchingDqnConfig(epsilon_interactions=300, learning_rate=3e-3)
    """Network, steps and exploration; the latter is slower than in the hybrid agent, which
    explores by its plans."""
    cost_limit_s: Positive = 1.5
    """Larger costs count as this many seconds."""
    warmup: Count = 32
    """First interactions, in which every user draws its option and nothing is learned."""
    updates: Count = 2
    """Gradient steps per interaction."""
    capacity: Count = 20_000
    """Transitions kept."""


class JointDqnConfig(JointActionConfig):
    """One network with an output per joint action."""

    hidden: Count = 64
    """Width of both hidden layers."""
    learning_rate: Positive = 1e-3
    """Step size of Adam for the hidden layers."""
    head_learning_rate: Positive = 0.01
    """Step size of plain gradient descent for the outputs, per transition of the batch: how far
    an output moves towards its target depends on how often it was played, as in a table."""
    gamma: Discount = 0.0
    """Discount per decision; above 0 each update values all joint actions at the next states."""
    batch: Count = 64
    """Transitions per gradient step."""
    updates: Count = 2
    """Gradient steps per interaction."""
    target_every: Count = 200
    """Gradient steps after which the target network becomes a copy of the online one."""
    capacity: Count = 20_000
    """Transitions kept."""
