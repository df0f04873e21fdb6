# SPDX-License-Identifier: MIT
"""What several integration tests share: the same scenario here and behind a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from compat_builds import build
from remote_servers import ServerProcess, free_address

from tandem.bridge.backends.remote import RemoteBackend, Target
from tandem.bridge.core.backend import Backend
from tandem.bridge.core.local import LocalBackend


@pytest.fixture(scope="module")
def echo_server() -> Iterator[ServerProcess]:
    """A server of the scenario `echo`."""
    process = ServerProcess(free_address(), "--scenario", "echo", "--telemetry", "")
    yield process
    process.end()


@pytest.fixture(params=["local", "remote"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Where `echo` runs: here, then on a server."""
    if request.param == "local":
        return LocalBackend()
    return RemoteBackend(Target(request.getfixturevalue("echo_server").address))


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario with every kind of space, compiled."""
    return build("gym_echo", tmp_path_factory) / "tandem-build" / "gym_echo"


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario in the style of ns3-gym, compiled."""
    return build("gym_port", tmp_path_factory) / "tandem-build" / "gym_port"
