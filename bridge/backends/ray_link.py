# SPDX-License-Identifier: MIT
"""One simulator in a Ray actor."""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.backend import SimulatorOptions
from tandem.bridge.core.errors import SimulatorLost, TandemError
from tandem.bridge.core.frame import Frame
from tandem.bridge.core.local import LocalBackend
from tandem.bridge.core.packages import require
from tandem.bridge.core.schema import Schema
from tandem.bridge.core.simulator import Simulator

#: Names a cluster.
ADDRESS_VARIABLE: Final = "RAY_ADDRESS"
#: Without it. Ray by itself would join any cluster whose head was started on this machine, also
#: another user's.
OWN_CLUSTER: Final = "local"
#: Its head node has so long to take a connection. Ray itself would try for minutes.
ANSWER_TIMEOUT_S: Final = 10.0


class ActorLost(SimulatorLost):
    """A simulator's Ray actor was lost: its process was killed or its machine failed."""


class SimulatorHost:
    """What runs in the actor: a local simulator, called from another process."""

    def __init__(self) -> None:
        self._simulator: Simulator | None = None

    def open(
        self, scenario: str, arguments: dict[str, Any], options: SimulatorOptions
    ) -> tuple[str, tuple[str, ...], int, str, str]:
        """Start the simulator; returns schema, command, process, digest and ns-3's folder."""
        self._simulator = LocalBackend()(scenario, arguments, options)
        simulator = self._simulator
        digest = simulator.program_digest()
        return simulator.schema_text, simulator.command, simulator.pid, digest, simulator.ns3_folder

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the simulator."""
        return getattr(self._simulator, method)(*args, **kwargs)


class RayLink:
    """A `tandem.bridge.backends.link.Link` to an actor of its own.

    Args:
        scenario: as for a local simulator; a path must exist on the actor's machine.
        arguments: as for a local simulator.
        options: as for a local simulator.
        actor_options: as for ``ray.remote(...)``: what the actor needs and where it may run.

    Raises:
        TandemError: Ray is not installed, or the simulator does not start.
        ActorLost: the actor was lost meanwhile.
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
        actor_options: Mapping[str, Any],
    ) -> None:
        self._ray = connected_ray()
        self._scenario = os.fspath(scenario)
        # Without a request for a processor more simulators than processors can run; they are
        # spread over the machines of a cluster.
        placed = {"scheduling_strategy": "SPREAD", **actor_options}
        self._actor = self._ray.remote(**placed)(SimulatorHost).remote()
        self._awaited: Any = None
        #: Unknown: to ask would cost one more message per episode.
        self.episode_pid = 0
        try:
            # The actor's machine may have no such folder. The agent has the actions: files there
            # would be out of its reach.
            there = dataclasses.replace(options, folder=None, keep_actions=False)
            started = self._actor.open.remote(self._scenario, dict(arguments), there)
            text, command, self.pid, self.program_digest, self.ns3_folder = self._get(started)
        except BaseException:
            self.close(idle=False)
            raise
        self.schema_text = str(text)
        self.schema = Schema.parse(self.schema_text)
        self.command = tuple(command)

    @property
    def usable(self) -> bool:
        """True: a loss shows with the next answer."""
        return True

    def send_reset(self, seed: int) -> None:
        """As `Link.send_reset`."""
        self._awaited = self._actor.call.remote("reset", seed)

    def send_step(self, action: NDArray[Any]) -> None:
        """As `Link.send_step`."""
        self._awaited = self._actor.call.remote("step", action)

    def receive(self) -> Frame:
        """As `Link.receive`."""
        return _own(self._get(self._awaited))

    def branch(
        self, sequences: Sequence[Sequence[NDArray[Any]]], parallel: int | None, future: int
    ) -> list[list[Frame]]:
        """As `Link.branch`; they run on the processors of the actor's machine."""
        given = [list(sequence) for sequence in sequences]
        reference = self._actor.call.remote(
            "branch_epochs", given, parallel=parallel, future=future
        )
        return [[_own(frame) for frame in frames] for frames in self._get(reference)]

    def ask(self, policy: str) -> NDArray[Any]:
        """As `Link.ask`."""
        return self.schema.joint_action.checked(self._get(self._actor.call.remote("ask", policy)))

    def close(self, *, idle: bool) -> None:
        """As `Link.close`; a simulator ends with the process of its actor."""
        if not self._ray.is_initialized():
            return
        try:
            if idle:
                self._ray.get(self._actor.call.remote("close"))
        except self._ray.exceptions.RayError:
            return
        self._ray.kill(self._actor)

    def _get(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayActorError as loss:
            raise ActorLost(
                f"the Ray actor of {self._scenario} was lost: look at its machine's memory and at "
                f"Ray's log. {loss}"
            ) from loss
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, TandemError | ValueError | TypeError):
                raise cause from None
            raise


def connected_ray() -> Any:
    """Ray, connected: to the cluster that RAY_ADDRESS names, or to one of this machine's own.

    Raises:
        MissingPackage: Ray is not installed.
        TandemError: the cluster does not answer or cannot be joined.
    """
    require("ray", "running on Ray")
    import ray

    if not ray.is_initialized():
        address = os.environ.get(ADDRESS_VARIABLE) or OWN_CLUSTER
        _check_that_it_answers(address)
        try:
            ray.init(
                address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
            )
        except (ConnectionError, ray.exceptions.AuthenticationError) as error:
            raise TandemError(
                f"Ray at {ADDRESS_VARIABLE}={address} cannot be joined ({error}): look whether it "
                "runs there. If it asks for a token, set RAY_AUTH_MODE=token here and on each "
                "node, each with the same ~/.ray/auth_token; without tokens set "
                "RAY_AUTH_MODE=disabled everywhere"
            ) from error
    return ray


def _check_that_it_answers(address: str) -> None:
    """Refuse an address of host and port at which nobody listens; others are left to Ray.

    Raises:
        TandemError: says where nothing answered and why.
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_TIMEOUT_S).close()
    except (OSError, OverflowError) as error:
        raise TandemError(
            f"nothing answers at {ADDRESS_VARIABLE}={address} ({error}): start Ray there with "
            f"`ray start --head --port={port}`, look whether a firewall is between, or unset "
            f"{ADDRESS_VARIABLE} to run on this machine"
        ) from error


def _own(frame: Frame) -> Frame:
    """Arrays that may be written: Ray hands out views of its object store."""
    observation = {name: np.array(block) for name, block in frame.observation.items()}
    records = {name: np.array(rows) for name, rows in frame.records.items()}
    return dataclasses.replace(frame, observation=observation, records=records)
