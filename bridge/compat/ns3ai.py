# SPDX-License-Identifier: MIT
"""The Python side of ns3-ai: ``Experiment`` and the environment ``ns3ai_gym_env/Ns3-v0``."""

from __future__ import annotations

import contextlib
import copy
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import gymnasium

from tandem.bridge.core.descriptors import keep_standard_descriptors
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.ownership import Owner
from tandem.bridge.core.schema import check_seed
from tandem.compat import _duplex
from tandem.compat.launch import Launched, find_executable
from tandem.compat.session import END_S, GymSession, State

#: The segment's name when none is given, the same as ns3-ai's.
SEGMENT: Final = "My Seg"
#: The id that scripts for ns3-ai use: an episode's end is always `terminated`.
LEGACY_ID: Final = "ns3ai_gym_env/Ns3-v0"
#: The same environment with Gymnasium's meaning of `terminated` and `truncated`.
STRICT_ID: Final = "tandem/OpenGym-v0"


def simulator_command(
    target: str,
    ns3_path: str | os.PathLike[str],
    settings: Mapping[str, Any] | None,
    start: Path,
) -> tuple[list[str], Path]:
    """Command line and working folder of a build target.

    ``ns3Path`` is where ns-3 lies for ns3-ai; simulators run there if it is an ns-3 tree. Here
    they are found from the script's own folder upwards, and from ``ns3Path``. Relative paths are
    meant from ``start``, the working folder when the script named them.
    """
    if os.sep in target:
        target = str(start / target)
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    places = [start, *([Path(script).resolve().parent] if script else []), start / ns3_path]
    executable = None
    for place in places:
        with contextlib.suppress(TandemError):
            executable = find_executable(target, place)
            break
    if executable is None:
        executable = find_executable(target, start)
    tree = (start / ns3_path).resolve()
    folder = tree if (tree / "ns3").is_file() else start
    arguments = [f"--{key}={value}" for key, value in (settings or {}).items()]
    return [str(executable), *arguments], folder


