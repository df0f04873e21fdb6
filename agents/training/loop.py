# SPDX-License-Identifier: MIT
"""Training any learner in any world, with checkpointing.

An interaction is one decision epoch that ns-3 simulates for the learner: a decision, or an epoch of
a branch that was tried to choose it. A run that is saved after a decision and resumed later gives
the same results, bit for bit, as one that was not interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np

from tandem.agents.api import AnyLearner, Decision, Observation
from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.seeds import TRAINING
from tandem.agents.training.history import Place, Row, history_columns, history_values
from tandem.agents.training.world import AnyWorld, Feedback

#: Keeps the seeds of episodes apart from the agent's draws.
EPISODE_STREAM: Final = 1

ExperienceT = TypeVar("ExperienceT")
RowT = TypeVar("RowT", bound=Row)
RowT_contra = TypeVar("RowT_contra", contravariant=True)


class Observer(Protocol[RowT_contra]):
    """Called for each event of a run, to record or show it."""

    def begin_episode(self, episode: int, seed: int, observation: Observation) -> None:
        """The first decision of an episode was made; `interaction` follows."""
        ...

    def interaction(self, row: RowT_contra, decision: Decision, feedback: Feedback) -> None:
        """A decision is over and has been learned from."""
        ...


class Training(Generic[ExperienceT, RowT]):
    """A learner in a world.

    Args:
        world: its episode is reset.
        learner: learns.
        seed: decides the seeds of the episodes; the learner's draws follow from its own.
        observer: called after every decision.
        ahead: begin the next episode when one is over, not only with its first decision: a learner
            that plans over an episode is then judged and saved without its last plan.

    Attributes:
        history: one row per decision.
        interactions: so far, those before a resume included.
        branch_epochs: those of them that branches simulated.
    """

    def __init__(
        self,
        world: AnyWorld[ExperienceT, RowT],
        learner: AnyLearner[ExperienceT],
        seed: int,
        observer: Observer[RowT] | None = None,
        *,
        ahead: bool = False,
    ) -> None:
        self.world = world
        self.learner = learner
        self.history: list[RowT] = []
        self.interactions = 0
        self.branch_epochs = 0
        self._observer = observer
        self._ahead = ahead
        self._rng = np.random.default_rng([seed, EPISODE_STREAM])
        self._observation: Observation = {}
        self._episode = -1
        self._episode_seed = 0
        self._episode_actions: list[Any] = []
        self._over = True

    @single_threaded
    def run(
        self,
        interactions: int,
        stop: Callable[[Training[ExperienceT, RowT]], bool] | None = None,
    ) -> None:
        """Train until there are ``interactions`` in total, or until ``stop`` returns true.

        When an episode ends, the next one begins.

        Args:
            interactions: the last decision may exceed them by its branches.
            stop: called after each decision, when the run's state is complete.
        """
        while self.interactions < interactions:
            self._interact()
            if stop is not None and stop(self):
                return

    def state_dict(self) -> dict[str, Any]:
        """Everything that is needed to resume with the same results (see
        `tandem.agents.checkpoint`)."""
        return {
            "learner": self.learner.state_dict(),
            "rng": self._rng.bit_generator.state,
            "history": history_columns(self.history),
            "interactions": self.interactions,
            "branch_epochs": self.branch_epochs,
            "episode": self._episode,
            "episode_seed": self._episode_seed,
            "episode_actions": _packed(self._episode_actions),
            "over": self._over,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, for the same kind of world, learner and seed.

        The decisions of the episode under way are played again to bring the world to where it was.
        They are not counted, and the learner does not learn from them.
        """
        self.learner.load_state_dict(state["learner"])
        self._rng.bit_generator.state = state["rng"]
        self.history = [self.world.row_of(values) for values in history_values(state["history"])]
        self.interactions = int(state["interactions"])
        self.branch_epochs = int(state["branch_epochs"])
        self._episode = int(state["episode"])
        self._episode_seed = int(state["episode_seed"])
        self._episode_actions = _unpacked(state["episode_actions"])
        self._over = bool(state["over"])
        if not self._over:
            self._observation = self.world.reset(self._episode_seed)
            for action in self._episode_actions:
                self._observation = self.world.step(action).observation

    def _interact(self) -> None:
        """One decision: decide, play, learn."""
        if self._over:
            self._begin_episode()
        before, is_first = self._observation, not self._episode_actions
        decision = self.learner.decide(before)
        feedback = self.world.step(decision.action)
        self._episode_actions.append(_copied(decision.action))
        lesson = self.learner.learn(decision, self.world.experience(before, decision, feedback))
        self.interactions += 1 + decision.branch_epochs
        self.branch_epochs += decision.branch_epochs
        place = Place(self.interactions, self._episode)
        row = self.world.row(place, decision, feedback, lesson)
        self.history.append(row)
        self._observation = feedback.observation
        self._over = feedback.over
        if self._observer is not None:
            if is_first:
                self._observer.begin_episode(self._episode, self._episode_seed, before)
            self._observer.interaction(row, decision, feedback)
        if self._over and self._ahead:
            self._begin_episode()

    def _begin_episode(self) -> None:
        self._episode += 1
        self._episode_seed = int(self._rng.integers(TRAINING.first, TRAINING.limit))
        self._episode_actions = []
        self._observation = self.world.reset(self._episode_seed)
        self.learner.begin_episode(self._episode_seed)
        self._over = False


def _copied(action: Any) -> Any:
    return action.copy() if isinstance(action, np.ndarray) else action


def _packed(actions: list[Any]) -> Any:
    """Actions of an episode for a checkpoint: one array where they are arrays."""
    arrays = [action for action in actions if isinstance(action, np.ndarray)]
    return np.stack(arrays) if arrays and len(arrays) == len(actions) else list(actions)


def _unpacked(actions: Any) -> list[Any]:
    """The inverse of `_packed`."""
    return [np.array(action) for action in actions] if isinstance(actions, np.ndarray) else actions
