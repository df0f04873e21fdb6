# SPDX-License-Identifier: MIT
"""The Python side of ns3-gym: ``Ns3Env`` with the old Gym's return values.

``from tandem.compat.ns3gym import ns3env`` gives a module with the same class, so that
``ns3env.Ns3Env(...)`` works as it stands in scripts.
"""

from __future__ import annotations

import copy
import importlib
import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import gymnasium
import gymnasium.spaces

from tandem.bridge.core.errors import NoEpisode, TandemError
from tandem.compat.launch import Launched, find_executable, only_executable
from tandem.compat.session import GymSession, State

#: Largest seed that is drawn when none is given; ns-3's run number is unsigned.
_MAX_SEED: Final = 2**32 - 1
#: Numbers for environments that do not care about their port; nothing is bound.
_ports = itertools.count(5001)


def _old_gym() -> ModuleType | None:
    """The old gym package, if the script has imported it: then its spaces are wanted."""
    return sys.modules.get("gym")


def _base_class() -> type:
    gym = _old_gym()
    base: type = gymnasium.Env if gym is None else gym.Env
    return base


class Ns3Env(_base_class()):  # type: ignore[misc]
    """A scenario with an ``OpenGymInterface``, with ns3-gym's arguments and return values.

    ``reset()`` returns the observation, ``step()`` a tuple (observation, reward, done, info) whose
    info is the scenario's text.

    Args:
        stepTime: taken for compatibility; a scenario takes it as an argument of its own.
        port: the number of this environment among several; the simulator gets it as
            ``--openGymPort``. No network is used. 0 takes a free number.
        startSim: start the simulator; false: wait for one that is started by hand with this port.
        simSeed: passed as ``--simSeed``; 0 draws one. Later resets count up from it.
        simArgs: further arguments, with their dashes: ``{"--simTime": 20}``.
        debug: let the simulator write to this process's output.
        simulator: its name or path; default: the working folder's name, as in ns3-gym, or the
            only simulator that was built there.
        sameSeed: true: every reset uses the same seed again, as ns3-gym does.

    Raises:
        ScenarioNotFound: there is no such executable.
        TandemError: no port for a simulator started by hand.
        SimulatorDied: the simulator ended before its first step.
    """

    metadata: dict[str, Any] = {"render_modes": [], "render.modes": []}  # noqa: RUF012

    def __init__(
        self,
        stepTime: float = 0,
        port: int = 0,
        startSim: bool = True,
        simSeed: int = 0,
        simArgs: Mapping[str, Any] | None = None,
        debug: bool = False,
        *,
        simulator: str | os.PathLike[str] | None = None,
        sameSeed: bool = False,
    ) -> None:
        if int(port) == 0 and not startSim:
            raise TandemError(
                "port=0 with startSim=False: give the port that the simulator is started with"
            )
        self.stepTime = stepTime
        self.port = int(port) or next(_ports)
        self.startSim = startSim
        self.simSeed = int(simSeed) or int.from_bytes(os.urandom(4), "little") % _MAX_SEED + 1
        self.simArgs = dict(simArgs or {})
        self.debug = debug
        self._folder = Path.cwd()
        self._simulator = simulator
        self._same_seed = sameSeed
        self._is_fork = False
        gym = _old_gym()
        spaces = gymnasium.spaces if gym is None else importlib.import_module("gym.spaces")
        name = "" if startSim else f"gym-{self.port}"
        self._session = GymSession(name, spaces=spaces)
        self.envDirty = False
        self._start()

    def reset(self, **_options: Any) -> Any:
        """Start a new simulation, unless none has begun; returns the first observation."""
        self._session.check_process()
        if self.envDirty:
            self._session.close()
            if not self._same_seed:
                self.simSeed = self.simSeed % _MAX_SEED + 1
            self._start()
        return self._current().observation

    def step(self, action: Any) -> tuple[Any, float, bool, Any]:
        """One step: (observation, reward, done, info).

        Raises:
            NoEpisode: the episode is over.
            InvalidAction: the action does not fit the action space.
            SimulatorDied: the simulator ended instead.
        """
        self.envDirty = True
        self._session.step(action)
        return self.get_state()

    def branch(self, actions: Sequence[Any]) -> list[tuple[Any, float, bool, Any]]:
        """What ``step`` would return for each action; the simulation does not move."""
        return [_result(state) for state in self._session.branch(actions)]

    def fork(self) -> Ns3Env:
        """An environment of its own that goes on from the present state of the simulation.

        It steps, branches and forks as this one does, and neither notices how the other goes on or
        ends. Close it by itself. ``reset`` of a fork starts a simulator of its own, unless this one
        waits for simulators that are started by hand. A fork writes no files.

        Raises:
            NoEpisode: the episode is over.
            TandemError: the simulator cannot be copied; the message says why.
        """
        twin = copy.copy(self)
        twin._is_fork = True
        twin._session = self._session.fork()
        twin.simArgs = dict(self.simArgs)
        twin.observation_space = copy.deepcopy(self.observation_space)
        twin.action_space = copy.deepcopy(self.action_space)
        return twin

    def get_state(self) -> tuple[Any, float, bool, Any]:
        """What the last step returned."""
        return _result(self._current())

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Set the seed of the next simulation."""
        if seed is not None:
            self.simSeed = int(seed)
        return [seed]

    def render(self, mode: str = "human") -> None:
        """Nothing to see: scenarios show themselves by ns-3's means."""

    def get_random_action(self) -> Any:
        """A random action."""
        return self.action_space.sample()

    def close(self) -> None:
        """End the simulator."""
        self._session.close()

    def _start(self) -> None:
        if self._is_fork and not self.startSim:
            raise NoEpisode(
                "a fork of an environment that waits for simulators started by hand has no "
                "simulator to begin with: reset the environment that it comes from"
            )
        self._session.prepare()
        launched = None
        if self.startSim:
            arguments = [f"--openGymPort={self.port}", f"--simSeed={self.simSeed}"]
            arguments += [f"{key}={value}" for key, value in self.simArgs.items()]
            launched = Launched(
                [str(self._executable()), *arguments],
                self._session.fd,
                f"gym-{self.port}",
                global_values={"RngRun": str(self.simSeed)},
                show_output=self.debug,
                cwd=self._folder,
            )
        else:
            print(f"waiting for a simulator with --openGymPort={self.port}", flush=True)
        self._session.connect(launched)
        self.action_space = self._session.action_space
        self.observation_space = self._session.observation_space
        self.envDirty = False

    def _executable(self) -> Path:
        folder = self._folder
        if self._simulator is not None:
            name = os.fspath(self._simulator)
            return find_executable(str(folder / name) if os.sep in name else name, folder)
        try:
            return find_executable(folder.name, folder)
        except TandemError:
            only = only_executable(folder)
            if only is None:
                raise
            return find_executable(only, folder)

    def _current(self) -> State:
        if self._session.state is None:
            raise NoEpisode("the environment is closed")
        return self._session.state


def _result(state: State) -> tuple[Any, float, bool, Any]:
    # ns3-gym gives an empty dict for an empty text
    return state.observation, state.reward, state.over, state.info or {}


def register() -> None:
    """Register ``ns3-v0`` with the old gym, if the script has imported it, and with Gymnasium."""
    gym = _old_gym()
    if gym is not None:
        registration = importlib.import_module("gym.envs.registration")
        if "ns3-v0" not in getattr(registration, "registry", {}):
            registration.register(
                id="ns3-v0",
                entry_point="tandem.compat.ns3gym:Ns3Env",
                disable_env_checker=True,
                order_enforce=False,
            )


ns3env = sys.modules[__name__]
register()