class Experiment:
    """A simulator and the message interface that connects it, as in ``ns3ai_utils``.

    Several may live in one process, also of the same module. Their memory has no name, so nothing
    collides or stays behind.

    Args:
        targetName: the simulator: a target that ``tandem build --compat`` built, or a path.
        ns3Path: the ns-3 tree, if there is one; the working folder is left alone.
        msgModule: the user's pybind11 module.
        handleFinish: the simulator reports its end.
        useVector: vectors instead of structs.
        vectorSize: their length.
        shmSize: least memory in bytes for each direction; 64 MiB are there anyhow.
        segName: the segment's name, as in the scenario's ``SetNames``.
        cpp2pyMsgName: taken for compatibility; a segment has its own names.
        py2cppMsgName: as ``cpp2pyMsgName``.
        lockableName: as ``cpp2pyMsgName``.

    Raises:
        TandemError: vectors without a size.
    """

    def __init__(
        self,
        targetName: str,
        ns3Path: str | os.PathLike[str],
        msgModule: ModuleType,
        handleFinish: bool = False,
        useVector: bool = False,
        vectorSize: int | None = None,
        shmSize: int = 4096,
        segName: str = SEGMENT,
        cpp2pyMsgName: str = "My Cpp to Python Msg",
        py2cppMsgName: str = "My Python to Cpp Msg",
        lockableName: str = "My Lockable",
    ) -> None:
        self._owner = Owner("this experiment")
        self.proc: Launched | None = None
        self.simCmd: str | None = None
        self._fd = -1
        if useVector and vectorSize is None:
            raise TandemError("useVector=True needs vectorSize, the length of the vectors")
        self.targetName = targetName
        self.ns3Path = ns3Path
        self.msgModule = msgModule
        self.segName = segName
        self._folder = Path.cwd()
        keep_standard_descriptors()
        try:
            self._fd = _duplex.offer_memory("")
        except RuntimeError as error:
            raise TandemError(str(error)) from None
        self.msgInterface = msgModule.Ns3AiMsgInterfaceImpl(
            True,
            useVector,
            handleFinish,
            shmSize,
            f"fd:{self._fd}",
            cpp2pyMsgName,
            py2cppMsgName,
            lockableName,
        )
        if useVector:
            self.msgInterface.GetCpp2PyVector().resize(vectorSize)
            self.msgInterface.GetPy2CppVector().resize(vectorSize)

    def run(
        self,
        setting: Mapping[str, Any] | None = None,
        show_output: bool = False,
        seed: int | None = None,
    ) -> Any:
        """Start the simulator, ending the one before.

        Args:
            setting: its command-line arguments.
            show_output: let it write to this process's output.
            seed: ns-3's run number, unless the scenario sets its own.

        Returns:
            The message interface.

        Raises:
            ScenarioNotFound: there is no such executable.
            RuntimeError: the module was not built by ``tandem build --compat``.
        """
        self._owner.check()
        if seed is not None:
            check_seed(seed)
        self.kill()
        command, folder = simulator_command(self.targetName, self.ns3Path, setting, self._folder)
        _duplex.restart_segment(self._fd)
        self.proc = Launched(
            command,
            self._fd,
            self.segName,
            global_values=None if seed is None else {"RngRun": str(seed)},
            show_output=show_output,
            cwd=folder,
        )
        _duplex.announce_simulator(self._fd, self.proc.pid)
        self.simCmd = " ".join(command)
        return self.msgInterface

    def kill(self) -> None:
        """End the simulator if it runs; one that has finished may write out what it has."""
        self._owner.check()
        if self.proc is not None:
            if _duplex.is_finished(self._fd):
                self.proc.wait(END_S)
            self.proc.stop()
        self.proc = None
        self.simCmd = None

    def isalive(self) -> bool:
        """Whether the simulator runs."""
        return self.proc is not None and self.proc.alive

    def __del__(self) -> None:
        if self._owner.here:
            self.kill()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Ns3Env(gymnasium.Env[Any, Any]):
    """A scenario with an ``OpenGymInterface`` as a Gymnasium environment.

    Args:
        targetName: the simulator: a target that ``tandem build --compat`` built, or a path.
        ns3Path: the ns-3 tree, if there is one.
        ns3Settings: the simulator's command-line arguments; every reset uses them again.
        shmSize: least memory in bytes for each direction; 64 MiB are there anyhow.
        seedSetting: the argument that takes the seed; default: ``simSeed`` if it is among the
            settings. ns-3's run number is set to the seed in any case.
        strictEnds: true: the end of the simulation is `truncated` alone, a game over `terminated`
            alone, as Gymnasium defines them. False: every end is `terminated`, as scripts for
            ns3-ai expect, and `truncated` marks the end of the simulation.
        sameSeed: true: resets without a seed repeat the episode. False: each counts the seed up,
            and the first episode is the scenario's own.
        show_output: let the simulator write to this process's output.
        timeout_s: longest wait for a step; negative: no limit.

    Raises:
        ScenarioNotFound: there is no such executable.
        SimulatorDied: the simulator ended before its first step; the message has its output.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # gymnasium declares it so

    def __init__(
        self,
        targetName: str,
        ns3Path: str | os.PathLike[str] = ".",
        ns3Settings: Mapping[str, Any] | None = None,
        shmSize: int = 4096,
        *,
        seedSetting: str | None = None,
        strictEnds: bool = False,
        sameSeed: bool = False,
        show_output: bool = False,
        timeout_s: float = -1.0,
    ) -> None:
        self._folder = Path.cwd()
        self._target = targetName
        self._ns3_path = ns3Path
        self._settings = dict(ns3Settings or {})
        default = "simSeed" if "simSeed" in self._settings else None
        self._seed_setting = seedSetting or default
        self._strict_ends = strictEnds
        self._same_seed = sameSeed
        self._seed: int | None = None
        self._show_output = show_output
        self._fresh = False
        self._session = GymSession("", block_bytes=shmSize, timeout_s=timeout_s)
        try:
            self._start()
        except BaseException:
            self._session.close()
            raise
        self.observation_space = self._session.observation_space
        self.action_space = self._session.action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start a new simulation with the same settings.

        Args:
            seed: of this simulation; later ones count up from it. The same seed gives the same
                episode.
            options: none are known.
        """
        self._session.check_process()
        if seed is not None:
            check_seed(seed)
        super().reset(seed=seed)
        if seed is not None:
            self._seed = seed
        if not self._fresh or seed is not None:
            if seed is None and not self._same_seed:
                self._seed = self._next_seed()
            self._session.close()
            self._start()
        self._fresh = False
        state = self._current()
        return state.observation, self._info(state)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step of the scenario; see `strictEnds` for the flags.

        Raises:
            NoEpisode: the episode is over.
            InvalidAction: the action does not fit the action space.
            SimulatorDied: the simulator ended instead.
        """
        self._fresh = False
        return self._result(self._session.step(action))

    def branch(self, actions: Sequence[Any]) -> list[tuple[Any, float, bool, bool, dict[str, Any]]]:
        """What ``step`` would return for each action; the simulation does not move."""
        return [self._result(state) for state in self._session.branch(actions)]

    def fork(self) -> Ns3Env:
        """An environment of its own that goes on from the present state of the simulation.

        It steps, branches and forks as this one does, and neither notices how the other goes on or
        ends. Close it by itself. ``reset`` of a fork starts a simulator of its own. A fork writes
        no files.

        Raises:
            NoEpisode: the episode is over.
            TandemError: the simulator cannot be copied; the message says why.
        """
        twin = copy.copy(self)
        twin._session = self._session.fork()
        twin._settings = dict(self._settings)
        twin._np_random = copy.deepcopy(self._np_random)
        twin.observation_space = copy.deepcopy(self.observation_space)
        twin.action_space = copy.deepcopy(self.action_space)
        return twin

    def render(self) -> None:
        """Nothing to see: scenarios show themselves by ns-3's means."""

    def get_random_action(self) -> Any:
        """A random action, as ns3-ai's environment offers it."""
        return self.action_space.sample()

    def close(self) -> None:
        """End the simulator."""
        self._session.close()

    def _next_seed(self) -> int:
        if self._seed is not None:
            return self._seed + 1
        given = str(self._settings.get(self._seed_setting or "", ""))
        return (int(given) if given.isdigit() else 1) + 1

    def _start(self) -> None:
        globals_: dict[str, str] = {}
        if self._seed is not None:
            globals_ = {"RngRun": str(self._seed)}
            if self._seed_setting:
                self._settings[self._seed_setting] = self._seed
        command, folder = simulator_command(
            self._target, self._ns3_path, self._settings, self._folder
        )
        self._session.prepare()
        launched = Launched(
            command,
            self._session.fd,
            SEGMENT,
            global_values=globals_,
            show_output=self._show_output,
            cwd=folder,
        )
        self._session.connect(launched)
        self._fresh = True

    def _current(self) -> State:
        if self._session.state is None:
            raise TandemError("the environment is closed")
        return self._session.state

    def _result(self, state: State) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        ended = state.game_over if self._strict_ends else state.over
        truncated = state.simulation_ended and not state.game_over
        return state.observation, state.reward, ended, truncated, self._info(state)

    @staticmethod
    def _info(state: State) -> dict[str, Any]:
        # ns3-ai gives an empty dict for an empty text
        return {"info": state.info or {}, "simulated_time_s": state.simulated_time_s}


def register() -> None:
    """Register both Gymnasium ids; harmless when called twice, and a real ns3-ai's id stays."""
    for identifier, strict in ((LEGACY_ID, False), (STRICT_ID, True)):
        if identifier not in gymnasium.registry:
            gymnasium.register(
                id=identifier,
                entry_point="tandem.compat.ns3ai:Ns3Env",
                disable_env_checker=True,
                kwargs={"strictEnds": strict, "show_output": not strict},
            )


register()
