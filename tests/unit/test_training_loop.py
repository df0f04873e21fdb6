# SPDX-License-Identifier: MIT
"""The training loop without a simulator: what it counts, tells, saves and resumes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.agents.api import Decision, Lesson, Observation
from tandem.agents.checkpoint import load_state, save_state
from tandem.agents.general.api import Step
from tandem.agents.training.history import DecisionRow, Place, history_columns
from tandem.agents.training.loop import Training
from tandem.agents.training.world import Feedback

EPOCHS = 4


class Counting:
    """A world whose observation is the sum of what was played; an episode has `EPOCHS`."""

    def __init__(self) -> None:
        self.resets: list[int] = []
        self._sum = 0.0
        self._epoch = 0

    def reset(self, seed: int) -> Observation:
        self.resets.append(seed)
        self._sum, self._epoch = float(seed % 7), 0
        return self._seen()

    def step(self, action: Any) -> Feedback:
        self._sum += float(np.sum(action["way"] if isinstance(action, dict) else action))
        self._epoch += 1
        return Feedback(self._seen(), -self._sum, self._epoch == EPOCHS, False, {})

    def experience(self, observation: Observation, decision: Decision, feedback: Feedback) -> Step:
        return Step(observation, decision.action, feedback.reward, feedback.observation, False)

    def row(
        self, place: Place, decision: Decision, feedback: Feedback, lesson: Lesson
    ) -> DecisionRow:
        return DecisionRow(
            place.interaction,
            place.episode,
            decision.source,
            feedback.reward,
            decision.predicted,
            decision.branch_epochs,
            lesson.figures,
        )

    def row_of(self, values: Mapping[str, Any]) -> DecisionRow:
        return DecisionRow.of(values)

    def _seen(self) -> Observation:
        return {"sum": np.array([self._sum])}


class Guessing:
    """Draws actions, as an array or by name of a block, and tries ``branches`` before each."""

    name = "guessing"
    policy_version = 0

    def __init__(self, *, blocks: bool, branches: int = 0) -> None:
        self.episodes: list[int] = []
        self._blocks = blocks
        self._branches = branches
        self._rng = np.random.default_rng(1)
        self._rewards = 0.0

    def begin_episode(self, seed: int) -> None:
        self.episodes.append(seed)

    def act(self, observation: Observation) -> Any:
        return np.zeros(2, np.int32)

    def decide(self, observation: Observation) -> Decision:
        drawn = self._rng.integers(5, size=2, dtype=np.int32)
        action = {"way": drawn} if self._blocks else drawn
        return Decision(action, "guess", branch_epochs=self._branches)

    def learn(self, decision: Decision, step: Step) -> Lesson:
        self._rewards += step.reward
        return Lesson(figures={"rewards": self._rewards})

    def state_dict(self) -> dict[str, Any]:
        return {"rng": self._rng.bit_generator.state, "rewards": self._rewards}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rng.bit_generator.state = state["rng"]
        self._rewards = float(state["rewards"])


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("done", [5, 2 * EPOCHS])
@pytest.mark.parametrize("ahead", [False, True])
def test_a_resumed_training_equals_one_that_never_stopped(
    blocks: bool, done: int, ahead: bool, tmp_path: Path
) -> None:
    played = Counting()
    whole = Training(played, Guessing(blocks=blocks), 3, ahead=ahead)
    whole.run(14)
    half = Training(Counting(), Guessing(blocks=blocks), 3, ahead=ahead)
    half.run(done)
    save_state(tmp_path / "half.pt", half.state_dict())
    world = Counting()
    rest = Training(world, Guessing(blocks=blocks), 3, ahead=ahead)
    rest.load_state_dict(load_state(tmp_path / "half.pt"))
    rest.run(14)
    one, other = history_columns(whole.history), history_columns(rest.history)
    assert list(one) == list(other)
    for name, values in one.items():
        assert np.array_equal(values, other[name], equal_nan=name == "predicted"), name
    assert one["episode"].tolist() == [number // EPOCHS for number in range(14)]
    # The episode under way is played again, and nothing before it.
    assert world.resets == played.resets[(done - (done % EPOCHS > 0)) // EPOCHS :]


def test_epochs_of_branches_are_interactions() -> None:
    training = Training(Counting(), Guessing(blocks=False, branches=9), 1)
    training.run(35)
    assert [row.interaction for row in training.history] == [10, 20, 30, 40]
    assert training.interactions == 40
    assert training.branch_epochs == 36


def test_episodes_are_told_with_their_first_decision_and_begin_ahead_on_request() -> None:
    class Noted:
        def __init__(self) -> None:
            self.events: list[str] = []

        def begin_episode(self, episode: int, seed: int, observation: Observation) -> None:
            assert observation["sum"].item() == seed % 7
            self.events.append(f"episode {episode}")

        def interaction(self, row: DecisionRow, decision: Decision, feedback: Feedback) -> None:
            self.events.append(str(row.interaction))

    begun = {}
    for ahead in (False, True):
        noted, learner = Noted(), Guessing(blocks=False)
        training = Training(Counting(), learner, 1, noted, ahead=ahead)
        training.run(EPOCHS)
        assert noted.events == ["episode 0", "1", "2", "3", "4"]
        begun[ahead] = list(learner.episodes)
        training.run(EPOCHS + 1)
        assert noted.events[5:] == ["episode 1", "5"]
    assert len(begun[False]) == 1
    assert len(begun[True]) == 2
    assert begun[True][0] == begun[False][0]


def test_it_ends_where_it_is_told_to() -> None:
    training = Training(Counting(), Guessing(blocks=False), 1)
    training.run(10, lambda running: running.interactions == 3)
    assert [row.interaction for row in training.history] == [1, 2, 3]
