# SPDX-License-Identifier: MIT
"""An episode whose simulator is lost goes on elsewhere, whatever the simulator is reached by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tandem.bridge.backends.replaying import REPLAYS_PER_REQUEST, ReplayingSimulator
from tandem.bridge.core.errors import NoEpisode, SchemaMismatch, SimulatorLost
from tandem.bridge.core.frame import Frame
from tandem.bridge.core.schema import Schema
from tandem.bridge.core.simulator import Simulator

ECHO = {"values": 1, "epochs": 0}


class FragileLink:
    """A real simulator; the way to it is lost at its n-th answer (``None``: never)."""

    def __init__(self, scenario: str, arguments: dict[str, int], lost_at: int | None) -> None:
        self._simulator = Simulator(scenario, arguments)
        self._left = lost_at
        self.usable = True
        self.schema: Schema = self._simulator.schema
        self.schema_text = self._simulator.schema_text
        self.command = self._simulator.command
        self.pid = self._simulator.pid
        self.program_digest = ""
        self.ns3_folder = self._simulator.ns3_folder
        self.episode_pid = 0

    def send_reset(self, seed: int) -> None:
        self._simulator.begin(seed)

    def send_step(self, action: NDArray[Any]) -> None:
        self._simulator.post(action)

    def receive(self) -> Frame:
        self._answer()
        return self._simulator.wait()

    def branch(
        self, sequences: Sequence[Sequence[NDArray[Any]]], parallel: int | None, future: int
    ) -> list[list[Frame]]:
        self._answer()
        return self._simulator.branch_epochs(sequences, parallel=parallel, future=future)

    def close(self, *, idle: bool) -> None:
        self._simulator.close()

    def _answer(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.usable = False
                raise SimulatorLost("the way is lost")


def simulator(
    *lost_at: int | None,
    replays: bool = True,
    scenario: str = "echo",
    first: dict[str, int] = ECHO,
    later: dict[str, int] = ECHO,
) -> ReplayingSimulator:
    """Links that are lost at those answers, one after another."""
    fates = list(lost_at)

    def open_link(*, again: bool) -> FragileLink:
        return FragileLink(scenario, later if again else first, fates.pop(0))

    return ReplayingSimulator(open_link, replays=replays)


def play(played: ReplayingSimulator | Simulator) -> list[bytes]:
    """Everything that an episode shows, branches included."""
    frames = [played.reset(3)]
    for value in range(3):
        frames += played.branch([[value], [value + 0.5]])
        frames.append(played.step([float(value)]))
    parts = [array for f in frames for array in (*f.observation.values(), *f.records.values())]
    return [array.tobytes() for array in parts]


@pytest.mark.parametrize("first", range(7))
def test_a_loss_at_any_answer_leaves_no_trace(first: int) -> None:
    with Simulator("echo", ECHO) as local:
        expected = play(local)
    fragile = simulator(first, 2, None)  # the second one may be lost while it replays
    assert play(fragile) == expected
    assert 1 <= fragile.losses <= 2
    fragile.close()


def test_what_callers_make_of_an_observation_does_not_spoil_a_replay() -> None:
    fragile = simulator(2, None)
    for frame in (fragile.reset(1), fragile.step([1.0])):
        frame.observation["values"] += 5.0
    assert fragile.observe()["values"][0] == 1.0
    fragile.observe()["values"] += 5.0
    assert fragile.step([2.0]).observation["values"][0] == 2.0
    assert fragile.losses == 1
    fragile.close()


def test_losses_without_end_are_an_error_and_reset_begins_anew() -> None:
    fragile = simulator(1, *[1] * REPLAYS_PER_REQUEST, None)
    fragile.reset(1)
    with pytest.raises(SimulatorLost, match="the way is lost"):
        fragile.step([1.0])
    with pytest.raises(NoEpisode):
        fragile.step([1.0])
    assert fragile.reset(2).decision == 0
    fragile.close()


def test_without_replays_a_loss_is_told() -> None:
    fragile = simulator(1, replays=False)
    fragile.reset(1)
    with pytest.raises(SimulatorLost):
        fragile.step([1.0])
    assert fragile.losses == 0
    fragile.close()


def test_another_program_does_not_take_the_episode_over() -> None:
    fragile = simulator(1, None, later={"values": 2, "epochs": 0})
    fragile.reset(1)
    with pytest.raises(SchemaMismatch, match="another schema"):
        fragile.step([1.0])
    fragile.close()


def test_another_result_does_not_pass_for_the_same() -> None:
    fragile = simulator(2, None, scenario="hello", first={"arrival": 0}, later={"arrival": 1})
    fragile.reset(1)
    fragile.step([0])
    with pytest.raises(SchemaMismatch, match="another result"):
        fragile.step([0])
    fragile.close()


def test_an_observation_belongs_to_the_last_frame() -> None:
    fragile = simulator(None)
    with pytest.raises(NoEpisode):
        fragile.observe()
    fragile.reset(1)
    fragile.exchange([4.0])
    assert np.array_equal(fragile.observe()["values"], [4.0])
    fragile.close()
