# SPDX-License-Identifier: MIT
"""Episodes start from a radio state that belongs to their place."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from remote_servers import children, wait_until

from tandem.bridge.core.errors import SimulatorDied, SimulatorTimeout
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.simulator import Simulator

EDGE = 8
#: WiFi cells without anybody else, a server without work: what is left is the radio.
ALONE = {
    "users": 1,
    "placement": "ring",
    "mobility": "static",
    "radius": 47,
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
    "edgeServiceScale": 0,
}
WALL_S = 30.0


def column(simulator: Simulator, frame: Frame, name: str) -> np.ndarray[Any, Any]:
    """A column of the users' observation."""
    names = [c.name for c in simulator.schema.block("users").columns]
    return frame.observation["users"][:, names.index(name)]


def response_times(simulator: Simulator, seed: int, decisions: int) -> list[float]:
    """The slowest response time of each of the first decisions, all at the edge, seconds."""
    frame = simulator.reset(seed)
    users = frame.observation["users"].shape[0]
    times = []
    for _ in range(decisions):
        frame = simulator.step(np.full(users, EDGE))
        times.append(float(frame.records["requests"]["response_time_s"].max()))
    return times


def play(simulator: Simulator, seed: int) -> bytes:
    """All requests of a short episode."""
    frame = simulator.reset(seed)
    users = frame.observation["users"].shape[0]
    rows = [frame.observation["users"].tobytes()]
    while frame.status == Status.DECISION:
        frame = simulator.step(np.full(users, EDGE))
        rows.append(frame.records["requests"].tobytes())
    return b"".join(rows)


def step_on(simulator: Simulator) -> None:
    """Step until something ends it."""
    while True:
        simulator.step(np.full(2, EDGE))


def path_loss_snr_db(distance_m: float) -> float:
    """SNR in 20 MHz at 16 dBm, exponent 3, noise figure 7 dB, 5.18 GHz, by hand."""
    loss_db = 20 * math.log10(4 * math.pi * 5.18e9 / 299792458.0) + 30 * math.log10(distance_m)
    noise_dbm = -173.975 + 10 * math.log10(20e6) + 7
    return 16 - loss_db - noise_dbm


def test_the_first_observation_shows_the_snr_of_the_place() -> None:
    with Simulator("wifi-edge", {"users": 4, "epochs": 2}) as simulator:
        for seed in (1, 2, 3):
            frame = simulator.reset(seed)
            expected = [path_loss_snr_db(d) for d in column(simulator, frame, "distance_m")]
            # ns-3 keeps the RSSI as an integer
            assert column(simulator, frame, "snr_db") == pytest.approx(expected, abs=1.01)


def test_the_first_observation_of_lte_is_that_of_later_ones() -> None:
    with Simulator("lte-edge", {"users": 3, "epochs": 6}) as simulator:
        first = simulator.reset(2)
        frame = first
        for _ in range(5):
            frame = simulator.step(np.full(3, EDGE))
        distances = column(simulator, first, "distance_m")
        assert np.ptp(distances) > 50  # or the test would prove little
        snr_db = column(simulator, first, "snr_db")
        assert snr_db == pytest.approx(column(simulator, frame, "snr_db"), abs=1.5)
        assert list(np.argsort(snr_db)) == list(np.argsort(-distances))


@pytest.mark.parametrize("standard", ["80211n", "80211ax"])
def test_the_first_request_is_as_fast_as_later_ones(standard: str) -> None:
    radio = {**ALONE, "standard": standard, "epochs": 6}

    def mean(**training: int) -> tuple[float, float]:
        with Simulator("wifi-edge", {**radio, **training}) as simulator:
            times = np.array([response_times(simulator, seed, 6) for seed in range(1, 9)])
        return float(times[:, 0].mean()), float(times[:, 3:].mean())

    first, later = mean()
    assert first < 1.5 * later
    untrained, _ = mean(training=0)
    assert untrained > 1.3 * first


