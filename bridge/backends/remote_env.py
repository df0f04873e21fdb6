# SPDX-License-Identifier: MIT
"""Environments whose simulators run on a server.

In one terminal ``tandem serve``, in another::

    from tandem.bridge.remote import RemoteEnv
    env = RemoteEnv("wifi-edge", users=5, epochs=50)
    observation, info = env.reset(seed=1)

Rewards are computed here, from the same record tables that a local simulator reports, so every
objective works, and the same seed gives the same requests as locally.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tandem.bridge.backends.remote_simulator import (
    DEFAULT_CONNECT_TIMEOUT_S,
    DEFAULT_RESUME_TIMEOUT_S,
    RemoteSimulator,
    Target,
)
from tandem.bridge.core.backend import Backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.bridge.remote.connection import DEFAULT_HEARTBEAT_S
from tandem.bridge.remote.endpoint import DEFAULT_ADDRESS
from tandem.bridge.remote.keys import ClientKeys


class RemoteEnv(TandemEnv):
    """`TandemEnv` on a server's simulator, branching included.

    Args:
        scenario: name of a scenario that the server offers.
        arguments: as for `TandemEnv`; those that name files of the server are refused.
        server: its address, ``tcp://host:port`` or ``ipc:///path``.
        keys: needed where the server is on another machine (`ClientKeys.load`).
        connect_timeout_s: a server that is not there yet is waited for so long.
        resume_timeout_s: the same for a server that is lost in mid-episode, which is then
            continued where it was; 0 raises `ConnectionLost` instead.
        heartbeat_s: between two signs of life; a server that misses three is lost.
        **options: every other keyword of `TandemEnv`, scenario arguments included. ``spin_us`` and
            ``start_timeout_s`` are the server's and ignored here.

    Raises:
        ConnectionLost, AccessRefused, QuotaExceeded, ProtocolError: see
            `tandem.bridge.remote.errors`.
        ValueError: ``one_shot``, since trace files would be the server's.
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        server: str = DEFAULT_ADDRESS,
        keys: ClientKeys | None = None,
        connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
        resume_timeout_s: float = DEFAULT_RESUME_TIMEOUT_S,
        heartbeat_s: float = DEFAULT_HEARTBEAT_S,
        **options: Any,
    ) -> None:
        if options.get("one_shot"):
            raise ValueError(
                "one_shot is for trace files, which a server does not write: run locally"
            )
        self._target = Target(server, keys, connect_timeout_s, resume_timeout_s, heartbeat_s)
        super().__init__(scenario, arguments, **options)

    def _start(self, arguments: Mapping[str, object]) -> Backend:
        return RemoteSimulator(
            self._scenario,
            arguments,
            target=self._target,
            branch_slots=self._simulator_options["branch_slots"],
            step_timeout_s=self._simulator_options["step_timeout_s"],
        )


class RemoteVectorEnv(TandemVectorEnv):
    """`TandemVectorEnv` on simulators of a server: all compute at the same time, there.

    Args:
        **options: every keyword of `RemoteEnv`.
    """

    _environment = RemoteEnv
