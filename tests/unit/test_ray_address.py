# SPDX-License-Identifier: MIT
"""A cluster's address at which nothing answers is refused at once, not after Ray's minutes."""

from __future__ import annotations

import socket

import pytest

from tandem.bridge.backends.ray_link import ADDRESS_VARIABLE, _check_that_it_answers, connected_ray
from tandem.bridge.core.errors import TandemError


@pytest.fixture
def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_nobody_listens(closed_port: int, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    address = f"{scheme}127.0.0.1:{closed_port}"
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    with pytest.raises(TandemError, match=f"nothing answers at RAY_ADDRESS={address}"):
        connected_ray()
    assert not ray.is_initialized()


def test_a_name_that_is_none() -> None:
    with pytest.raises(TandemError, match=r"nowhere\.invalid:6379"):
        _check_that_it_answers("nowhere.invalid:6379")
    with pytest.raises(TandemError, match=r"127\.0\.0\.1:99999"):
        _check_that_it_answers("127.0.0.1:99999")


@pytest.mark.parametrize("address", ["", "auto", "local", "ray://"])
def test_what_is_no_host_and_port_is_rays_to_judge(address: str) -> None:
    _check_that_it_answers(address)


def test_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        _check_that_it_answers(f"127.0.0.1:{server.getsockname()[1]}")
    if socket.has_dualstack_ipv6():
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
            _check_that_it_answers(f"[::1]:{server.getsockname()[1]}")