def test_another_seed_is_another_place_and_a_warm_up_seed_holds_it() -> None:
    arguments = {"users": 3, "epochs": 2, "mobility": "static"}
    with Simulator("wifi-edge", arguments) as simulator:
        places = {
            tuple(column(simulator, simulator.reset(seed), "distance_m")) for seed in (1, 2, 1)
        }
        assert len(places) == 2
        second = tuple(column(simulator, simulator.reset(2), "distance_m"))
    with Simulator("wifi-edge", {**arguments, "warmupSeed": 2}) as simulator:
        held = {tuple(column(simulator, simulator.reset(seed), "distance_m")) for seed in (1, 2, 7)}
        assert held == {second}
        assert play(simulator, 1) != play(simulator, 7)


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
def test_a_seed_gives_the_same_bytes_whatever_was_played_and_kept(scenario: str) -> None:
    arguments = {"users": 3, "epochs": 3}
    with Simulator(scenario, arguments) as simulator:
        expected = {seed: play(simulator, seed) for seed in (1, 2, 3)}
        assert [play(simulator, seed) for seed in (3, 1, 2)] == [expected[s] for s in (3, 1, 2)]
    with Simulator(scenario, {**arguments, "keptWarmups": 1}) as simulator:
        for seed in (2, 1, 2, 3):
            assert play(simulator, seed) == expected[seed]


def test_the_warm_ups_used_last_are_kept() -> None:
    with Simulator("wifi-edge", {"users": 1, "epochs": 1, "keptWarmups": 2}) as simulator:
        kept = []
        for seed in (1, 2, 1, 3, 1):
            simulator.reset(seed)
            kept.append(set(children(simulator.pid)))
        assert [len(k) for k in kept] == [1, 2, 2, 2, 2]
        assert kept[1] == kept[2]  # seed 1 again: nothing new
        assert len(kept[3] & kept[2]) == 1  # seed 3 takes the place of seed 2
        assert kept[4] == kept[3]


def test_with_a_warm_up_seed_one_warm_up_serves_all() -> None:
    with Simulator("wifi-edge", {"users": 2, "epochs": 1, "warmupSeed": 1}) as simulator:
        for seed in (1, 2):
            simulator.reset(seed)
            assert children(simulator.pid)[0] == simulator.episode_pid
        assert wait_until(lambda: len(children(simulator.pid)) == 2, WALL_S)  # and the next one


def test_a_death_in_the_warm_up_is_told() -> None:
    with Simulator("wifi-edge", {"users": 2, "epochs": 0}) as simulator:
        simulator.reset(1)
        pids = [simulator.pid, simulator.episode_pid, *children(simulator.pid)]
        os.kill(children(simulator.pid)[0], signal.SIGKILL)
        with pytest.raises(SimulatorDied, match="SIGKILL"):
            step_on(simulator)
        assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), WALL_S)


def test_a_reset_after_an_interrupted_one_gets_its_own_episode() -> None:
    """Ctrl-C in a warm-up, then another reset: the first one's episode still comes up."""
    arguments = {"users": 6, "epochs": 1}
    with Simulator("wifi-edge", arguments) as simulator:
        expected = {seed: play(simulator, seed) for seed in (1, 2)}

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for again in (1, 2):
            with Simulator("wifi-edge", arguments) as simulator:
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                with pytest.raises(KeyboardInterrupt):
                    simulator.reset(1)
                assert play(simulator, again) == expected[again]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_walkers_leave_their_place() -> None:
    with Simulator("wifi-edge", {"users": 3, "epochs": 4, "mobility": "walk"}) as simulator:
        frame = simulator.reset(1)
        before = column(simulator, frame, "distance_m")
        for _ in range(3):
            frame = simulator.step(np.full(3, EDGE))
        moved = np.abs(column(simulator, frame, "distance_m") - before)
        assert (moved > 0.01).all()


def test_a_station_out_of_reach_is_told_and_its_requests_time_out(tmp_path: Path) -> None:
    arguments = {"users": 4, "epochs": 1, "shadowing": 20, "timeout": 0.5, "radius": 45}
    printed = tmp_path / "printed"
    with Simulator("wifi-edge", arguments, output=printed) as simulator:
        frame = simulator.reset(7)
        unheard = column(simulator, frame, "snr_db") == 0
        assert unheard.any()
        assert not unheard.all()
        requests = simulator.step(np.full(4, EDGE)).records["requests"]
        late = {int(row["user"]) for row in requests if row["status"] == 1}
        assert set(np.flatnonzero(unheard)) <= late
    assert "shadowing or interference puts them out of reach" in printed.read_text()


def test_a_warm_up_that_takes_too_long_says_which_limit_to_raise() -> None:
    arguments = {"users": 60, "epochs": 1, "standard": "80211ax"}
    with (
        pytest.raises(SimulatorTimeout, match=r"warm-up within 1 s .* raise start_timeout_s"),
        Simulator("wifi-edge", arguments, start_timeout_s=1.0) as simulator,
    ):
        simulator.reset(1)
