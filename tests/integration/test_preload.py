# SPDX-License-Identifier: MIT
"""Another allocator changes nothing but speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.preload import ALLOCATORS, VARIABLE, allocator
from tandem.bridge.core.simulator import Simulator

EPOCHS = 2
USERS = 3


def play(scenario: str) -> tuple[list[bytes], str]:
    """All observations and requests of an episode, and the libraries of the simulator."""
    data = []
    with Simulator(scenario, {"users": USERS, "epochs": EPOCHS}) as simulator:
        frame = simulator.reset(5)
        for _ in range(EPOCHS):
            frame = simulator.step(np.full(USERS, 8))
            data += [array.tobytes() for array in frame.observation.values()]
            data += [array.tobytes() for array in frame.records.values()]
        return data, Path(f"/proc/{simulator.pid}/maps").read_text()


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
def test_results_are_equal_byte_by_byte(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = allocator("auto")
    if library is None:
        pytest.skip(f"none of {', '.join(ALLOCATORS)} is installed")
    monkeypatch.delenv(VARIABLE, raising=False)
    usual, usual_libraries = play(scenario)
    monkeypatch.setenv(VARIABLE, "auto")
    other, other_libraries = play(scenario)
    name = library.split(".")[0]
    assert name not in usual_libraries
    assert name in other_libraries
    assert usual == other


def test_a_wrong_choice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/no/such/lib.so")
    with pytest.raises(TandemError, match=r"/no/such/lib\.so.*none, auto or the path"):
        Simulator("hello")


def test_none_is_the_c_library() -> None:
    assert allocator("none") is None
    assert allocator("") is None
