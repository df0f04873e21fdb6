# SPDX-License-Identifier: MIT
"""The Python side of ns3-ai 1.x: ``py_interface`` with ``Ns3AIRL``, ``Ns3AIDL``, ``Experiment``.

Structs of ctypes lie in one block of memory for each id, which simulator and Python write by turns.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.descriptors import keep_standard_descriptors
from tandem.bridge.core.errors import SimulatorDied, TandemError
from tandem.compat import _duplex
from tandem.compat.launch import Launched, raise_died
from tandem.compat.ns3ai import simulator_command

#: The key of a pool when none is given, the same as ns3-ai's.
DEFAULT_KEY: Final = 1234
#: Of a wait for a process without a limit: subprocess takes no infinite one.
_LONG_S: Final = 3600.0


class _Pool:
    """The blocks of this process, by their ids; they outlive the objects that use them."""

    def __init__(self) -> None:
        self.key = DEFAULT_KEY
        self.blocks: dict[int, tuple[int, _duplex.TurnBlock]] = {}

    def block(self, uid: int, size_bytes: int) -> _duplex.TurnBlock:
        """The block of this id, made if there is none of this size."""
        known = self.blocks.get(uid)
        if known is None or known[0] != size_bytes:
            self.drop(uid)
            keep_standard_descriptors()
            try:
                block = _duplex.TurnBlock(f"ns3-ai 1.x {self.key}/{uid}", size_bytes)
            except RuntimeError as error:
                raise TandemError(str(error)) from None
            self.blocks[uid] = size_bytes, block
        return self.blocks[uid][1]

    def drop(self, *uids: int) -> None:
        """Forget blocks, so that no simulator finds them."""
        for uid in uids:
            if uid in self.blocks:
                _, block = self.blocks.pop(uid)
                block.withdraw()

    def restart(self) -> None:
        """Empty all blocks for the next simulator."""
        for _, block in self.blocks.values():
            block.restart()

    def announce(self, pid: int) -> None:
        """Tell all blocks who their simulator is, so that its death is noticed."""
        for _, block in self.blocks.values():
            block.announce(pid)


_pool: Final = _Pool()


def Init(shmKey: int = DEFAULT_KEY, memSize: int = 0) -> None:
    """Choose the key by which simulators that are started by hand find this program.

    Args:
        shmKey: their ``SharedMemoryKey``; 1234 if none is given there.
        memSize: taken for compatibility: each block has its own memory.
    """
    if shmKey != _pool.key:
        FreeMemory()
    _pool.key = shmKey


def FreeMemory() -> None:
    """Forget all blocks."""
    _pool.drop(*_pool.blocks)


def Reset() -> None:
    """Empty all blocks for the next simulator."""
    _pool.restart()


def ResetAll() -> None:
    """As ``Reset``."""
    Reset()


class EmptyInfo(ctypes.Structure):
    """A placeholder where a scenario has nothing else to tell."""

    _pack_ = 1
    _fields_ = (("unused", ctypes.c_uint8),)


class _Turns:
    """A block that Python reads and writes while it is its turn.

    As a context manager it gives the structs, or ``None`` once the simulation is over.
    """

    def __init__(self, uid: int, fields: list[tuple[str, type[Any]]]) -> None:
        for name, kind in fields:
            if not issubclass(kind, ctypes.Structure):
                raise TandemError(f"the type of '{name}' is {kind}; give a ctypes.Structure")
        layout = {"_pack_": 1, "_fields_": [*fields, ("isFinish", ctypes.c_bool)]}
        storage: Any = type("StorageType", (ctypes.Structure,), layout)
        self.type = storage
        self.m_id = uid
        self._block = _pool.block(uid, ctypes.sizeof(storage))
        self.m_obj: Any = storage.from_address(self._block.address)
        self.finished = False
        self.mod = 2
        self.res = 1

    def GetVersion(self) -> int:
        """How often the block was handed over, modulo 256."""
        return self._block.version

    def isFinish(self) -> bool:
        """Whether the simulator has said that it is done, or has ended."""
        return self.finished or self._block.finished

    def SetCond(self, mod: int, res: int) -> None:
        """It is Python's turn when the version divided by ``mod`` leaves ``res``."""
        self.mod, self.res = mod, res

    def Acquire(self) -> Any:
        """The structs, at Python's turn; ``None`` once the simulation is over.

        Raises:
            SimulatorDied: the simulator failed.
        """
        outcome = self._block.wait(self.mod, self.res)
        if outcome == _duplex.DIED and not raise_died(self._block.simulator_pid, handled=True):
            raise SimulatorDied(
                f"the simulator (process {self._block.simulator_pid}) has ended; where it was "
                "started it says why"
            )
        self.finished = outcome != 1
        return None if self.finished else self.m_obj

    def Release(self) -> None:
        """Let the simulator have the structs."""
        self._block.hand_over()

    def ReleaseAndRollback(self) -> None:
        """Let go of the structs; it stays Python's turn."""

    def __enter__(self) -> Any:
        return self.Acquire()

    def __exit__(self, *_: object) -> None:
        if not self.finished:
            self.Release()


