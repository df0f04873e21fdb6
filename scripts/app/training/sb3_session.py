# SPDX-License-Identifier: MIT
"""Everything that a training run of an SB3 algorithm needs, started and ended together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from tandem.bridge.backends.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.common.stop_request import stop_requests
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.recorded_env import RecordedEnv
from tandem.scripts.app.training.return_envs import evaluation_judge, rewarded_env
from tandem.scripts.app.training.return_rows import Terminal
from tandem.scripts.app.training.sb3_run import Sb3Run
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings


def train_sb3_in(
    folder: Path,
    settings: Sb3TrainSettings,
    checkpoint: Path | None,
    console: Console,
    *,
    force: bool,
    quiet: bool,
    runner: Runner = Runner.LOCAL,
    target: Target | None = None,
    output: str | None = None,
) -> Sb3Run:
    """Train in ``folder``; from ``checkpoint`` on, if there is one.

    Args:
        force: replace an earlier run there.
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
        writer = RunWriter(
            folder,
            schema=env.schema,
            config=settings.model_dump(),
            simulator_command=env.simulator.command,
            ns3_folder=env.simulator.ns3_folder,
        )
        writer.note(agent=settings.agent)
        goal = settings.interactions
        name = f"{settings.agent} · {settings.scenario}"
        bar = stack.enter_context(
            progress(name, goal, "interactions", console=console, quiet=quiet)
        )
        run = Sb3Run(
            folder,
            settings,
            RecordedEnv(env, writer, settings.seed),
            writer,
            evaluation_judge(
                judging, settings, settings.evaluation_seed, settings.evaluation_episodes
            ),
            Terminal(bar, console, quiet=quiet),
        )
        if checkpoint is None:
            # Only now: if anything does not fit, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        else:
            run.resume(checkpoint)
        stop_wanted = stack.enter_context(stop_requests())
        stack.enter_context(writer)
        complete = run.run(stop_wanted)
        writer.note(interactions=run.interactions)
        if not complete:
            raise KeyboardInterrupt
    return run
