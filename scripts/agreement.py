# SPDX-License-Identifier: MIT
"""A run that is resumed has the settings that it began with."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

import typer

from tandem.scripts.app.training.return_settings import GeneralSettings
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings
from tandem.scripts.app.training.settings import TrainSettings
from tandem.scripts.given import is_given, set_arguments

#: Options that have to agree with the run when they are given with ``--resume``, and the setting
#: that each one decides.
OF_THE_RUN: Final = {
    "agent": "agent",
    "scenario": "scenario",
    "seed": "seed",
    "objective": "objective",
    "accuracy": "accuracy_threshold",
    "violation_s": "violation_s",
    "config": "agent_config",
    "evaluate_every": "evaluate_every",
    "evaluation_states": "evaluation_states",
    "evaluation_episodes": "evaluation_episodes",
    "checkpoint_every": "checkpoint_every",
}
AnySettings = TypeVar("AnySettings", TrainSettings, Sb3TrainSettings, GeneralSettings)


def agreed(
    context: typer.Context, folder: Path, asked: AnySettings, stored: AnySettings
) -> AnySettings:
    """The settings of the run in ``folder``; what is also given must agree.

    Raises:
        typer.BadParameter: an option contradicts the run.
    """
    given = {name for name in context.params if is_given(context, name)}
    for name in sorted(given & OF_THE_RUN.keys()):
        field = OF_THE_RUN[name]
        if getattr(asked, field) != getattr(stored, field):
            raise typer.BadParameter(
                f"--{name.replace('_', '-')} differs from the run in {folder}, which has "
                f"{field} = {getattr(stored, field)!r}: leave it out, or train again without "
                "--resume"
            )
    for name in sorted(given & {"users", "epochs", "settings"}):
        for key, value in _given_arguments(context, name).items():
            if str(stored.arguments.get(key)) != str(value):
                raise typer.BadParameter(
                    f"{key}={value} differs from the run in {folder}, which has "
                    f"{key}={stored.arguments.get(key)}: leave it out, or train again without "
                    "--resume"
                )
    if "interactions" in given:
        return stored.model_copy(update={"interactions": asked.interactions})
    return stored


def _given_arguments(context: typer.Context, name: str) -> dict[str, object]:
    value = context.params[name]
    return set_arguments(context, value) if name == "settings" else {name: value}
