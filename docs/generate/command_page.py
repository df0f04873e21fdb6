# SPDX-License-Identifier: MIT
"""The page of the commands, from their own help."""

from __future__ import annotations

import typer
from typer.cli import get_docs_for_click

from tandem.scripts.cli import loaded_app


def commands() -> str:
    """Every command with its options."""
    group = loaded_app()
    context = typer.Context(group, info_name="tandem")
    text = get_docs_for_click(obj=group, ctx=context, name="tandem")
    return text.partition("\n")[2]
