# SPDX-License-Identifier: MIT
"""``tandem dissector``: request numbers in Wireshark and tshark."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

FILE = "tandem.lua"
PLUGINS = Path.home() / ".local" / "lib" / "wireshark" / "plugins"


def dissector(
    install: Annotated[
        bool, typer.Option("--install", help="Copy it to Wireshark's personal plugins.")
    ] = False,
) -> None:
    """Print the path of the Wireshark plugin that shows request numbers.

    It is a dissector for packet traces (`tandem run --pcap`), for Wireshark and tshark.

    Example: tshark -2 -X "lua_script:$(tandem dissector)" -r runs/a/trace-seed1-wifi-ap.pcap
    -Y 'tandem.request_id == 12'
    """
    source = resources.files("tandem.scripts.app.wireshark").joinpath(FILE)
    if not install:
        typer.echo(str(source))
        return
    PLUGINS.mkdir(parents=True, exist_ok=True)
    target = PLUGINS / FILE
    target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    typer.echo(f"{target}: Wireshark and tshark load it from now on")
