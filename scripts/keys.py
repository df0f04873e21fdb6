# SPDX-License-Identifier: MIT
"""``tandem keys``: the keys by which servers and clients authenticate each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.remote.keys import AllowList, create
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.overview import summary

keys_app = typer.Typer(
    name="keys", help=summary("keys"), no_args_is_help=True, add_completion=False
)


@keys_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Whose keys: 'server', or a client's name.")],
    folder: Annotated[Path, typer.Option(help="Where the two files go.")] = Path("keys"),
) -> None:
    """Make a pair of keys; never replaces one."""
    check_folder(folder, "--folder")
    public, secret = create(folder, name)
    console = Console()
    console.print(f"[bold]{secret}[/] stays with its owner (mode 0600, never send it)")
    console.print(f"[bold]{public}[/] goes to the others: a server's to its clients,")
    console.print("a client's into the folder that `tandem serve --allow` names")


@keys_app.command("list")
def show(
    folder: Annotated[Path, typer.Argument(help="A server's folder of clients.")] = Path("keys"),
) -> None:
    """Show who a folder lets in."""
    console = Console()
    for key, name in sorted(AllowList(folder).names().items(), key=lambda item: item[1]):
        console.print(f"{name}  {key.decode()}", markup=False, highlight=False)
