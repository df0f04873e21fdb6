# SPDX-License-Identifier: MIT
"""Everything that a training run of an agent of any scenario needs, started and ended together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from tandem.agents.general.kinds import make_general
from tandem.bridge.backends.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.common.stop_request import stop_requests
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.general_run import DecisionRow, GeneralRun
from tandem.scripts.app.training.monitors import event_writer
from tandem.scripts.app.training.recorded_env import RecordedEnv
from tandem.scripts.app.training.return_envs import evaluation_judge, rewarded_env
from tandem.scripts.app.training.return_rows import ReturnRow, Terminal
from tandem.scripts.app.training.return_settings import GeneralSettings


class Events:
    """TensorBoard events of a run; those after a resume replace what an interrupted run left.

    Args:
        writer: TensorBoard's.
    """

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def interaction(self, interaction: int, reward: float) -> None:
        """Told by `decision`."""

    def decision(self, row: DecisionRow, figures: Mapping[str, float], wall_s: float) -> None:
        """Scalars of one decision."""
        scalars = {
            "train/reward": row.reward,
            "train/predicted": row.predicted,
            "train/branch_epochs": float(row.branch_epochs),
            "train/wall_s": wall_s,
            **{f"agent/{name}": value for name, value in figures.items()},
        }
        self._write(scalars, row.interaction)

    def evaluation(self, row: ReturnRow) -> None:
        """Scalars of one evaluation."""
        scalars = {f"evaluation/{name}": value for name, value in asdict(row).items()}
        self._write(scalars, row.interaction)

    def _write(self, scalars: Mapping[str, float], interaction: int) -> None:
        for name, value in scalars.items():
            if math.isfinite(value):
                self._writer.add_scalar(name, value, interaction)


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
) -> GeneralRun:
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

    Raises:
        KeyboardInterrupt: it was interrupted; everything until then is in the folder.
    """
    with ExitStack() as stack:
        env = rewarded_env(settings, target, runner, output=output, failure_folder=folder)
        stack.callback(env.close)
        judging = rewarded_env(settings, target, runner)
        stack.callback(judging.close)
        learner = make_general(env, settings.agent, settings.seed, settings.agent_config)
        writer = RunWriter(
            folder,
            schema=env.schema,
            config=settings.model_dump(),
            simulator_command=env.simulator.command,
            ns3_folder=env.simulator.ns3_folder,
        )
        writer.note(agent=settings.agent)
        if checkpoint is None:
            # Only now: if anything does not fit, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        name = f"{settings.agent} · {settings.scenario}"
        bar = stack.enter_context(
            progress(name, settings.interactions, "interactions", console=console, quiet=quiet)
        )
        done = 0 if checkpoint is None else int(checkpoint.stem)
        events = stack.enter_context(event_writer(folder, done, console))
        shown = [] if events is None else [Events(events)]
        run = GeneralRun(
            folder,
            settings,
            RecordedEnv(env, writer, settings.seed),
            learner,
            writer,
            evaluation_judge(
                judging, settings, settings.evaluation_seed, settings.evaluation_episodes
            ),
            (Terminal(bar, console, quiet=quiet), *shown),
            tuple(monitor.decision for monitor in shown),
        )
        if checkpoint is not None:
            run.resume(checkpoint)
        stop_wanted = stack.enter_context(stop_requests())
        stack.enter_context(writer)
        complete = run.run(stop_wanted)
        writer.note(interactions=run.interactions)
        if not complete:
            raise KeyboardInterrupt
    return run
