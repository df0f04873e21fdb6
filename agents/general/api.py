# SPDX-License-Identifier: MIT
"""What an agent of any scenario is, and the data that it exchanges with a training loop.

It plays whatever the schema declares, and learns from the objective's rewards::

    choice = learner.decide(observation)
    following, reward, terminated, truncated, info = env.step(choice.action)
    figures = learner.learn(Step(observation, choice.action, reward, following, terminated))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tandem.agents.api import Agent, Observation
from tandem.bridge.core.env import TandemEnv


@dataclass(frozen=True)
class Choice:
    """An action and where it came from.

    Attributes:
        action: an element of the scenario's action space.
        source: what in the agent chose it, such as ``"plan"`` or ``"explore"``.
        predicted: reward of this decision that the agent expects; NaN without a prediction.
        branch_epochs: epochs that branches simulated to find it. Each counts as an interaction.
    """

    action: Any
    source: str
    predicted: float = float("nan")
    branch_epochs: int = 0


@dataclass(frozen=True)
class Step:
    """One decision and what came of it.

    Attributes:
        observation, following: blocks before and after.
        action: that was played.
        reward: of the environment's objective.
        ended: whether the episode terminated (a truncated one could continue).
    """

    observation: Observation
    action: Any
    reward: float
    following: Observation
    ended: bool


class GeneralLearner(Agent, Protocol):
    """An agent of any scenario; its draws follow from its seed and from what it has seen.

    ``act`` plays in the environment that the learner was made with, as it does in use: it does not
    explore.
    """

    @property
    def learns(self) -> bool:
        """Whether what `act` returns may ever change: else one evaluation says it all."""
        ...

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the numbers that `learn` returns."""
        ...

    def decide(self, observation: Observation) -> Choice:
        """An action to learn from, exploration included."""
        ...

    def learn(self, step: Step) -> Mapping[str, float]:
        """Learn from the outcome of a decision; called once per decision, in order.

        Returns:
            Numbers for history and pictures, by their names in `figures`; NaN where there is none.
        """
        ...

    def player_in(self, env: TandemEnv) -> Agent:
        """The agent as it is now, to play in another environment of the same scenario."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes: enough to resume with equal results.

        Holds what `tandem.agents.checkpoint` can write.
        """
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a learner of the same scenario and settings."""
        ...
