# SPDX-License-Identifier: MIT
"""A training run of an SB3 algorithm with its folder: records, evaluations, checkpoints.

SB3's own loop plays. The run's state is complete whenever SB3 begins to collect, so checkpoints and
evaluations are taken there. A resumed run gives the results of one that never stopped.

Besides the files of `tandem.bridge.runs.writer` the folder holds ``evaluation.parquet`` (one row
per evaluation) and ``checkpoints/*.pt``.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger

from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.returns import ReturnJudge
from tandem.agents.sb3 import Sb3Agent
from tandem.agents.sb3_state import load_state_into, state_of
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.training.checkpoints import (
    EVALUATION,
    read_checkpoint,
    write_checkpoint,
)
from tandem.scripts.app.training.evaluations import ReturnEvaluations
from tandem.scripts.app.training.event_files import TENSORBOARD, EventFiles
from tandem.scripts.app.training.recorded_env import RecordedEnv
from tandem.scripts.app.training.return_rows import ReturnMonitor, ReturnRow
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings

#: Another one with every change of what a checkpoint holds.
CHECKPOINT_FORMAT: Final = "sb3-1"


class Sb3Run:
    """Trains an algorithm and writes its folder.

    Args:
        folder: of the run; made.
        settings: of the run.
        env: the training environment.
        agent: learns in ``env``.
        writer: entered; the one that ``env`` writes to.
        judge: evaluates, in an environment of its own.
        monitor: shows the run.
        events: get SB3's own figures and the evaluations.
    """

    def __init__(
        self,
        folder: Path,
        settings: Sb3TrainSettings,
        env: RecordedEnv,
        agent: Sb3Agent,
        writer: RunWriter,
        judge: ReturnJudge,
        monitor: ReturnMonitor,
        events: EventFiles | None,
    ) -> None:
        self.agent = agent
        self._folder = folder
        self._settings = settings
        self._env = env
        self._writer = writer
        self._evaluations = ReturnEvaluations(judge, settings.seed)
        self._monitor = monitor
        self._logger = Logger(None, [] if events is None else [_Scalars(events)])
        self._saved_at = 0

    @property
    def evaluations(self) -> list[ReturnRow]:
        """All evaluations so far."""
        return self._evaluations.rows

    @property
    def interactions(self) -> int:
        """Interactions so far, those before a resume included."""
        return int(self.agent.model.num_timesteps)

    @property
    def facts(self) -> dict[str, object]:
        """For the folder's metadata."""
        return {"interactions": self.interactions}

    @single_threaded
    def run(self, stop_wanted: Callable[[], bool]) -> bool:
        """Train to the end; returns False when ``stop_wanted()`` ended it before."""
        model, goal = self.agent.model, self._settings.interactions
        model.set_logger(self._logger)
        done = self.interactions
        if done < goal:
            watcher = _Watcher(self, stop_wanted)
            model.learn(goal - done, callback=watcher, reset_num_timesteps=not done)
            if watcher.stopped:
                return False
        if not self.evaluations or self.evaluations[-1].interaction < self.interactions:
            self._evaluate()
        self.save()
        return True

    def between_updates(self) -> None:
        """The state is complete: evaluate and save, where it is time to."""
        last = self.evaluations[-1].interaction if self.evaluations else -math.inf
        if self.interactions - last >= self._settings.evaluate_every:
            self._evaluate()
        if self.interactions - self._saved_at >= self._settings.checkpoint_every:
            self.save()

    def after_interaction(self) -> None:
        """Tell the monitor."""
        self._monitor.interaction(self.interactions, self._env.reward)

    def save(self) -> None:
        """Write a checkpoint and the evaluations.

        Raises:
            RunFolderError: the disk is full; earlier checkpoints are not touched.
        """
        state: dict[str, Any] = {
            "format": CHECKPOINT_FORMAT,
            "agent": state_of(self.agent.model),
            "episodes": self._env.state_dict(),
            "records": self._writer.state_dict(),
            "evaluations": self._evaluations.state(),
        }
        tables = {EVALUATION: pa.Table.from_pylist(state["evaluations"])}
        write_checkpoint(self._folder, self.interactions, state, tables)
        self._saved_at = self.interactions

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint of a run with the same settings.

        Raises:
            RunFolderError: this version cannot read the file as a checkpoint.
        """
        state = read_checkpoint(path, CHECKPOINT_FORMAT)
        self._env.load_state_dict(state["episodes"])
        self._writer.load_state_dict(state["records"])
        self._evaluations.load(state["evaluations"])
        load_state_into(self.agent.model, state["agent"])
        self._saved_at = self.interactions

    def _evaluate(self) -> None:
        row = self._evaluations.add(self.interactions, self.agent.act)
        self._monitor.evaluation(row)
        logger = self._logger
        for name, value in asdict(row).items():
            logger.record(f"evaluation/{name}", value)
        logger.record("rollout/reward", self._env.reward)
        logger.dump(row.interaction)


class _Scalars(KVWriter):
    """What SB3 logs, as events."""

    def __init__(self, events: EventFiles) -> None:
        self._events = events

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        for name, value in key_values.items():
            if isinstance(value, numbers.Real) and TENSORBOARD not in (key_excluded[name] or ()):
                self._events.add_scalar(name, float(value), step)
        self._events.flush()

    def close(self) -> None:
        """Whoever opened the events closes them."""


class _Watcher(BaseCallback):
    """SB3's view of a run."""

    def __init__(self, run: Sb3Run, stop_wanted: Callable[[], bool]) -> None:
        super().__init__()
        self._run = run
        self._stop_wanted = stop_wanted
        self.stopped = False

    def _on_rollout_start(self) -> None:
        self._run.between_updates()

    def _on_step(self) -> bool:
        self._run.after_interaction()
        self.stopped = self._stop_wanted()
        return not self.stopped
