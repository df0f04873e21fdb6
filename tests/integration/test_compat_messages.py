# SPDX-License-Identifier: MIT
"""Scenarios written for ns3-ai's message interface, with a user's own pybind11 module."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from compat_builds import build, processes_in
from forks import errors_in_a_fork

from tandem.bridge.core.errors import NoEpisode, SimulatorDied, TandemError
from tandem.compat.ns3ai import Experiment
from tandem.scripts.app.migration.forms_bench import measure, summarise

pytest.importorskip("pybind11", reason="pybind11 is not installed")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario and its module, compiled."""
    return build("messages", tmp_path_factory)


@pytest.fixture(scope="session")
def module(folder: Path) -> ModuleType:
    """The user's module."""
    (file,) = folder.glob("messages_py*.so")
    spec = importlib.util.spec_from_file_location("messages_py", file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def experiment(
    folder: Path, module: ModuleType, *, handle_finish: bool = True, **options: Any
) -> Experiment:
    target = str(folder / "tandem-build" / "messages")
    return Experiment(target, folder, module, handle_finish, **options)


def answer_structs(msg: Any) -> list[tuple[float, float, int]]:
    """Play until the simulator's end; returns what it sent."""
    seen: list[tuple[float, float, int]] = []
    while True:
        msg.PyRecvBegin()
        if msg.PyGetFinished():
            return seen
        seen.append(answer_struct(msg, len(seen)))


def answer_struct(msg: Any, turn: int) -> tuple[float, float, int]:
    """Answer what has been received; returns what that was."""
    sent = msg.GetCpp2PyStruct()
    # It lies in shared memory: after the answer the simulator may write the next one there.
    received = sent.a, sent.b, sent.c(0)
    msg.PySendBegin()
    msg.GetPy2CppStruct().sum = sent.a + 0.5
    msg.GetPy2CppStruct().turn = turn
    msg.PyRecvEnd()
    msg.PySendEnd()
    return received


def test_structs_go_to_and_fro_until_the_end(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module)
    assert answer_structs(one.run({"turns": 300}))[-1] == (299.0, 0.0, 299 % 256)
    # the same experiment again: nothing of the first run is left
    assert len(answer_structs(one.run({"turns": 5}))) == 5
    one.kill()
    assert not one.isalive()


def test_vectors_have_the_length_that_python_gave(folder: Path, module: ModuleType) -> None:
    size = 1000  # far beyond 4096 bytes
    one = experiment(folder, module, useVector=True, vectorSize=size)
    msg = one.run({"turns": 4, "vector": 1})
    turn = 0
    while True:
        msg.PyRecvBegin()
        if msg.PyGetFinished():
            break
        sent, answers = msg.GetCpp2PyVector(), msg.GetPy2CppVector()
        assert (len(sent), len(answers)) == (size, size)
        assert [sent[i].b for i in (0, 1, size - 1)] == [0, 0.25, (size - 1) / 4]
        msg.PySendBegin()
        for i in range(size):
            answers[i].turn = turn
        msg.PyRecvEnd()
        msg.PySendEnd()
        turn += 1
    assert turn == 4
    with pytest.raises(ValueError, match="shmSize"):
        msg.GetCpp2PyVector().resize(10**7)
    one.kill()


def test_experiments_of_one_module_do_not_meet(folder: Path, module: ModuleType) -> None:
    first, second = experiment(folder, module), experiment(folder, module)
    a, b = first.run({"turns": 2}), second.run({"turns": 3})
    assert len(answer_structs(b)) == 3
    assert len(answer_structs(a)) == 2
    first.kill()
    second.kill()


def test_a_forked_copy_can_use_neither_experiment_nor_messages(
    folder: Path, module: ModuleType
) -> None:
    one = experiment(folder, module)
    msg = one.run({"turns": 2})
    uses = [msg.PyRecvBegin, msg.PyRecvEnd, msg.PySendBegin, msg.PySendEnd, one.run, one.kill]
    errors = errors_in_a_fork(uses)
    assert len(errors) == len(uses)
    assert all(f"belongs to process {os.getpid()}, which made it" in error for error in errors)
    assert len(answer_structs(msg)) == 2
    one.kill()


@pytest.mark.parametrize(("end", "status"), [("crash", -signal.SIGABRT), ("exit", 7)])
def test_a_dead_simulator_raises_with_its_status(
    folder: Path, module: ModuleType, end: str, status: int
) -> None:
    one = experiment(folder, module)
    with pytest.raises(SimulatorDied) as caught:
        answer_structs(one.run({"end": end}))
    assert caught.value.exit_status == status
    one.kill()


def test_a_simulation_that_does_not_tell_its_end_ends_nevertheless(
    folder: Path, module: ModuleType
) -> None:
    one = experiment(folder, module)
    assert len(answer_structs(one.run({"handleFinish": 0}))) == 3
    with pytest.raises(SimulatorDied, match="exit status 7"):
        answer_structs(one.run({"handleFinish": 0, "end": "exit"}))
    one.kill()


@pytest.mark.parametrize("told", [0, 1])
def test_an_end_that_the_script_does_not_ask_for_says_what_to_do(
    folder: Path, module: ModuleType, told: int
) -> None:
    """Not a death, and not the last message once more."""
    one = experiment(folder, module, handle_finish=False)
    msg = one.run({"handleFinish": told})
    for turn in range(3):
        msg.PyRecvBegin()
        assert answer_struct(msg, turn)[0] == turn
    with pytest.raises(NoEpisode, match=r"(?s)handleFinish=True.*total 4\.5.*--handleFinish"):
        msg.PyRecvBegin()
    one.kill()


def test_what_nobody_will_read_cannot_be_sent(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module, handle_finish=False)
    msg = one.run({"handleFinish": 0, "turns": 1})
    msg.PyRecvBegin()
    answer_struct(msg, 0)
    msg.PySendBegin()  # the simulator took the answer before
    msg.PySendEnd()
    with pytest.raises(NoEpisode, match="the simulation is over"):
        msg.PySendBegin()
    one.kill()


def test_the_wrong_kind_of_use_is_an_error_of_python(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module, handle_finish=False)
    msg = one.run()
    with pytest.raises(RuntimeError, match="handleFinish=True"):
        msg.PyGetFinished()
    with pytest.raises(RuntimeError, match="is one of structs"):
        msg.GetCpp2PyVector()
    one.kill()


def test_a_dead_python_ends_the_simulator(folder: Path, module: ModuleType) -> None:
    script = (
        f"import sys, os; sys.path.insert(0, {str(folder)!r})\n"
        "import messages_py\n"
        "from tandem.compat.ns3ai import Experiment\n"
        f"one = Experiment({str(folder / 'tandem-build' / 'messages')!r}, '.', messages_py, True)\n"
        "one.run().PyRecvBegin()\n"
        "os._exit(5)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 5
    while processes_in(folder):
        time.sleep(0.01)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_reaches_a_waiting_script(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module)
    msg = one.run()
    msg.PyRecvBegin()
    assert one.proc is not None
    os.kill(one.proc.pid, signal.SIGSTOP)
    msg.PyRecvEnd()
    interrupt = ["sh", "-c", f"sleep 0.3; kill -INT {os.getpid()}"]
    with subprocess.Popen(interrupt), pytest.raises(KeyboardInterrupt):
        msg.PyRecvBegin()
    one.kill()


def test_a_simulator_started_by_hand_finds_the_segment_by_name(
    folder: Path, module: ModuleType
) -> None:
    name = f"by-hand-{os.getpid()}"
    msg = module.Ns3AiMsgInterfaceImpl(True, False, True, 4096, name, "", "", "")
    command = [folder / "tandem-build" / "messages", f"--segment={name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        assert len(answer_structs(msg)) == 3
        assert simulator.communicate()[0] == "total 4.5\n"
        assert simulator.returncode == 0


@contextmanager
def stranger(folder: Path, name: str) -> Iterator[None]:
    """Another script that offers a segment, and ends with the first simulator that joins it."""
    script = (
        f"import sys, os; sys.path.insert(0, {str(folder)!r})\n"
        "import messages_py\n"
        f"msg = messages_py.Ns3AiMsgInterfaceImpl(True, False, True, 4096, {name!r}, '', '', '')\n"
        "print('offered', flush=True)\n"
        "msg.PyRecvBegin()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"offered\n"
        yield
        assert other.poll() is None  # nobody has joined it
        other.kill()


def test_a_launched_simulator_stays_with_its_script(folder: Path, module: ModuleType) -> None:
    name = f"taken-{os.getpid()}"
    one = experiment(folder, module)  # as "My Seg", while its scenario says `name`
    with stranger(folder, name):
        assert len(answer_structs(one.run({"segment": name}))) == 3
        one.kill()


def test_a_scripts_second_segment_comes_before_a_strangers(
    folder: Path, module: ModuleType
) -> None:
    name = f"second-{os.getpid()}"
    mine = module.Ns3AiMsgInterfaceImpl(True, False, False, 4096, name, "", "", "")
    one = experiment(folder, module)
    with stranger(folder, name):
        msg = one.run({"second": name})
        assert len(answer_structs(msg)) == 3
        mine.PyRecvBegin()  # sent before the others
        assert mine.GetCpp2PyStruct().a == 42
        one.kill()


def test_memory_without_a_name_is_found_by_nobody(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module)  # its memory has no name
    result = subprocess.run(
        [folder / "tandem-build" / "messages", "--segment=-"],
        env={**os.environ, "TANDEM_WAIT_S": "0.2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, one.isalive()) == (3, False)
    assert "no Python program offers segment" in result.stderr


def test_unsigned_fields_are_pythons_numbers(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module)
    msg = one.run()
    msg.PyRecvBegin()
    count = msg.GetCpp2PyStruct().c(0)  # a uint8_t
    assert (type(count), count - 300) == (int, -300)
    one.kill()


def test_disagreeing_sides_say_what_about(folder: Path, module: ModuleType) -> None:
    one = experiment(folder, module)
    msg = one.run({"vector": 1})
    with pytest.raises(SimulatorDied, match="disagree on the kind of interface"):
        msg.PyRecvBegin()
    one.kill()


def test_vectors_without_a_size_are_refused(folder: Path, module: ModuleType) -> None:
    with pytest.raises(TandemError, match="vectorSize"):
        experiment(folder, module, useVector=True)


@pytest.mark.slow
def test_the_bench_plays_every_form() -> None:
    rates = measure(trips=2000, repeats=2)  # the simulator checks every sum
    assert [len(values) for values in rates.values()] == [2] * 4
    forms = summarise(rates)
    assert [form for form, _, _ in forms] == list(rates)
    assert forms[-1][2] == 1.0  # native, relative to itself
