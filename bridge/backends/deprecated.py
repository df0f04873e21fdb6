# SPDX-License-Identifier: MIT
"""Environment classes of earlier releases, for one release: backends replace them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

from tandem.bridge.backends.ray_backend import RayBackend
from tandem.bridge.backends.remote import take_backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.vector import TandemVectorEnv


class RemoteEnv(TandemEnv):
    """Deprecated: ``TandemEnv(…, backend=RemoteBackend(Target(server)))``."""

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        **options: Any,
    ) -> None:
        _warn("RemoteEnv", "TandemEnv with backend=RemoteBackend(Target(server))")
        super().__init__(scenario, arguments, backend=take_backend(options), **options)


class RemoteVectorEnv(TandemVectorEnv):
    """Deprecated: ``TandemVectorEnv(…, backend=RemoteBackend(Target(server)))``."""

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        **options: Any,
    ) -> None:
        _warn("RemoteVectorEnv", "TandemVectorEnv with backend=RemoteBackend(Target(server))")
        super().__init__(scenario, arguments, backend=take_backend(options), **options)


class RayEnv(TandemEnv):
    """Deprecated: ``TandemEnv(…, backend=RayBackend(actor_options))``."""

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        actor_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        _warn("RayEnv", "TandemEnv with backend=RayBackend()")
        super().__init__(scenario, arguments, backend=RayBackend(actor_options or {}), **options)


class RayVectorEnv(TandemVectorEnv):
    """Deprecated: ``TandemVectorEnv(…, backend=RayBackend(actor_options))``."""

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        actor_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        _warn("RayVectorEnv", "TandemVectorEnv with backend=RayBackend()")
        super().__init__(scenario, arguments, backend=RayBackend(actor_options or {}), **options)


def _warn(name: str, instead: str) -> None:
    warnings.warn(
        f"{name} goes in the next release: use {instead}", DeprecationWarning, stacklevel=3
    )
