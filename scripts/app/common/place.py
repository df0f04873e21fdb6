# SPDX-License-Identifier: MIT
"""Where a command's simulators run: here, or on a server (``--connect``), or in Ray."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tandem.agents.inference.domain import INFERENCE
from tandem.bridge.backends.remote import RemoteBackend, Target
from tandem.bridge.core.backend import Backend
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.local import LocalBackend
from tandem.bridge.core.objective import Objective
from tandem.bridge.remote.keys import ClientKeys
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.runner import Runner


def target_of(connect: str | None, key: Path | None, server_key: Path | None) -> Target | None:
    """The server that the options ask for; ``None`` is this machine.

    Raises:
        OptionError: keys without a server, or one key without the other.
        KeyFileError: a key cannot be read.
    """
    keys = client_keys(key, server_key)
    if connect is None:
        if keys is not None:
            raise OptionError("--key and --server-key go with --connect")
        return None
    return Target(connect, keys)


def client_keys(key: Path | None, server_key: Path | None) -> ClientKeys | None:
    """Keys from two options that need each other."""
    if key is None and server_key is None:
        return None
    if key is None or server_key is None:
        raise OptionError("give both --key (your .key_secret) and --server-key (its .key)")
    return ClientKeys.load(key, server_key)


def check_output(output: str | None, connect: str | None) -> None:
    """Refuse to show the output of a simulator on a server.

    Raises:
        OptionError: both options are given.
    """
    if output is not None and connect is not None:
        raise OptionError(
            "--simulator-output is for simulators of this machine: leave it out with --connect; "
            "errors quote the last lines that the simulator printed"
        )


def backend_of(target: Target | None, runner: Runner = Runner.LOCAL) -> Backend:
    """Where simulators run that ``--connect`` and ``--runner`` ask for."""
    if target is not None:
        return RemoteBackend(target)
    if runner is Runner.RAY:
        from tandem.bridge.backends.ray_backend import RayBackend

        return RayBackend()
    return LocalBackend()


def open_env(
    scenario: str,
    arguments: Mapping[str, object],
    target: Target | None,
    runner: Runner = Runner.LOCAL,
    **options: Any,
) -> TandemEnv:
    """An environment whose simulator runs there; ``options`` are keywords of `TandemEnv`."""
    return TandemEnv(scenario, arguments, backend=backend_of(target, runner), **options)


def start(
    scenario: str,
    arguments: dict[str, object],
    objective: Objective[Any] | str | None,
    *,
    target: Target | None = None,
    inference_only: bool = True,
    **options: Any,
) -> TandemEnv:
    """An environment, here or on a server, with an objective.

    Args:
        inference_only: the objective judges requests: elsewhere the scenario's own one stays.
        **options: keywords of `TandemEnv`.

    Raises:
        UnfitObjective: it does not fit the scenario.
    """
    env = open_env(scenario, arguments, target, **options)
    try:
        if env.domain is INFERENCE or not inference_only:
            env.objective = objective
    except BaseException:
        env.close()
        raise
    return env
