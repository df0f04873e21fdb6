# SPDX-License-Identifier: MIT
"""A training run with its folder: records, evaluations, checkpoints.

Besides the files of `tandem.bridge.runs.writer` the folder holds::

    history.parquet        one row per decision
    evaluation.parquet     one row per evaluation of the agent as it plays without exploring
    checkpoints/*.pt       complete states of the run; the last two are kept
    tensorboard/           events, if TensorBoard is installed

What is counted are interactions: decisions, and every epoch that a branch simulated to choose one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import pyarrow as pa

from tandem.agents.api import AnyLearner, Decision, Observation
from tandem.agents.training.history import Row, history_columns
from tandem.agents.training.loop import Training
from tandem.agents.training.world import AnyWorld, Feedback
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.training.checkpoints import (
    CHECKPOINT_FORMAT,
    EVALUATION,
    read_checkpoint,
    write_checkpoint,
)

HISTORY: Final = "history.parquet"

ExperienceT = TypeVar("ExperienceT")
RowT = TypeVar("RowT", bound=Row)
RowT_contra = TypeVar("RowT_contra", contravariant=True)
JudgedT = TypeVar("JudgedT")
JudgedT_co = TypeVar("JudgedT_co", covariant=True)
JudgedT_contra = TypeVar("JudgedT_contra", contravariant=True)


class RunSettings(Protocol):
    """What a run asks of its settings."""

    @property
    def seed(self) -> int:
        """Decides the seeds of the episodes."""
        ...

    @property
    def interactions(self) -> int:
        """In total."""
        ...

    @property
    def evaluate_every(self) -> int:
        """Least interactions between two evaluations."""
        ...

    @property
    def checkpoint_every(self) -> int:
        """Least interactions between two checkpoints."""
        ...


class Evaluator(Protocol[JudgedT_co]):
    """Judges the agent of a run as it plays without exploring; keeps what it found."""

    @property
    def judged_at(self) -> int | None:
        """Interactions at the last evaluation, ``None`` before the first one."""
        ...

    @property
    def on_the_way(self) -> bool:
        """Whether the agent is judged before its training ends: not if it never changes."""
        ...

    @property
    def facts(self) -> Mapping[str, object]:
        """For the folder's metadata."""
        ...

    def evaluate(self, interactions: int) -> JudgedT_co:
        """Judge the agent after so many interactions."""
        ...

    def state(self) -> list[dict[str, Any]]:
        """All evaluations, for checkpoints and tables."""
        ...

    def load(self, rows: list[dict[str, Any]], every: int) -> None:
        """The inverse of `state`.

        Args:
            rows: the evaluations.
            every: interactions between two of them.
        """
        ...


class Monitor(Protocol[RowT_contra, JudgedT_contra]):
    """Shows a run that is under way."""

    def interaction(self, row: RowT_contra, wall_s: float) -> None:
        """A decision took so many seconds of wall-clock time."""
        ...

    def evaluation(self, row: JudgedT_contra) -> None:
        """The agent was evaluated."""
        ...


class TrainRun(Generic[ExperienceT, RowT, JudgedT]):
    """Trains any learner in any world and writes the folder.

    Args:
        folder: of the run; made.
        settings: of the run.
        world: in which it learns.
        learner: learns.
        writer: entered.
        evaluator: judges the learner.
        ahead: as for `Training`.
    """

    def __init__(
        self,
        folder: Path,
        settings: RunSettings,
        world: AnyWorld[ExperienceT, RowT],
        learner: AnyLearner[ExperienceT],
        writer: RunWriter,
        evaluator: Evaluator[JudgedT],
        *,
        ahead: bool = False,
    ) -> None:
        self.training = Training(world, learner, settings.seed, self, ahead=ahead)
        self.evaluator = evaluator
        #: Seconds spent on interactions, those before a resume included; no evaluations.
        self.training_s = 0.0
        self._folder = folder
        self._settings = settings
        self._writer = writer
        self._monitors: list[Monitor[RowT, JudgedT]] = []
        self._saved_at = 0
        self._is_saved = False
        self._clock_s = 0.0

    def watch(self, monitor: Monitor[RowT, JudgedT]) -> None:
        """Let ``monitor`` show the run."""
        self._monitors.append(monitor)

    @property
    def facts(self) -> Mapping[str, object]:
        """For the folder's metadata."""
        return {
            "interactions": self.training.interactions,
            "branch_epochs": self.training.branch_epochs,
            "training_s": round(self.training_s, 3),
            **self.evaluator.facts,
        }

    def run(self, stop_wanted: Callable[[], bool]) -> bool:
        """Train to the end; returns False when ``stop_wanted()`` ended it before.

        Either way the folder holds what was recorded and learned until then.
        """
        training, goal = self.training, self._settings.interactions
        if not training.interactions and self.evaluator.on_the_way:
            self._evaluate()
        self._clock_s = time.perf_counter()
        training.run(goal, lambda _: self._after_decision(stop_wanted))
        complete = training.interactions >= goal
        if complete and self.evaluator.judged_at != training.interactions:
            self._evaluate()
        self.save()
        return complete

    # Observer of the training

    def begin_episode(self, episode: int, seed: int, observation: Observation) -> None:
        """Record it."""
        self._writer.begin_episode(episode, seed, observation)

    def interaction(self, row: RowT, decision: Decision, feedback: Feedback) -> None:
        """Record it."""
        self._is_saved = False
        self._writer.add(
            decision.action,
            feedback.observation,
            feedback.reward,
            feedback.terminated,
            feedback.truncated,
            feedback.records,
        )

    # State

    def save(self) -> None:
        """Write a checkpoint and the tables, unless this moment already has one.

        Raises:
            RunFolderError: the disk is full; earlier checkpoints are not touched.
        """
        if self._is_saved:
            return
        interactions = self.training.interactions
        state: dict[str, Any] = {
            "format": CHECKPOINT_FORMAT,
            "training": self.training.state_dict(),
            "records": self._writer.state_dict(),
            "evaluations": self.evaluator.state(),
            "training_s": self.training_s,
        }
        tables = {
            HISTORY: pa.table(history_columns(self.training.history)),
            EVALUATION: pa.Table.from_pylist(state["evaluations"]),
        }
        write_checkpoint(self._folder, interactions, state, tables)
        self._saved_at = interactions
        self._is_saved = True

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint of a run with the same settings.

        Raises:
            RunFolderError: this version cannot read the file as a checkpoint.
        """
        state = read_checkpoint(path)
        self.training.load_state_dict(state["training"])
        self._writer.load_state_dict(state["records"])
        self.training_s = float(state["training_s"])
        self.evaluator.load(state["evaluations"], self._settings.evaluate_every)
        self._saved_at = self.training.interactions
        self._is_saved = True

    def _after_decision(self, stop_wanted: Callable[[], bool]) -> bool:
        wall_s = time.perf_counter() - self._clock_s
        self.training_s += wall_s
        row, settings = self.training.history[-1], self._settings
        for monitor in self._monitors:
            monitor.interaction(row, wall_s)
        since_judged = row.interaction - (self.evaluator.judged_at or 0)
        if self.evaluator.on_the_way and since_judged >= settings.evaluate_every:
            self._evaluate()
        stop = stop_wanted()
        if not stop and row.interaction - self._saved_at >= settings.checkpoint_every:
            self.save()
        self._clock_s = time.perf_counter()
        return stop

    def _evaluate(self) -> None:
        row = self.evaluator.evaluate(self.training.interactions)
        self._is_saved = False
        for monitor in self._monitors:
            monitor.evaluation(row)
