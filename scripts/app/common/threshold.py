# SPDX-License-Identifier: MIT
"""The accuracy threshold that an option asks for."""

from __future__ import annotations

import typer

from tandem.agents.inference.objective import NamedThreshold, PaperObjective


def accuracy_threshold(text: str, option: str = "--accuracy") -> float | NamedThreshold:
    """A threshold on accuracy: percent, ``min`` or ``max``.

    Raises:
        typer.BadParameter: none of these, or no percentage.
    """
    try:
        if text in ("min", "max"):
            return "min" if text == "min" else "max"
        return PaperObjective(float(text)).accuracy_threshold_percent
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text!r}: {error}") from error
