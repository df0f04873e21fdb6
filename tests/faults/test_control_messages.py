# SPDX-License-Identifier: MIT
"""Programs that send on their control socket what no scenario of this version sends."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.core.process import SimulatorProcess

PROGRAM = """
    import os, socket, sys
    fd = int(sys.argv[-1].removeprefix("--agent="))
    control = socket.socket(fileno=fd)
    memory = os.memfd_create("memory")
    print("an odd program", flush=True)
    for text, descriptors in {messages}:
        socket.send_fds(control, [text], [memory] * descriptors)
        if text == b"READY" and descriptors == 1:
            control.recv(100)
    control.recv(100)
"""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def start(folder: Path, messages: list[tuple[bytes, int]]) -> SimulatorProcess:
    script = folder / "odd.py"
    script.write_text(textwrap.dedent(PROGRAM).format(messages=messages))
    return SimulatorProcess([sys.executable, str(script)])


@pytest.mark.parametrize("message", [(b"READY", 0), (b"READY", 2), (b"\xff\xfe", 1), (b"NO", 0)])
def test_a_start_without_the_memory_is_told(message: tuple[bytes, int], tmp_path: Path) -> None:
    before = descriptors()
    process = start(tmp_path, [message])
    with pytest.raises(ScenarioError, match=r"sent '.*' with [0-2] file.*rebuild(.|\n)*an odd pro"):
        process.receive_channel(10.0)
    del process
    assert descriptors() == before


@pytest.mark.parametrize(
    "message",
    [
        (b"EPISODE 7 1", 0),
        (b"EPISODE", 1),
        (b"EPISODE x 1", 1),
        (b"EXIT 1", 0),
        (b"EXIT a b", 0),
        (b"\xff", 0),
    ],
)
def test_an_episode_that_is_none_is_told(message: tuple[bytes, int], tmp_path: Path) -> None:
    process = start(tmp_path, [(b"READY", 1), message])
    os.close(process.receive_channel(10.0))
    with pytest.raises(ScenarioError, match="no message of this version"):
        process.fork_episode(1, 10.0, 10.0)
