# SPDX-License-Identifier: MIT
"""``tandem top``: watch a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tandem.bridge.remote import endpoint
from tandem.bridge.remote.errors import ConnectionLost
from tandem.bridge.server.telemetry import INTERVAL_S, Snapshot
from tandem.bridge.server.watch import Watch
from tandem.scripts.app.common.place import client_keys
from tandem.scripts.app.telemetry import view

#: A server that is silent for so long is shown as lost.
SILENCE_S: Final = 5 * INTERVAL_S


def top(
    address: Annotated[
        str, typer.Argument(help="The server's telemetry address.")
    ] = endpoint.parse(endpoint.DEFAULT_ADDRESS).beside(),
    key: Annotated[Path | None, typer.Option(help="Your own .key_secret.")] = None,
    server_key: Annotated[Path | None, typer.Option(help="The server's .key.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one state and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per second.")] = False,
) -> None:
    """Watch a server: speed, latency, simulators, clients and errors.

    Example: tandem top tcp://127.0.0.1:5571
    """
    console = Console()
    with Watch(address, client_keys(key, server_key)) as watch:
        first = watch.next(SILENCE_S)
        if first is None:
            raise ConnectionLost(
                f"no telemetry from {address} within {SILENCE_S:g} s: is `tandem serve` running, "
                "and is this its telemetry address?"
            )
        if json:
            while first is not None:
                typer.echo(first.model_dump_json())
                first = None if once else watch.next(SILENCE_S)
        elif once:
            console.print(view(first))
        else:
            _live(watch, first, console)


def _live(watch: Watch, first: Snapshot, console: Console) -> None:
    shown = first
    try:
        with Live(view(shown), console=console, screen=console.is_terminal) as live:
            while True:
                state = watch.next(SILENCE_S)
                if state is None:
                    lost = Text(f"\nsilent for {SILENCE_S:g} s; waiting for it", style="red")
                    live.update(Group(view(shown), lost))
                    continue
                shown = state
                live.update(view(shown))
    except KeyboardInterrupt:
        pass
