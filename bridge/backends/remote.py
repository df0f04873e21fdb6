# SPDX-License-Identifier: MIT
"""Simulators on a server.

In one terminal ``tandem serve``, in another::

    from tandem.bridge.backends.remote import RemoteBackend, Target
    env = TandemEnv("wifi-edge", users=5, backend=RemoteBackend(Target("tcp://127.0.0.1:5570")))
    observation, info = env.reset(seed=1)

or ``gymnasium.make("tandem/Remote-v0", scenario="wifi-edge", server="tcp://127.0.0.1:5570")``.
Rewards are computed here, from the same record tables that a local simulator reports, so every
objective works, and the same seed gives the same records as locally.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from tandem.bridge.backends.replaying import ReplayingSimulator
from tandem.bridge.backends.server_link import ServerLink
from tandem.bridge.core.backend import DEFAULT_BRANCH_SLOTS, SimulatorOptions
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.bridge.remote.connection import DEFAULT_HEARTBEAT_S, Connection
from tandem.bridge.remote.endpoint import DEFAULT_ADDRESS
from tandem.bridge.remote.keys import ClientKeys

DEFAULT_CONNECT_TIMEOUT_S: Final = 10.0
DEFAULT_RESUME_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """Which server, and how long to wait for it.

    Attributes:
        address: ``tcp://host:port`` or ``ipc:///path``.
        keys: needed where the server is on another machine.
        connect_timeout_s: how long to wait for a server that is not there yet.
        resume_timeout_s: how long to wait for a server that was lost during an episode; the
            episode then continues where it was. 0: raise `ConnectionLost` at once.
        heartbeat_s: between two signs of life; a server that misses three is lost.
    """

    address: str = DEFAULT_ADDRESS
    keys: ClientKeys | None = None
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S
    resume_timeout_s: float = DEFAULT_RESUME_TIMEOUT_S
    heartbeat_s: float = DEFAULT_HEARTBEAT_S


class RemoteSimulator(ReplayingSimulator):
    """One simulator of a server; the methods are those of `tandem.bridge.core.simulator.Simulator`.

    Args:
        scenario: name of a scenario that the server offers; of an absolute path its last part.
        arguments: as for a local simulator; those that name files are refused.
        target: the server.
        branch_slots: as for a local simulator; the server may allow fewer.
        step_timeout_s: limit of an epoch; ``None`` takes the server's.
        failure_folder: as for a local simulator; it is here.

    Raises:
        ConnectionLost, AccessRefused, QuotaExceeded, ProtocolError: see
            `tandem.bridge.remote.errors`.
        ScenarioError: the scenario refuses its arguments.
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        target: Target,
        branch_slots: int = DEFAULT_BRANCH_SLOTS,
        step_timeout_s: float | None = None,
        failure_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        options = SimulatorOptions(branch_slots=branch_slots, step_timeout_s=step_timeout_s)

        def open_link(*, again: bool) -> ServerLink:
            wait_s = target.resume_timeout_s if again else target.connect_timeout_s
            connection = Connection(
                target.address,
                target.keys,
                connect_timeout_s=wait_s,
                heartbeat_s=target.heartbeat_s,
                known=again,
            )
            return ServerLink(
                connection,
                target.address,
                target.connect_timeout_s,
                scenario,
                arguments or {},
                options,
            )

        super().__init__(
            open_link, replays=target.resume_timeout_s > 0, failure_folder=failure_folder
        )


@dataclass(frozen=True, slots=True)
class RemoteBackend:
    """Simulators of a server, as a `tandem.bridge.core.backend.Backend`.

    ``spin_us`` and ``start_timeout_s`` are the server's own and ignored here.
    """

    target: Target = field(default_factory=Target)

    def __call__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
        /,
    ) -> RemoteSimulator:
        """Open one; errors as `RemoteSimulator`.

        Raises:
            ValueError: ``one_shot``, because a server does not write trace files; ``output``,
                because what a simulator prints stays on its machine.
        """
        if options.one_shot:
            raise ValueError(
                "one_shot is for trace files, which a server does not write: run locally"
            )
        if options.output is not None:
            raise ValueError(
                f"output={options.output!r} is for simulators of this machine: on a server leave "
                "it out; errors quote the last lines that the simulator printed"
            )
        return RemoteSimulator(
            scenario,
            arguments,
            target=self.target,
            branch_slots=options.branch_slots,
            step_timeout_s=options.step_timeout_s,
            failure_folder=options.failure_folder,
        )


def remote_env(
    scenario: str | os.PathLike[str],
    arguments: Mapping[str, object] | None = None,
    **options: Any,
) -> TandemEnv:
    """What ``gymnasium.make("tandem/Remote-v0", …)`` makes.

    Args:
        scenario: name of a scenario that the server offers; of an absolute path its last part.
        arguments: as for `TandemEnv`; those that name files of the server are refused.
        **options: ``server`` (its address), the other fields of `Target` by their names, and every
            keyword of `TandemEnv`, scenario arguments included.
    """
    return TandemEnv(scenario, arguments, backend=take_backend(options), **options)


def remote_vector_env(
    scenario: str | os.PathLike[str],
    arguments: Mapping[str, object] | None = None,
    **options: Any,
) -> TandemVectorEnv:
    """What ``gymnasium.make_vec("tandem/Remote-v0", …)`` makes; keywords as `remote_env`."""
    return TandemVectorEnv(scenario, arguments, backend=take_backend(options), **options)


def take_backend(options: dict[str, Any]) -> RemoteBackend:
    """Take the keywords of `Target` out of ``options``."""
    given = {
        entry.name: options.pop(keyword)
        for entry in fields(Target)
        if (keyword := "server" if entry.name == "address" else entry.name) in options
    }
    return RemoteBackend(Target(**given))
