# SPDX-License-Identifier: MIT
"""Everything that a training run of an SB3 algorithm needs, started and ended together."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tandem.bridge.backends.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.training.ending import play_to_the_end
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
    with return_parts(
        folder, settings, console, quiet=quiet, runner=runner, target=target, output=output
    ) as parts:
        run = Sb3Run(folder, settings, parts.recorded, parts.writer, parts.judge, parts.terminal)
        if checkpoint is None:
            # Only now: if anything does not fit, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        else:
            run.resume(checkpoint)
        play_to_the_end(run, parts.writer)
    return run
