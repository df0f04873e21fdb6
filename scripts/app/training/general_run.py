# SPDX-License-Identifier: MIT
"""A training run of an agent of any scenario, with its folder: records, evaluations, checkpoints.

Besides the files of `tandem.bridge.runs.writer` the folder holds::

    history.parquet        one row per decision
    evaluation.parquet     one row per evaluation of the agent as it plays without exploring
    checkpoints/*.pt       complete states of the run; the last two are kept
    tensorboard/           events, if TensorBoard is installed

What is counted are interactions: decisions, and every epoch that a branch simulated to choose one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.returns import ReturnJudge
from tandem.agents.general.api import Choice, GeneralLearner, Step
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.training.checkpoints import (
    EVALUATION,
    read_checkpoint,
    write_checkpoint,
)
from tandem.scripts.app.training.evaluations import ReturnEvaluations
from tandem.scripts.app.training.recorded_env import RecordedEnv
from tandem.scripts.app.training.return_rows import ReturnMonitor, ReturnRow
from tandem.scripts.app.training.return_settings import GeneralSettings

#: Another one with every change of what a checkpoint holds.
CHECKPOINT_FORMAT: Final = "general-1"
HISTORY: Final = "history.parquet"


@dataclass(frozen=True)
class DecisionRow:
    """One decision of a training; the learner's own figures stand beside these.

    Attributes:
        interaction: interactions so far, this decision and its branches included.
        episode: number of the episode, from 0.
        source: what in the agent chose the action.
        reward: of the decision.
        predicted: reward that the agent expected; NaN without a prediction.
        branch_epochs: epochs of branches simulated to choose it.
    """

    interaction: int
    episode: int
    source: str
    reward: float
    predicted: float
    branch_epochs: int


#: Called after each decision: its row, the learner's figures, seconds of wall-clock time.
OnDecision = Callable[[DecisionRow, Mapping[str, float], float], None]


class GeneralRun:
    """Trains an agent and writes its folder.

    Args:
        folder: of the run; made.
        settings: of the run.
        env: the training environment.
        learner: that plays in it.
        writer: entered; the one that ``env`` writes to.
        judge: evaluates, in an environment of its own.
        monitors: show the run.
    """

    def __init__(
        self,
        folder: Path,
        settings: GeneralSettings,
        env: RecordedEnv,
        learner: GeneralLearner,
        writer: RunWriter,
        judge: ReturnJudge,
        monitors: tuple[ReturnMonitor, ...],
        on_decision: tuple[OnDecision, ...] = (),
    ) -> None:
        self.learner = learner
        self.interactions = 0
        #: Epochs of branches among them.
        self.branch_epochs = 0
        #: Seconds spent on interactions, those before a resume included; no evaluations.
        self.training_s = 0.0
        self._history: dict[str, list[Any]] = {}
        self._folder = folder
        self._settings = settings
        self._env = env
        self._writer = writer
        self._judge = judge
        self._evaluations = ReturnEvaluations(judge, settings.seed)
        self._monitors = monitors
        self._on_decision = on_decision
        self._saved_at = 0
        self._begun = False

    @single_threaded
    def run(self, stop_wanted: Callable[[], bool]) -> bool:
        """Train to the end; returns False when ``stop_wanted()`` ended it before."""
        settings = self._settings
        if not self._begun:
            self._begin_episode()
            if self.learner.learns:
                self._evaluate()
        while self.interactions < settings.interactions:
            self._interact()
            if self.learner.learns and self._unjudged >= settings.evaluate_every:
                self._evaluate()
            if self.interactions - self._saved_at >= settings.checkpoint_every:
                self.save()
            if stop_wanted():
                self.save()
                return False
        if self._unjudged or not self.evaluations:
            self._evaluate()
        self.save()
        return True

    @property
    def facts(self) -> dict[str, object]:
        """For the folder's metadata."""
        return {"interactions": self.interactions}

    @property
    def evaluations(self) -> list[ReturnRow]:
        """All evaluations so far."""
        return self._evaluations.rows

    @property
    def _unjudged(self) -> int:
        """Interactions since the last evaluation."""
        return self.interactions - (self.evaluations[-1].interaction if self.evaluations else 0)

    def save(self) -> None:
        """Write a checkpoint, the history and the evaluations.

        Raises:
            RunFolderError: the disk is full; earlier checkpoints are not touched.
        """
        state: dict[str, Any] = {
            "format": CHECKPOINT_FORMAT,
            "learner": self.learner.state_dict(),
            "episodes": self._env.state_dict(),
            "records": self._writer.state_dict(),
            "history": {name: _column(values) for name, values in self._history.items()},
            "evaluations": self._evaluations.state(),
            "interactions": self.interactions,
            "branch_epochs": self.branch_epochs,
            "training_s": self.training_s,
        }
        tables = {
            EVALUATION: pa.Table.from_pylist(state["evaluations"]),
            HISTORY: pa.table(self._history),
        }
        write_checkpoint(self._folder, self.interactions, state, tables)
        self._writer.note(branch_epochs=self.branch_epochs, training_s=round(self.training_s, 3))
        self._saved_at = self.interactions

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint of a run with the same settings.

        Raises:
            RunFolderError: this version cannot read the file as a checkpoint.
        """
        state = read_checkpoint(path, CHECKPOINT_FORMAT)
        self._env.load_state_dict(state["episodes"])
        self._writer.load_state_dict(state["records"])
        self.learner.load_state_dict(state["learner"])
        self._history = {name: list(np.asarray(v).tolist()) for name, v in state["history"].items()}
        self._evaluations.load(state["evaluations"])
        self.interactions = int(state["interactions"])
        self.branch_epochs = int(state["branch_epochs"])
        self.training_s = float(state["training_s"])
        self._saved_at = self.interactions
        self._begun = True

    def _begin_episode(self) -> None:
        self._env.reset()
        self.learner.begin_episode(self._env.episode_seed)
        self._begun = True

    def _interact(self) -> None:
        """One decision: choose, play, learn."""
        begun_s = time.perf_counter()
        observation, episode = self._env.observation, self._env.episode
        choice = self.learner.decide(observation)
        following, reward, terminated, truncated, _ = self._env.step(choice.action)
        figures = self.learner.learn(
            Step(observation, choice.action, float(reward), following, bool(terminated))
        )
        if terminated or truncated:
            self._begin_episode()
        wall_s = time.perf_counter() - begun_s
        self.training_s += wall_s
        self.interactions += 1 + choice.branch_epochs
        self.branch_epochs += choice.branch_epochs
        row = self._row(choice, float(reward), episode)
        shown = {name: float(figures.get(name, math.nan)) for name in self.learner.figures}
        for name, value in {**asdict(row), **shown}.items():
            self._history.setdefault(name, []).append(value)
        for monitor in self._monitors:
            monitor.interaction(row.interaction, row.reward)
        for tell in self._on_decision:
            tell(row, shown, wall_s)

    def _row(self, choice: Choice, reward: float, episode: int) -> DecisionRow:
        return DecisionRow(
            self.interactions,
            episode,
            choice.source,
            reward,
            choice.predicted,
            choice.branch_epochs,
        )

    def _evaluate(self) -> None:
        player = self.learner.player_in(self._judge.tandem_env)
        row = self._evaluations.add(self.interactions, player.act, player.begin_episode)
        for monitor in self._monitors:
            monitor.evaluation(row)


def _column(values: list[Any]) -> Any:
    """Numbers as an array; words as they are."""
    return values if values and isinstance(values[0], str) else np.array(values)
