# SPDX-License-Identifier: MIT
"""Gymnasium ids of the installed scenarios.

``import tandem`` registers them, so this is all a user writes::

    import gymnasium, tandem
    env = gymnasium.make("tandem/WifiEdge-v0", users=5, seed=1, epochs=50)
    envs = gymnasium.make_vec("tandem/WifiEdge-v0", num_envs=4, users=5)

``gymnasium.make("tandem:tandem/WifiEdge-v0")`` needs no import. Entry points are named by string,
so registering imports neither the native module nor a simulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import gymnasium

#: Gymnasium id → scenario; ``None``: the caller says which with ``scenario=``.
ENVIRONMENTS: Final[Mapping[str, str | None]] = {
    "tandem/WifiEdge-v0": "wifi-edge",
    "tandem/LteEdge-v0": "lte-edge",
    "tandem/HetNet-v0": "hetnet",
    "tandem/Hello-v0": "hello",
    "tandem/Custom-v0": None,
}
#: Any scenario of a server (`tandem serve`): ``scenario=…, server="tcp://…"``.
REMOTE: Final = "tandem/Remote-v0"


def register_envs() -> None:
    """Register every id of `ENVIRONMENTS`; harmless when called twice."""
    for identifier, scenario in ENVIRONMENTS.items():
        if identifier in gymnasium.registry:
            continue
        gymnasium.register(
            id=identifier,
            entry_point="tandem.bridge.env:TandemEnv",
            vector_entry_point="tandem.bridge.vector:TandemVectorEnv",
            # The suite runs check_env on these; the passive checker would slow every step.
            disable_env_checker=True,
            kwargs={} if scenario is None else {"scenario": scenario},
        )
    if REMOTE not in gymnasium.registry:
        gymnasium.register(
            id=REMOTE,
            entry_point="tandem.bridge.remote.env:RemoteEnv",
            vector_entry_point="tandem.bridge.remote.env:RemoteVectorEnv",
            disable_env_checker=True,
        )
