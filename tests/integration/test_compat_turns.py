# SPDX-License-Identifier: MIT
"""Scenarios written for ns3-ai 1.x: `Ns3AIRL` and `Ns3AIDL`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from ctypes import Structure, c_double, c_float, c_int32, c_uint8
from pathlib import Path

import pytest
from compat_builds import build

from tandem.bridge.core.errors import SimulatorDied
from tandem.compat.ns3ai1 import Experiment, FreeMemory, Init, Ns3AIDL, Ns3AIRL


class Seen(Structure):
    _pack_ = 1
    _fields_ = (("time_s", c_double), ("length", c_int32), ("turn", c_uint8))


class Done(Structure):
    _pack_ = 1
    _fields_ = (("served", c_int32),)


class Feature(Structure):
    _pack_ = 1
    _fields_ = (("last", c_float * 3),)


class Number(Structure):
    _pack_ = 1
    _fields_ = (("next", c_float),)


POLICY, PREDICTOR = 2333, 7


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario, compiled."""
    return build("turns", tmp_path_factory)


@pytest.fixture
def experiment(folder: Path) -> Experiment:
    FreeMemory()
    return Experiment(1234, 4096, str(folder / "tandem-build" / "turns"), folder)


def play(rl: Ns3AIRL) -> list[tuple[float, int, int]]:
    """Serve two at each turn until the simulation is over; returns what was seen."""
    seen = []
    while not rl.isFinish():
        with rl as data:
            if data is None:
                break
            seen.append((data.env.time_s, data.env.length, data.env.turn))
            data.act.served = 2
    return seen


def test_structs_go_to_and_fro_by_turns(experiment: Experiment) -> None:
    """More turns than the version counts; the same objects again after a reset."""
    for turns in (300, 5):
        experiment.reset()
        rl = Ns3AIRL(POLICY, Seen, Done)
        process = experiment.run({"turns": turns, "predictor": 0})
        assert play(rl) == [(turn, 100 + turn, turn % 256) for turn in range(turns)]
        assert process.wait() == 0


def test_objects_with_one_id_share_its_memory(experiment: Experiment) -> None:
    rl = Ns3AIRL(POLICY, Seen, Done)
    experiment.run({"turns": 6, "predictor": 0, "twice": 1})
    assert [length for _, length, _ in play(rl)] == [100, 101, 102, 103, 104, 105]


def test_two_blocks_of_one_program(experiment: Experiment) -> None:
    rl = Ns3AIRL(POLICY, Seen, Done)
    dl = Ns3AIDL(PREDICTOR, Feature, Number, Number)
    process = experiment.run({"turns": 4})
    truths = []
    for turn in range(4):
        with rl as data:
            data.act.served = 1
        with dl as data:
            assert list(data.feat.last) == [float(t) for t in ([0, 0, 0, *truths])[-3:]]
            truths.append(data.tar.next)
            data.pred.next = data.tar.next
        # Odd: the simulation has begun its next turn, or ended, meanwhile.
        assert dl.GetVersion() in {2 * (turn + 1), 2 * (turn + 1) + 1}
    assert truths == [102, 104, 106, 108]
    # Each block ends with its object in C++, one after the other.
    assert dl.Acquire() is None
    assert rl.Acquire() is None
    assert rl.isFinish()
    assert process.wait() == 0


def test_rolling_back_keeps_the_turn(experiment: Experiment) -> None:
    rl = Ns3AIRL(POLICY, Seen, Done)
    experiment.run({"turns": 1, "predictor": 0})
    first = rl.Acquire().env.length
    rl.ReleaseAndRollback()
    assert rl.GetVersion() == 1
    with rl as data:
        assert data.env.length == first
    assert rl.Acquire() is None


def test_a_failed_simulation_is_an_error(experiment: Experiment) -> None:
    rl = Ns3AIRL(POLICY, Seen, Done)
    experiment.run({"turns": 9, "predictor": 0, "fail": 1})
    with pytest.raises(SimulatorDied, match="as asked for"):
        play(rl)


def test_other_types_than_the_scenarios_are_told(experiment: Experiment) -> None:
    rl = Ns3AIRL(POLICY, Seen, Seen)
    experiment.run({"predictor": 0})
    with pytest.raises(SimulatorDied, match="disagree on the bytes"):
        rl.Acquire()


def test_python_that_goes_away_ends_the_simulator(folder: Path) -> None:
    """A simulator that was started by hand; it finds the program by the key."""
    FreeMemory()
    Init(4711)
    script = (
        "from tandem.compat.ns3ai1 import *\n"
        "from ctypes import *\n"
        f"class Seen(Structure): _pack_, _fields_ = 1, {list(Seen._fields_)!r}\n".replace(
            "<class 'ctypes.", ""
        ).replace("'>", "")
        + "class Done(Structure): _pack_, _fields_ = 1, [('served', c_int)]\n"
        f"Init(4711); rl = Ns3AIRL({POLICY}, Seen, Done)\n"
        "rl.Acquire(); print('here', flush=True); import time; time.sleep(60)\n"
    )
    python = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    command = [folder / "tandem-build" / "turns", "--predictor=0", "--SharedMemoryKey=4711"]
    simulator = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert python.stdout is not None
    assert python.stdout.readline() == b"here\n"
    start = time.monotonic()
    os.kill(python.pid, signal.SIGKILL)
    python.communicate()
    _, errors = simulator.communicate(timeout=30)
    assert simulator.returncode == 3
    assert "Python program has ended" in errors
    assert time.monotonic() - start < 10
