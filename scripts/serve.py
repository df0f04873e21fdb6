# SPDX-License-Identifier: MIT
"""``tandem serve``: offer a pool of local simulators to remote agents."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.logging import RichHandler

from tandem.bridge.core.scenarios import installed_scenarios
from tandem.bridge.remote.endpoint import DEFAULT_ADDRESS
from tandem.bridge.remote.keys import AllowList, load_pair
from tandem.bridge.remote.sockets import Access
from tandem.bridge.server.catalogue import Catalogue
from tandem.bridge.server.config import default_config
from tandem.bridge.server.connections import raise_descriptor_limit
from tandem.bridge.server.server import Server
from tandem.scripts.app.offers import offers, parse_limits

BYTES_PER_MIB: Final = 1024 * 1024


def serve(
    bind: Annotated[
        str, typer.Option(help="Address: tcp://HOST:PORT or ipc:///PATH; port 0: any free one.")
    ] = DEFAULT_ADDRESS,
    telemetry: Annotated[
        str | None,
        typer.Option(help="Address for `tandem top`; default: the next port; '': none."),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="What is offered: an installed scenario, or the path of one of yours, which "
            "clients know by its file name; repeatable. Default: all that are installed."
        ),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The server's own .key_secret (`tandem keys new`).")
    ] = None,
    allow: Annotated[
        Path | None, typer.Option(help="Folder with the public keys (*.key) of all clients.")
    ] = None,
    simulators: Annotated[
        int | None, typer.Option(min=1, help="Simulators at a time; default: 2 per processor.")
    ] = None,
    per_client: Annotated[
        int | None, typer.Option(min=1, help="Simulators of one client; default: all.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="ARGUMENT=MAX", help="Largest value of an argument; repeatable."),
    ] = None,
    max_message_mib: Annotated[
        int, typer.Option(min=1, help="Largest size of all arrays in a request, MiB.")
    ] = 16,
    step_timeout: Annotated[
        float, typer.Option(help="Longest time to simulate a step, s.")
    ] = 600.0,
    idle_timeout: Annotated[
        float, typer.Option(help="Free a simulator that has not been used for so long, s.")
    ] = 3600.0,
    heartbeat: Annotated[
        float,
        typer.Option(help="Time between heartbeats, s; a client that misses three is dropped."),
    ] = 2.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Warnings only.")] = False,
) -> None:
    """Offer a pool of local simulators to agents in other processes and machines.

    Example: tandem serve          and elsewhere: tandem run --connect tcp://127.0.0.1:5570 …
    """
    console = Console(stderr=True)
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(message)s",
        handlers=[RichHandler(console=console, show_path=False)],
    )
    config = default_config()
    total = simulators or config.simulators
    config = dataclasses.replace(
        config,
        simulators=total,
        simulators_per_client=per_client or total,
        max_array_bytes=max_message_mib * BYTES_PER_MIB,
        step_timeout_s=step_timeout,
        idle_timeout_s=idle_timeout,
        heartbeat_s=heartbeat,
    )
    access = Access(
        address=bind,
        telemetry=telemetry,
        keys=None if keys is None else load_pair(keys),
        clients=None if allow is None else AllowList(allow),
    )
    raise_descriptor_limit()
    catalogue = Catalogue(offers(scenario or installed_scenarios()), parse_limits(limit or ()))
    with Server(catalogue, config, access) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stopper(server))
        console.print(
            f"[bold]{server.address}[/] offers {', '.join(catalogue.names)}: {total} simulators, "
            f"{'keys needed' if access.keys else 'this machine only'} (pid {os.getpid()})"
        )
        if server.telemetry_address:
            console.print(f"watch it: tandem top {server.telemetry_address}")
        server.run()
    console.print("stopped")


def _stopper(server: Server) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        server.stop()

    return stop
