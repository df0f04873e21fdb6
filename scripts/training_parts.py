# SPDX-License-Identifier: MIT
"""Parts of ``tandem train``: agents that returns of whole episodes judge; where a run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console

from tandem.bridge.runs import folder as run_folder
from tandem.scripts.agreement import agreed
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED
from tandem.scripts.app.training.return_rows import ReturnRow
from tandem.scripts.app.training.return_settings import (
    GeneralSettings,
    has_settings,
    read_settings,
)
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings


def train_sb3(
    context: typer.Context,
    folder: Path,
    asked: Sb3TrainSettings,
    console: Console,
    *,
    resume: bool,
    force: bool,
    **options: Any,
) -> None:
    """Train an algorithm of Stable-Baselines3 and say what came of it."""
    from tandem.scripts.app.training.sb3_session import train_sb3_in

    if resume:
        asked = agreed(context, folder, asked, read_settings(folder, Sb3TrainSettings))
    checkpoint = checkpoint_of(folder, console, resume=resume, force=force)
    try:
        run = train_sb3_in(folder, asked, checkpoint, console, force=force or resume, **options)
    except KeyboardInterrupt:
        interrupted(console, folder)
    _say(console, folder, f"{run.interactions} interactions", run.evaluations)


def train_general(
    context: typer.Context,
    folder: Path,
    asked: GeneralSettings,
    console: Console,
    *,
    resume: bool,
    force: bool,
    **options: Any,
) -> None:
    """Train an agent of any scenario and say what came of it, and what it cost."""
    from tandem.scripts.app.training.general_session import train_general_in

    if resume and has_settings(folder, GeneralSettings):
        asked = agreed(context, folder, asked, read_settings(folder, GeneralSettings))
    checkpoint = checkpoint_of(folder, console, resume=resume, force=force)
    try:
        run, evaluator = train_general_in(
            folder, asked, checkpoint, console, force=force or resume, **options
        )
    except KeyboardInterrupt:
        interrupted(console, folder)
    done, tried = run.training.interactions, run.training.branch_epochs
    branches = f", {tried} of them in branches" if tried else ""
    cost = f"{done} interactions{branches}, {run.training_s:.0f} s without evaluations,"
    _say(console, folder, cost, evaluator.rows)


def _say(console: Console, folder: Path, cost: str, evaluations: Sequence[ReturnRow]) -> None:
    last, best = evaluations[-1], max(row.return_mean for row in evaluations)
    console.print(
        f"{cost} in [bold]{folder}[/]; mean return {last.return_mean:.6g} (best evaluation "
        f"{best:.6g}, random actions {last.random_return:.6g}); next: tandem evaluate {folder}",
        highlight=False,
        soft_wrap=True,
    )


def checkpoint_of(folder: Path, console: Console, *, resume: bool, force: bool) -> Path | None:
    """Where to go on; ``None``: at the beginning, in a folder that may be used."""
    from tandem.scripts.app.training.checkpoints import checkpoint_to_resume

    if not resume:
        run_folder.check(folder, force=force)
        return None
    checkpoint = checkpoint_to_resume(folder)
    if checkpoint is None:
        run_folder.check(folder, force=True)
        console.print(f"{folder} has no checkpoint yet: beginning again", highlight=False)
    return checkpoint


def interrupted(console: Console, folder: Path) -> NoReturn:
    """Say how to go on, and end."""
    console.print(f"[yellow]interrupted[/]; resume with: tandem train --resume --out {folder}")
    raise typer.Exit(EXIT_INTERRUPTED) from None