class Ns3AIRL(_Turns):
    """The interface of reinforcement learning.

    Args:
        uid: the same as in the scenario.
        EnvType: what is seen; field ``env`` of the structs. All types have ``_pack_ = 1``.
        ActType: what is done; ``act``.
        ExtInfo: anything else; ``ext``.

    Raises:
        TandemError: a type is no ctypes.Structure.
    """

    def __init__(
        self, uid: int, EnvType: type[Any], ActType: type[Any], ExtInfo: type[Any] = EmptyInfo
    ) -> None:
        self.envType, self.actType, self.extInfo = EnvType, ActType, ExtInfo
        super().__init__(uid, [("env", EnvType), ("act", ActType), ("ext", ExtInfo)])


class Ns3AIDL(_Turns):
    """The interface of supervised learning.

    Args:
        uid: the same as in the scenario.
        FeatureType: field ``feat`` of the structs. All types have ``_pack_ = 1``.
        PredictedType: ``pred``.
        TargetType: ``tar``.
        ExtInfo: anything else; ``ext``.

    Raises:
        TandemError: a type is no ctypes.Structure.
    """

    def __init__(
        self,
        uid: int,
        FeatureType: type[Any],
        PredictedType: type[Any],
        TargetType: type[Any],
        ExtInfo: type[Any] = EmptyInfo,
    ) -> None:
        self.featureType, self.predictedType = FeatureType, PredictedType
        self.targetType, self.extInfo = TargetType, ExtInfo
        super().__init__(
            uid,
            [("feat", FeatureType), ("pred", PredictedType), ("tar", TargetType), ("ext", ExtInfo)],
        )


class Process:
    """A simulator that runs: the part of ``subprocess.Popen`` that scripts use."""

    def __init__(self, launched: Launched) -> None:
        self._launched = launched
        self.pid = launched.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, or ``None`` while it runs."""
        return self.poll()

    def poll(self) -> int | None:
        """The exit status, or ``None`` while it runs."""
        return None if self._launched.alive else self._launched.exit_status()

    def wait(self, timeout: float = math.inf) -> int | None:
        """Wait for the end; returns the exit status, or ``None`` after ``timeout`` seconds."""
        while not self._launched.wait(min(timeout, _LONG_S)):
            timeout -= _LONG_S
            if timeout <= 0:
                return None
        return self.poll()

    def kill(self) -> None:
        """End it."""
        self._launched.stop()


class Experiment:
    """Starts simulators, one at a time.

    Args:
        shmKey: as in ``Init``.
        memSize: taken for compatibility.
        programName: the simulator: a target that ``tandem build --compat`` built, or a path.
        path: the ns-3 tree, if there is one.
        using_waf: taken for compatibility: nothing is built here.
    """

    def __init__(
        self,
        shmKey: int,
        memSize: int,
        programName: str,
        path: str | os.PathLike[str],
        using_waf: bool = True,
    ) -> None:
        Init(shmKey, memSize)
        self.programName = programName
        self.path = path
        self.proc: Process | None = None
        self._folder = Path.cwd()

    def run(self, setting: Mapping[str, Any] | None = None, show_output: bool = False) -> Process:
        """Start the simulator, ending the one before. Blocks are emptied.

        Args:
            setting: its command-line arguments.
            show_output: let it write to this process's output.

        Raises:
            ScenarioNotFound: there is no such executable.
        """
        self.kill()
        command, folder = simulator_command(self.programName, self.path, setting, self._folder)
        _pool.restart()
        launched = Launched(
            command,
            None,
            "",
            global_values={"SharedMemoryKey": str(_pool.key)},
            show_output=show_output,
            cwd=folder,
        )
        _pool.announce(launched.pid)
        self.proc = Process(launched)
        return self.proc

    def reset(self) -> None:
        """End the simulator and empty all blocks."""
        self.kill()
        Reset()

    def kill(self) -> None:
        """End the simulator if it runs."""
        if self.proc is not None:
            self.proc.kill()
        self.proc = None

    def isalive(self) -> bool:
        """Whether the simulator runs."""
        return self.proc is not None and self.proc.poll() is None
