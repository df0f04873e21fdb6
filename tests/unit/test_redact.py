# SPDX-License-Identifier: MIT
"""What a server tells of its files: their names, not where they lie."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.bridge.core.errors import SimulatorDied, TandemError
from tandem.bridge.core.scenarios import package_root
from tandem.bridge.remote.errors import from_message, to_message
from tandem.bridge.remote.redact import without_folders

OWN = Path("/srv/ns 3/my scenarios")
SECRETS = ("/srv", "scenarios/", "/secret", "home", "site-packages", "/usr", "/gcl")
TEXT = (
    f"{OWN}/fast lane: channel layout version 7; see '/secret/place/notes.txt', "
    f"{package_root()}/_bin/hello --help and file=/gcl-builds/src/core/type-id.cc, line=876, "
    "/usr/lib/a.so:/usr/lib/b.so(+0x12) at tcp://127.0.0.1:5570"
)
TOLD = (
    "fast lane: channel layout version 7; see 'notes.txt', hello --help and file=type-id.cc, "
    "line=876, a.so:b.so(+0x12) at tcp://127.0.0.1:5570"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TEXT, TOLD),
        ("1/2 of a/b, ./here/it/is, ../there/x and 3 m/s, /tmp", None),
        ("tcp://host.name:5570/a/b and ipc:///run/user/socket", "tcp://host.name:5570/a/b and "
         "ipc:///run/user/socket"),
        (f"{Path.home()}/a/b {Path.cwd()}/c {sys.prefix}/lib/d", "b c d"),
        (f'"{OWN}/one/two.cc":3', '"two.cc":3'),
        ("--options=/etc/x/y.csv", "--options=y.csv"),
    ],
)  # fmt: skip
def test_folders_go_and_names_stay(text: str, told: str | None) -> None:
    assert without_folders(text, [OWN]) == (text if told is None else told)


def kinds(base: type[TandemError] = TandemError) -> Iterator[type[TandemError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_no_error_tells_a_folder() -> None:
    for kind in {*kinds()} - {SimulatorDied}:
        arrived = from_message(to_message(1, kind(TEXT), [OWN]))
        assert str(arrived) == TOLD
    died = SimulatorDied.report(
        f"the simulator {OWN}/fast died", -6, TEXT, [f"{OWN}/fast", "--options=/secret/o.csv"]
    )
    message = to_message(1, died, [OWN])
    arrived = from_message(message)
    assert isinstance(arrived, SimulatorDied)
    assert arrived.command == ("fast", "--options=o.csv")
    assert arrived.stderr_tail == TOLD
    assert "the simulator fast died: killed by SIGABRT" in str(arrived)
    for secret in SECRETS:
        assert not re.search(re.escape(secret), message.model_dump_json()), secret
