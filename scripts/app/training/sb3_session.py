# SPDX-License-Identifier: MIT
"""Everything that a training run of an SB3 algorithm needs, started and ended together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from tandem.agents.sb3 import make_sb3
from tandem.bridge.backends.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.training.ending import play_to_the_end
from tandem.scripts.app.training.event_files import event_files
from tandem.scripts.app.training.return_session import return_parts
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
        parts = stack.enter_context(
            return_parts(
                folder, settings, console, quiet=quiet, runner=runner, target=target, output=output
            )
        )
        agent = make_sb3(parts.recorded, settings.algorithm, settings.seed, settings.sb3)
        if checkpoint is None:
            # Only now: if anything does not fit, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        done = 0 if checkpoint is None else int(checkpoint.stem)
        events = stack.enter_context(event_files(folder, done, console))
        run = Sb3Run(
            folder,
            settings,
            parts.recorded,
            agent,
            parts.writer,
            parts.judge,
            parts.terminal,
            events,
        )
        if checkpoint is not None:
            run.resume(checkpoint)
        play_to_the_end(run, parts.writer)
    return run
