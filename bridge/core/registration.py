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

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.abc import Loader
else:
    # Its module takes as long to import as all the rest of this package.
    Loader = object

GYMNASIUM: Final = "gymnasium"
#: Gymnasium id → scenario; ``None``: the caller says which with ``scenario=``.
ENVIRONMENTS: Final[Mapping[str, str | None]] = {
    "tandem/WifiEdge-v0": "wifi-edge",
    "tandem/LteEdge-v0": "lte-edge",
    "tandem/HetNet-v0": "hetnet",
    "tandem/Campus-v0": "campus",
    "tandem/Hello-v0": "hello",
    "tandem/WifiContention-v0": "wifi-contention",
    "tandem/TcpBottleneck-v0": "tcp-bottleneck",
    "tandem/LtePower-v0": "lte-power",
    "tandem/Custom-v0": None,
}
#: Any scenario of a server (`tandem serve`): ``scenario=…, server="tcp://…"``.
REMOTE: Final = "tandem/Remote-v0"


def register_envs() -> None:
    """Register every id of `ENVIRONMENTS`; harmless when called twice."""
    import gymnasium

    for identifier, scenario in ENVIRONMENTS.items():
        if identifier in gymnasium.registry:
            continue
        gymnasium.register(
            id=identifier,
            entry_point="tandem.bridge.core.env:TandemEnv",
            vector_entry_point="tandem.bridge.core.vector:TandemVectorEnv",
            # The suite runs check_env on these; the passive checker would slow every step.
            disable_env_checker=True,
            kwargs={} if scenario is None else {"scenario": scenario},
        )
    if REMOTE not in gymnasium.registry:
        gymnasium.register(
            id=REMOTE,
            entry_point="tandem.bridge.backends.remote:remote_env",
            vector_entry_point="tandem.bridge.backends.remote:remote_vector_env",
            disable_env_checker=True,
        )


def register_with_gymnasium() -> None:
    """Register now if Gymnasium is imported, else when it is: alone it takes 0.2 s to import."""
    if hasattr(sys.modules.get(GYMNASIUM), "register"):
        register_envs()
    elif not any(isinstance(finder, _GymnasiumFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _GymnasiumFinder())


class _GymnasiumFinder:
    """Finds Gymnasium as Python would, with a loader that registers the environments."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != GYMNASIUM:
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)
        return spec


class _RegisteringLoader(Loader):
    """Runs a module, then registers the environments with it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        register_envs()
