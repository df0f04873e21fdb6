# SPDX-License-Identifier: MIT
"""Everything that a training run of an agent of any scenario needs, started and ended together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from rich.console import Console

from tandem.agents.general.api import Step
from tandem.agents.training.history import DecisionRow
from tandem.agents.training.world import RewardWorld
from tandem.bridge.backends.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.training.ending import play_to_the_end
from tandem.scripts.app.training.evaluators import ReturnEvaluator
from tandem.scripts.app.training.event_files import EventFiles, event_files
from tandem.scripts.app.training.general_agents import general_agent
from tandem.scripts.app.training.return_rows import ReturnRow, Terminal
from tandem.scripts.app.training.return_session import return_parts
from tandem.scripts.app.training.return_settings import GeneralSettings
from tandem.scripts.app.training.run import TrainRun

#: A training run in a scenario of any kind.
GeneralRun: TypeAlias = TrainRun[Step, DecisionRow, ReturnRow]


class Shown:
    """The figures beside a progress bar; a `tandem.scripts.app.training.run.Monitor`.

    Args:
        terminal: shows rewards and returns.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def interaction(self, row: DecisionRow, wall_s: float) -> None:
        """Show the reward."""
        self._terminal.interaction(row.interaction, row.reward)

    def evaluation(self, row: ReturnRow) -> None:
        """Show the return."""
        self._terminal.evaluation(row)


class Events:
    """TensorBoard events of a run; those after a resume replace what an interrupted run left.

    Args:
        files: TensorBoard's.
    """

    def __init__(self, files: EventFiles) -> None:
        self._files = files

    def interaction(self, row: DecisionRow, wall_s: float) -> None:
        """Scalars of one decision."""
        scalars = {
            "train/reward": row.reward,
            "train/predicted": row.predicted,
            "train/branch_epochs": float(row.branch_epochs),
            "train/wall_s": wall_s,
            **{f"agent/{name}": value for name, value in row.figures.items()},
        }
        self._write(scalars, row.interaction)

    def evaluation(self, row: ReturnRow) -> None:
        """Scalars of one evaluation."""
        scalars = {f"evaluation/{name}": value for name, value in asdict(row).items()}
        self._write(scalars, row.interaction)

    def _write(self, scalars: Mapping[str, float], interaction: int) -> None:
        for name, value in scalars.items():
            if math.isfinite(value):
                self._files.add_scalar(name, value, interaction)


def train_general_in(
    folder: Path,
    settings: GeneralSettings,
    checkpoint: Path | None,
    console: Console,
    *,
    force: bool,
    quiet: bool,
    runner: Runner = Runner.LOCAL,
    target: Target | None = None,
    output: str | None = None,
) -> tuple[GeneralRun, ReturnEvaluator]:
    """Train in ``folder``; from ``checkpoint`` on, if there is one.

    Args:
        folder: of the run.
        settings: of the run.
        checkpoint: where to go on; ``None``: at the beginning.
        console: for progress.
        force: replace an earlier run there.
        quiet: no progress.
        runner: where the simulators run; the results are the same.
        target: the server on which they run; ``None``: here.
        output: where what the training's simulator prints goes, as for `TandemEnv`.

    Returns:
        The run and its evaluations.

    Raises:
        KeyboardInterrupt: it was interrupted; everything until then is in the folder.
    """
    with ExitStack() as stack:
        parts = stack.enter_context(
            return_parts(
                folder, settings, console, quiet=quiet, runner=runner, target=target, output=output
            )
        )
        learner = general_agent(parts.env, settings.agent, settings.seed, settings.agent_config)
        if checkpoint is None:
            # Only now: if anything does not fit, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        done = 0 if checkpoint is None else int(checkpoint.stem)
        events = stack.enter_context(event_files(folder, done, console))
        evaluator = ReturnEvaluator(parts.judge, learner, settings.seed)
        world = RewardWorld(parts.env)
        # A plan ends with its episode: neither evaluations nor checkpoints are to know the last.
        run = GeneralRun(folder, settings, world, learner, parts.writer, evaluator, ahead=True)
        run.watch(Shown(parts.terminal))
        if events is not None:
            run.watch(Events(events))
        if checkpoint is not None:
            run.resume(checkpoint)
        play_to_the_end(run, parts.writer)
    return run, evaluator
