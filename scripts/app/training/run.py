# SPDX-License-Identifier: MIT
"""A training run with its folder: records, evaluations, checkpoints.

Besides the files of `tandem.bridge.runs.writer` the folder holds::

    history.parquet        one row per interaction
    evaluation.parquet     one row per evaluation of the greedy policy
    checkpoints/*.pt       complete states of the run; the last two are kept
    tensorboard/           events, if TensorBoard is installed
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from tandem.agents.api import Decision, Observation
from tandem.agents.evaluation.convergence import SUSTAINED, TARGET_RATIO, Convergence
from tandem.agents.evaluation.judge import Evaluation, Judge
from tandem.agents.registry import make_agent
from tandem.agents.training.loop import HistoryRow, Training, history_columns
from tandem.agents.training.world import EnvWorld, Feedback
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.training.checkpoints import (
    EVALUATION,
    read_checkpoint,
    write_checkpoint,
)
from tandem.scripts.app.training.settings import TrainSettings

HISTORY: Final = "history.parquet"
#: Raised by one with every change of what a checkpoint holds.
CHECKPOINT_FORMAT: Final = 3


@dataclass(frozen=True)
class EvaluationRow:
    """One evaluation of the greedy policy.

    Attributes:
        interaction: after how many.
        cost_s: mean cost over the evaluation states.
        oracle_s: mean cost of the best joint actions known there.
        ratio: one over the other.
        accuracy_percent: mean top-5 accuracy.
        violated: share of the states in which the accuracy threshold was missed.
        policy_version: of the learner (see `tandem.agents.api.Learner`).
    """

    interaction: int
    cost_s: float
    oracle_s: float
    ratio: float
    accuracy_percent: float
    violated: float
    policy_version: int


class Monitor(Protocol):
    """Shows a run that is under way."""

    def interaction(self, row: HistoryRow, wall_s: float) -> None:
        """An interaction took so many seconds of wall-clock time."""
        ...

    def evaluation(self, row: EvaluationRow) -> None:
        """The greedy policy was evaluated."""
        ...


class TrainRun:
    """Trains an agent and writes its folder.

    Args:
        folder: of the run; made.
        settings: of the run.
        env: the training environment.
        writer: entered.
        judge: evaluates.
    """

    def __init__(
        self,
        folder: Path,
        settings: TrainSettings,
        env: TandemEnv,
        writer: RunWriter,
        judge: Judge,
    ) -> None:
        world = EnvWorld(env)
        learner = make_agent(
            settings.agent, env.schema, world.problem, settings.seed, settings.agent_config
        )
        self.training = Training(world, learner, settings.seed, self)
        self.evaluations: list[EvaluationRow] = []
        #: Seconds spent on interactions, those before a resume included; no evaluations.
        self.training_s = 0.0
        self._folder = folder
        self._settings = settings
        self._writer = writer
        self._judge = judge
        self._monitors: list[Monitor] = []
        self._saved_at = -1
        self._clock_s = 0.0

    def watch(self, monitor: Monitor) -> None:
        """Let ``monitor`` show the run."""
        self._monitors.append(monitor)

    @property
    def convergence(self) -> Convergence:
        """Interactions until the greedy policy stayed near the oracle."""
        convergence = Convergence()
        for row in self.evaluations:
            convergence.add_ratio(row.interaction, row.ratio, row.policy_version)
        return convergence

    @property
    def facts(self) -> dict[str, object]:
        """For the folder's metadata."""
        return {
            "interactions": self.training.interactions,
            "training_s": round(self.training_s, 3),
            "target_ratio": TARGET_RATIO,
            "sustained_evaluations": SUSTAINED,
            "interactions_to_target": str(self.convergence.interactions),
        }

    def run(self, stop_wanted: Callable[[], bool]) -> bool:
        """Train to the end; returns False when ``stop_wanted()`` ended it before.

        Either way the folder holds what was recorded and learned until then.
        """
        if not self.training.history:
            self._evaluate()
        goal = self._settings.interactions
        self._clock_s = time.perf_counter()
        if self.training.interactions < goal:
            self.training.run(goal, lambda training: self._after_interaction(stop_wanted))
        complete = self.training.interactions >= goal
        if complete and self.evaluations[-1].interaction < goal:
            self._evaluate()
        self.save()
        return complete

    # Observer of the training

    def begin_episode(self, episode: int, seed: int, observation: Observation) -> None:
        """Record it."""
        self._writer.begin_episode(episode, seed, observation)

    def interaction(self, row: HistoryRow, decision: Decision, feedback: Feedback) -> None:
        """Record it."""
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
        interactions = self.training.interactions
        if interactions == self._saved_at:
            return
        state: dict[str, Any] = {
            "format": CHECKPOINT_FORMAT,
            "training": self.training.state_dict(),
            "records": self._writer.state_dict(),
            "evaluations": [asdict(row) for row in self.evaluations],
            "training_s": self.training_s,
        }
        tables = {
            HISTORY: pa.table(history_columns(self.training.history)),
            EVALUATION: pa.Table.from_pylist(state["evaluations"]),
        }
        write_checkpoint(self._folder, interactions, state, tables)
        self._saved_at = interactions

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint of a run with the same settings.

        Raises:
            RunFolderError: this version cannot read the file as a checkpoint.
        """
        state = read_checkpoint(path, CHECKPOINT_FORMAT)
        self.training.load_state_dict(state["training"])
        self._writer.load_state_dict(state["records"])
        self.training_s = float(state["training_s"])
        every = self._settings.evaluate_every
        rows = [EvaluationRow(**row) for row in state["evaluations"]]
        # The evaluation after the last interaction of a run that is now prolonged is not on the
        # schedule.
        self.evaluations = [row for row in rows if row.interaction % every == 0]
        self._saved_at = self.training.interactions

    def _after_interaction(self, stop_wanted: Callable[[], bool]) -> bool:
        row = self.training.history[-1]
        wall_s = time.perf_counter() - self._clock_s
        self.training_s += wall_s
        for monitor in self._monitors:
            monitor.interaction(row, wall_s)
        if row.interaction % self._settings.evaluate_every == 0:
            self._evaluate()
        stop = stop_wanted()
        if row.interaction % self._settings.checkpoint_every == 0 and not stop:
            self.save()
        self._clock_s = time.perf_counter()
        return stop

    def _evaluate(self) -> None:
        result: Evaluation = self._judge.evaluate(self.training.learner.act)
        row = EvaluationRow(
            interaction=self.training.interactions,
            cost_s=result.cost_s,
            oracle_s=result.oracle_s,
            ratio=result.ratio,
            accuracy_percent=result.accuracy_percent,
            violated=result.violated,
            policy_version=self.training.learner.policy_version,
        )
        self.evaluations.append(row)
        self._saved_at = -1
        for monitor in self._monitors:
            monitor.evaluation(row)
