# SPDX-License-Identifier: MIT
"""One connection to a simulator that speaks the Gym interface of ns3-ai or ns3-gym."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, Final, NamedTuple

import gymnasium.spaces

from tandem.bridge.core.descriptors import keep_standard_descriptors
from tandem.bridge.core.documents import parse_json
from tandem.bridge.core.errors import (
    InvalidAction,
    NoEpisode,
    SchemaMismatch,
    SimulatorDied,
    SimulatorTimeout,
    TandemError,
    indent,
)
from tandem.bridge.core.ownership import Owner
from tandem.compat import _duplex
from tandem.compat.launch import Forked, Launched
from tandem.compat.spaces import codec_node, convert_action, make_space

#: Longest wait for a simulator to end after a request to.
END_S: Final = 0.5


class State(NamedTuple):
    """What a simulator publishes at a step; a tuple, because one is made at each step.

    Attributes:
        observation: a value of the observation space, or None if the scenario gave none.
        reward: as the scenario computed it.
        game_over: the scenario said that the episode is over.
        simulation_ended: the simulation has run to its end.
        info: the scenario's extra text.
        simulated_time_s: ns-3's clock.
    """

    observation: Any
    reward: float
    game_over: bool
    simulation_ended: bool
    info: str
    simulated_time_s: float

    @property
    def over(self) -> bool:
        """Whether the episode has ended, for whatever reason."""
        return self.game_over or self.simulation_ended


class GymSession:
    """The channel to one simulator at a time, and the spaces that it declares.

    Args:
        segment: name under which a simulator started by hand finds this session; "" for none.
        block_bytes: least capacity of the channel in bytes, for each direction.
        spaces: the module whose space classes to use.
        timeout_s: longest wait for a simulator's answer; negative: no limit.

    Raises:
        TandemError: there is no shared memory to be had.
    """

    def __init__(
        self,
        segment: str,
        *,
        block_bytes: int = 0,
        spaces: ModuleType = gymnasium.spaces,
        timeout_s: float = -1.0,
    ) -> None:
        self._owner = Owner("this environment")
        keep_standard_descriptors()
        try:
            self._channel = _duplex.GymChannel(segment, block_bytes, convert_action)
        except RuntimeError as error:
            raise TandemError(str(error)) from None
        self._block_bytes = block_bytes
        self._spaces = spaces
        self._timeout_s = timeout_s
        self._launched: Launched | Forked | None = None
        self._connected = False
        self._nodes: list[Any] = [None, None]
        self.observation_space: Any = None
        self.action_space: Any = None
        self.state: State | None = None

    @property
    def fd(self) -> int:
        """The memory that a launched simulator is to inherit."""
        return self._channel.fd

    @property
    def simulator_pid(self) -> int:
        """The simulator's process, 0 while there is none."""
        return self._channel.simulator_pid

    def prepare(self) -> None:
        """Forget the last simulator, so that a new one can connect."""
        self.check_process()
        self._channel.restart()
        self._connected = False
        self.state = None

    def connect(self, launched: Launched | None) -> State:
        """Wait for a simulator's spaces and first observation.

        Args:
            launched: the simulator, if this process has started it.

        Raises:
            SimulatorDied: it ended before its first step.
            SimulatorTimeout: it took longer than ``timeout_s``.
        """
        self._launched = launched
        if launched is not None:
            self._channel.announce(launched.pid)
        kind, *_, text = self._receive("before it described its spaces")
        if kind != _duplex.SPACES:
            raise TandemError("the simulator has another version: rebuild it with tandem build")
        described = parse_json(text, "the description of the spaces")
        self.observation_space, self.action_space = (
            None
            if described[key] is None
            else make_space(described[key], self._spaces, observed=key == "observation")
            for key in ("observation", "action")
        )
        self._nodes = [
            None if described[key] is None else codec_node(described[key])
            for key in ("observation", "action")
        ]
        self._channel.declare_spaces(*self._nodes)
        self._reply(_duplex.GO_ON)
        self._connected = True
        return self._receive_state("before its first observation")

    def step(self, action: Any) -> State:
        """Send an action and wait for the next state.

        Raises:
            NoEpisode: the episode is over or has not begun.
            InvalidAction: the action space cannot hold the action; the simulator still waits.
            SimulatorDied: the simulator ended instead of answering.
            SimulatorTimeout: the answer took longer than ``timeout_s``; the simulator was stopped.
        """
        self._check_running()
        self._reply(_duplex.ACTION, action)
        return self._receive_state("in the middle of a step")

    def branch(self, actions: Sequence[Any]) -> list[State]:
        """What each action would lead to: forked copies of the simulator each try one.

        The simulator itself does not move. Copies run one after another and write no files.

        Raises:
            as :meth:`step`.
        """
        self._check_running()
        return [self._try_branch(action) for action in actions]

    def fork(self) -> GymSession:
        """A session with a copy of the simulator, which goes on from the present state by itself.

        Raises:
            TandemError: the simulator cannot be copied.
            as :meth:`step`.
        """
        self._check_running()
        copy = self._copied(_duplex.FORK)
        copy._receive_state("while it was forked")
        copy.observation_space, copy.action_space = self.observation_space, self.action_space
        if self._launched is not None:
            output = self._launched.output.share()
            copy._launched = Forked(copy.simulator_pid, self._launched.command, output)
        return copy

    def close(self) -> None:
        """End the simulator: ask, and kill it if it does not."""
        self.check_process()
        pid, launched = self.simulator_pid, self._launched
        waiting = self._connected and self.state is not None and not self.state.simulation_ended
        if waiting and (launched is None or launched.alive):
            with suppress(TandemError):
                self._reply(_duplex.STOP)
        if launched is not None:
            launched.wait(END_S)
            launched.stop()
        elif waiting and pid:
            _end_stranger(pid)
        self._connected = False
        self._launched = None

    def _try_branch(self, action: Any) -> State:
        copy = self._copied(_duplex.BRANCH, action)
        state = copy._receive_state("in a branch")
        copy.close()
        return state

    def _copied(self, kind: int, action: Any = None) -> GymSession:
        """A session for a copy of the simulator, which it is asked to make."""
        copy = GymSession(
            "", block_bytes=self._block_bytes, spaces=self._spaces, timeout_s=self._timeout_s
        )
        copy._nodes = self._nodes
        copy._channel.declare_spaces(*self._nodes)
        # The copy replaces this pid by its own; until then its parent's death is what matters.
        copy._channel.announce(self.simulator_pid)
        self._reply(kind, action, f"/proc/{os.getpid()}/fd/{copy.fd}")
        copy._connected = True
        return copy

    def check_process(self) -> None:
        """Do nothing in the process that made the session.

        Raises:
            WrongProcess: in any other one.
        """
        self._owner.check()

    def _check_running(self) -> None:
        self.check_process()
        if not self._connected or self.state is None or self.state.over:
            raise NoEpisode("no episode is running: call reset() first")

    def _reply(self, kind: int, action: Any = None, text: str = "") -> None:
        try:
            if not self._channel.reply(kind, action, text):
                raise self._died("before it took an action")
        except TandemError:
            raise
        except KeyError as error:
            raise InvalidAction(f"the action has no entry {error}") from None
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidAction(f"the action does not fit the action space: {error}") from None

    def _receive_state(self, when: str) -> State:
        kind, flags, reward, time_s, observation, info = self._receive(when)
        if kind != _duplex.STATE:
            raise TandemError("the simulator has another version: rebuild it with tandem build")
        self.state = State(
            observation,
            reward,
            bool(flags & _duplex.GAME_OVER),
            bool(flags & _duplex.SIMULATION_END),
            info,
            time_s,
        )
        return self.state

    def _receive(self, when: str) -> tuple[int, int, float, float, Any, str]:
        try:
            message = self._channel.receive(self._timeout_s)
        except OverflowError as error:
            raise SchemaMismatch(str(error)) from None
        if not isinstance(message, int):
            return message
        if message == _duplex.DIED:
            raise self._died(when)
        pid = self.simulator_pid
        self._connected = False
        last = "(it was started elsewhere)"
        if self._launched is not None:
            last = self._launched.output.tail()
            self._launched.stop()
        raise SimulatorTimeout(
            f"the simulator (process {pid}) did not answer within {self._timeout_s:g} s and was "
            f"stopped; raise timeout_s, or look at its last output:\n{indent(last)}"
        )

    def _died(self, when: str) -> TandemError:
        self._connected = False
        if self.simulator_pid == _duplex.NO_COPY:
            return TandemError(
                "the simulator cannot be copied: it talks to several environments at once, or "
                "there is no room for another process (close other forks, or raise the limits of "
                "processes and memory)"
            )
        what = f"the simulator ended {when}"
        if self._launched is not None:
            return self._launched.died(what)
        return SimulatorDied.report(
            what, None, "(it was started elsewhere)", [f"pid {self.simulator_pid}"]
        )


def _end_stranger(pid: int) -> None:
    """Wait for a simulator that this process did not start; end it if it does not."""
    with suppress(ProcessLookupError, PermissionError):
        pidfd = os.pidfd_open(pid)  # a process that nobody reaps still has its pid
        try:
            if not select.select([pidfd], [], [], END_S)[0]:
                signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        finally:
            os.close(pidfd)
