# SPDX-License-Identifier: MIT
"""``tandem watch``: a live page of runs."""

from __future__ import annotations

import contextlib
import ipaddress
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.bridge.core.packages import require

PORT: Final = 8765
HIGHEST_PORT: Final = 65_535


def watch(
    folder: Annotated[
        Path, typer.Argument(help="Of a run or training, under way or ended; or of several.")
    ],
    port: Annotated[
        int, typer.Option(min=0, max=HIGHEST_PORT, help="Of the page; 0: any free one.")
    ] = PORT,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Whoever reaches it can see the runs.")
    ] = "127.0.0.1",
) -> None:
    """Show a live page of a run, a training or a sweep, and replay what was recorded.

    It draws learning curve, decisions, and a map with the requests in flight. The folder is only
    read. Ctrl-C ends.

    Example: tandem watch runs/a

    From another machine: ssh -L 8765:127.0.0.1:8765 SERVER, then open http://127.0.0.1:8765 there.
    """
    require("plotly", "the live page")
    from tandem.scripts.app.common.stop_request import stop_requests
    from tandem.scripts.app.watch.answers import Answers
    from tandem.scripts.app.watch.server import WatchServer

    console = Console(stderr=True)
    with (
        contextlib.suppress(KeyboardInterrupt),
        stop_requests() as stop_is_asked,
        WatchServer(Answers(folder), host, port) as server,
    ):
        address = f"[{host}]" if ":" in host else host
        console.print(f"http://{address}:{server.server_port}/", highlight=False)
        if not _is_loopback(host):
            console.print(
                "[yellow]no password[/]: everyone who reaches this address can see the runs; "
                "without --host, use `ssh -L` from elsewhere"
            )
        server.serve_until(stop_is_asked)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
