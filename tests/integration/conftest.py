# SPDX-License-Identifier: MIT
"""What several integration tests share: the same scenario here and behind a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
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
