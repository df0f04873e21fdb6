# SPDX-License-Identifier: MIT
"""Training any learner in any world, with checkpointing.

An interaction is one decision epoch of the world. A run that is saved after an interaction and
resumed later gives the same results, bit for bit, as one that was not interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

import numpy as np

from tandem.agents.api import Decision, Learner, Observation, Transition
from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.seeds import TRAINING
from tandem.agents.inference.components import read_answers
from tandem.agents.inference.objective import EpochCost
from tandem.agents.training.world import Feedback, World

#: Keeps the seeds of episodes apart from the agent's draws.
EPISODE_STREAM: Final = 1


@dataclass(frozen=True)
class HistoryRow:
    """One interaction.

    Attributes:
        interaction: from 1.
        episode: number of the episode, from 0.
        source: who chose the joint action (see `tandem.agents.api.Decision`).
        cost_s: negative reward.
        accuracy_percent: mean top-5 accuracy of the epoch's answers.
        timeouts: requests that timed out.
        predicted_s: mean response time that the agent's model predicted; NaN without a model.
        model_error: mean absolute error of log response times of offloaders; NaN without any.
        validation_loss: of the model's last fit; NaN before the first one.
        stale: whether the model was found stale.
    """

    interaction: int
    episode: int
    source: str
    cost_s: float
    accuracy_percent: float
    timeouts: int
    predicted_s: float
    model_error: float
    validation_loss: float
    stale: bool


class Observer(Protocol):
    """Called for each event of a run, to record or show it."""

    def begin_episode(self, episode: int, seed: int, observation: Observation) -> None:
        """An episode has begun."""
        ...

    def interaction(self, row: HistoryRow, decision: Decision, feedback: Feedback) -> None:
        """An interaction is over and has been learned from."""
        ...


#: Called after each interaction, when the run's state is complete: whether to end the run there.
Stop = Callable[["Training"], bool]


class Training:
    """A learner in a world.

    Args:
        world: its episode is reset.
        learner: learns.
        seed: decides the seeds of the episodes; the learner's draws follow from its own.
        observer: called after every interaction.

    Attributes:
        history: one row per interaction.
    """

    def __init__(
        self, world: World, learner: Learner, seed: int, observer: Observer | None = None
    ) -> None:
        self.world = world
        self.learner = learner
        self.history: list[HistoryRow] = []
        self._observer = observer
        self._rng = np.random.default_rng([seed, EPISODE_STREAM])
        self._observation: Observation = {}
        self._episode = -1
        self._episode_seed = 0
        self._episode_actions: list[list[int]] = []
        self._over = True

    @property
    def interactions(self) -> int:
        """Interactions so far, those before a resume included."""
        return len(self.history)

    @single_threaded
    def run(self, interactions: int, stop: Stop | None = None) -> None:
        """Train until there are ``interactions`` in total, or until ``stop`` returns true.

        When an episode ends, the next one begins.
        """
        while len(self.history) < interactions:
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
            "episode": self._episode,
            "episode_seed": self._episode_seed,
            "episode_actions": [list(action) for action in self._episode_actions],
            "over": self._over,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, for the same kind of world, learner and seed.

        The decisions of the episode under way are played again to bring the world to where it was.
        They are not counted, and the learner does not learn from them.
        """
        self.learner.load_state_dict(state["learner"])
        self._rng.bit_generator.state = state["rng"]
        self.history = history_rows(state["history"])
        self._episode = int(state["episode"])
        self._episode_seed = int(state["episode_seed"])
        self._episode_actions = [list(action) for action in state["episode_actions"]]
        self._over = bool(state["over"])
        if not self._over:
            self._observation = self.world.reset(self._episode_seed)
            for action in self._episode_actions:
                played = np.array(action, dtype=np.int32)
                self._observation = self.world.step(played).observation

    def _interact(self) -> None:
        """One interaction: decide, play, learn."""
        if self._over:
            self._begin_episode()
        decision = self.learner.decide(self._observation)
        feedback = self.world.step(decision.action)
        self._episode_actions.append(decision.action.tolist())
        answers = read_answers(decision.action, feedback.requests)
        lesson = self.learner.learn(
            decision,
            Transition(
                observation=self._observation,
                action=decision.action,
                components_s=answers.components_s,
                answered=answers.answered,
                upload_bytes=answers.upload_bytes,
                cost_s=-feedback.reward,
                next_observation=feedback.observation,
                ended=feedback.terminated,
            ),
        )
        cost = EpochCost.of(feedback.requests)
        row = HistoryRow(
            interaction=len(self.history) + 1,
            episode=self._episode,
            source=decision.source,
            cost_s=-feedback.reward,
            accuracy_percent=cost.mean_accuracy_percent,
            timeouts=cost.timeouts,
            predicted_s=decision.predicted_mean_s,
            model_error=lesson.surprise,
            validation_loss=lesson.validation_loss,
            stale=lesson.stale,
        )
        self.history.append(row)
        self._observation = feedback.observation
        self._over = feedback.over
        if self._observer is not None:
            self._observer.interaction(row, decision, feedback)

    def _begin_episode(self) -> None:
        self._episode += 1
        self._episode_seed = int(self._rng.integers(TRAINING.first, TRAINING.limit))
        self._episode_actions = []
        self._observation = self.world.reset(self._episode_seed)
        self.learner.begin_episode(self._episode_seed)
        self._over = False
        if self._observer is not None:
            self._observer.begin_episode(self._episode, self._episode_seed, self._observation)


def history_columns(history: list[HistoryRow]) -> dict[str, Any]:
    """Columns of a history by name: arrays, and lists for text columns."""
    columns: dict[str, Any] = {}
    for field in fields(HistoryRow):
        values = [getattr(row, field.name) for row in history]
        columns[field.name] = (
            values if field.type == "str" else np.array(values, _DTYPE[field.type])
        )
    return columns


def history_rows(columns: dict[str, Any]) -> list[HistoryRow]:
    """The inverse of `history_columns`."""
    names = [field.name for field in fields(HistoryRow)]
    plain = [
        values.tolist() if isinstance(values := columns[name], np.ndarray) else list(values)
        for name in names
    ]
    return [HistoryRow(*values) for values in zip(*plain, strict=True)]


#: Element types of the columns, by the annotation of a row's field.
_DTYPE: Final[dict[Any, type[np.generic]]] = {
    "int": np.int64,
    "float": np.float64,
    "bool": np.bool_,
}
