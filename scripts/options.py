# SPDX-License-Identifier: MIT
"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Connect: TypeAlias = Annotated[
    str | None, typer.Option(help="Simulate on a server (`tandem serve`) at this address.")
]


Key: TypeAlias = Annotated[Path | None, typer.Option(help="--connect: your own .key_secret.")]


ServerKey: TypeAlias = Annotated[Path | None, typer.Option(help="--connect: the server's .key.")]
