# SPDX-License-Identifier: MIT
"""What a round trip costs in ns3-ai's forms and natively: adding two numbers in Python."""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import gymnasium
import numpy as np

import tandem.compat.ns3ai
from tandem.scripts.app.common.toolchain import BuildError
from tandem.scripts.app.migration.build import build_compat

_SOURCES: Final = Path(__file__).resolve().parent / "forms"
_ROUND_TRIPS: Final = 20_000
_REPEATS: Final = 5
_VECTOR_SIZE: Final = 3

#: One timed loop: seconds for a number of round trips.
Loop = Callable[[int], float]


def measure(trips: int = _ROUND_TRIPS, repeats: int = _REPEATS) -> dict[str, list[float]]:
    """Round trips per second of each form; all run in turns, so that their ratios hold.

    Args:
        trips: round trips in a turn.
        repeats: turns.

    Raises:
        BuildError: the forms cannot be compiled here.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tandem-")))
        shutil.copytree(_SOURCES, folder / "forms")
        for built in build_compat(folder / "forms", []):
            if built.error:
                raise BuildError(built.error)
        simulator = str(folder / "forms" / "tandem-build" / "forms")
        module = _load(next((folder / "forms").glob("forms_py*.so")))
        loops = {
            "struct, as in ns3-ai": stack.enter_context(_struct(simulator, module)),
            f"vector of {_VECTOR_SIZE}, as in ns3-ai": stack.enter_context(
                _vector(simulator, module)
            ),
            "Gym, as in ns3-ai": stack.enter_context(_gym(simulator)),
            "native environment": stack.enter_context(_native()),
        }
        rates: dict[str, list[float]] = {name: [] for name in loops}
        for _ in range(repeats):
            for name, loop in loops.items():
                rates[name].append(trips / loop(trips))
    return rates


def summarise(rates: dict[str, list[float]]) -> list[tuple[str, float, float]]:
    """(form, median round trips/s, median ratio to the native environment of the same turn)."""
    native = rates["native environment"]
    return [
        (
            name,
            statistics.median(values),
            statistics.median(one / base for one, base in zip(values, native, strict=True)),
        )
        for name, values in rates.items()
    ]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("forms_py", path)
    if spec is None or spec.loader is None:
        raise BuildError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _struct(simulator: str, module: ModuleType) -> Iterator[Loop]:
    experiment = tandem.compat.ns3ai.Experiment(simulator, ".", module, handleFinish=True)
    msg = experiment.run({"form": "struct"})

    def loop(trips: int) -> float:
        start = time.perf_counter()
        for _ in range(trips):
            msg.PyRecvBegin()
            sent = msg.GetCpp2PyStruct()
            total = sent.a + sent.b
            msg.PyRecvEnd()
            msg.PySendBegin()
            msg.GetPy2CppStruct().c = total
            msg.PySendEnd()
        return time.perf_counter() - start

    yield loop
    experiment.kill()


@contextmanager
def _vector(simulator: str, module: ModuleType) -> Iterator[Loop]:
    experiment = tandem.compat.ns3ai.Experiment(
        simulator, ".", module, handleFinish=True, useVector=True, vectorSize=_VECTOR_SIZE
    )
    msg = experiment.run({"form": "vector"})

    def loop(trips: int) -> float:
        start = time.perf_counter()
        for _ in range(trips):
            msg.PyRecvBegin()
            msg.PySendBegin()
            for i in range(len(msg.GetCpp2PyVector())):
                sent = msg.GetCpp2PyVector()[i]
                msg.GetPy2CppVector()[i].c = sent.a + sent.b
            msg.PyRecvEnd()
            msg.PySendEnd()
        return time.perf_counter() - start

    yield loop
    experiment.kill()


@contextmanager
def _gym(simulator: str) -> Iterator[Loop]:
    env = gymnasium.make(
        tandem.compat.ns3ai.STRICT_ID, targetName=simulator, ns3Settings={"form": "gym"}
    )
    env.reset()
    seen = [env.unwrapped.reset()[0]]
    step = env.unwrapped.step

    def loop(trips: int) -> float:
        observation: Any = seen[0]
        start = time.perf_counter()
        for _ in range(trips):
            observation = step([int(observation[0]) + int(observation[1])])[0]
        seen[0] = observation
        return time.perf_counter() - start

    yield loop
    env.close()


@contextmanager
def _native() -> Iterator[Loop]:
    env = gymnasium.make(
        "tandem/Custom-v0", scenario="echo", values=2, epochs=0, disable_env_checker=True
    ).unwrapped
    observation, _ = env.reset(seed=1)
    seen = [observation["values"]]
    action = np.zeros(2)

    def loop(trips: int) -> float:
        values = seen[0]
        start = time.perf_counter()
        for _ in range(trips):
            action[0] = (values[0] + values[1]) % _VECTOR_SIZE
            values = env.step(action)[0]["values"]
        seen[0] = values
        return time.perf_counter() - start

    yield loop
    env.close()
