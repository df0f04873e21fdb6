# SPDX-License-Identifier: MIT
"""What every learning agent is: decides, learns from what came of it, and can be put away.

A training loop needs nothing else::

    decision = learner.decide(observation)
    ...                                      # one real epoch with decision.action
    lesson = learner.learn(decision, epoch)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.agents.training.replay import Epoch


@dataclass(frozen=True)
class Decision:
    """A joint action and where it came from; N users.

    Attributes:
        action: ``[N]``.
        source: what in the learner chose it, such as ``"explore"``, ``"greedy"`` or
            ``"thompson"``; for histories and tables, not for the training loop.
        predicted_s: mean response time that the learner expects of each user, seconds, ``[N]``;
            None from learners that predict none.
    """

    action: JointAction
    source: str
    predicted_s: NDArray[np.float64] | None = None

    @property
    def predicted_mean_s(self) -> float:
        """Predicted response time, mean over users, seconds; NaN without a prediction."""
        return float("nan") if self.predicted_s is None else float(self.predicted_s.mean())


@dataclass(frozen=True)
class Lesson:
    """What one real epoch taught. Learners without a system model leave the defaults.

    Attributes:
        surprise: mean absolute error of log response times of those who offloaded; NaN if none.
        validation_loss: of the last fit of the model, NaN before the first one.
        fitted: whether the model was fitted after this epoch.
        stale: whether the model was found stale at this epoch.
    """

    surprise: float = float("nan")
    validation_loss: float = float("nan")
    fitted: bool = False
    stale: bool = False


@runtime_checkable
class Learner(Protocol):
    """An `Agent` that learns. Its ``act`` is greedy: it does not explore and changes no state.

    What `decide` draws follows from the seed that the learner was made with and from what it has
    seen, so that equal runs are equal.
    """

    @property
    def name(self) -> str:
        """Short name for tables and run folders."""
        ...

    def begin_episode(self, seed: int) -> None:
        """Called after each reset; what was learned stays."""
        ...

    def decide(self, observation: Observation) -> Decision:
        """A joint action to learn from, exploration included."""
        ...

    def learn(self, decision: Decision, epoch: Epoch) -> Lesson:
        """Take in what came of a decision; called once per decision, in order."""
        ...

    def act(self, observation: Observation) -> JointAction:
        """The best joint action as far as learned, shape ``[users]``; changes nothing."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included: enough to go on as if never stopped.

        Holds what `tandem.agents.checkpoint` can write.
        """
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on a learner with the same problem and settings."""
        ...
