# SPDX-License-Identifier: MIT
"""Other libraries get what they expect: errors that travel, keywords refused as Python does."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest
from remote_servers import serving

import tandem  # noqa: F401  (registers the environments)
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidArgument, SimulatorDied, UnknownKeyword


def crashing_env() -> gymnasium.Env[Any, Any]:
    return TandemEnv("echo", values=1, epochs=0, crashAt=2)


def test_the_death_of_a_simulator_passes_through_gymnasiums_workers() -> None:
    envs = gymnasium.vector.AsyncVectorEnv([crashing_env, crashing_env])
    try:
        envs.reset(seed=1)
        envs.step([[1.0], [1.0]])
        with pytest.raises(SimulatorDied, match="told to crash at epoch 2") as caught:
            envs.step([[1.0], [1.0]])
        assert caught.value.exit_status == -6
        assert "--crashAt=2" in caught.value.command
    finally:
        envs.close(terminate=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda **more: TandemEnv("hello", **more),
        lambda **more: gymnasium.make("tandem/Hello-v0", **more),
        lambda **more: gymnasium.make_vec("tandem/Hello-v0", num_envs=2, **more),
    ],
    ids=["class", "make", "make_vec"],
)
def test_an_unknown_keyword_is_a_type_error(make: Any) -> None:
    words = r"__init__\(\) got an unexpected keyword argument 'frameskip'"
    with pytest.raises(TypeError, match=words) as caught:
        make(frameskip=4)
    assert "tandem scenarios hello" in str(caught.value)
    assert isinstance(caught.value, InvalidArgument)


def test_an_unknown_keyword_is_a_type_error_for_a_server_too() -> None:
    words = "unexpected keyword argument 'frameskip'"
    with serving(["echo"]) as server, pytest.raises(TypeError, match=words):
        gymnasium.make("tandem/Remote-v0", scenario="echo", server=server.address, frameskip=4)


def test_an_unknown_argument_of_the_mapping_is_no_keyword() -> None:
    with pytest.raises(InvalidArgument, match="no argument 'frameskip'") as caught:
        TandemEnv("hello", {"frameskip": 4})
    assert not isinstance(caught.value, UnknownKeyword)


def test_torchrl_makes_an_environment_by_its_id() -> None:
    libraries = pytest.importorskip("torchrl.envs", reason="TorchRL is not installed")
    env = libraries.GymEnv(
        "tandem/WifiEdge-v0", users=2, epochs=3, categorical_action_encoding=True
    )
    try:
        assert env.rollout(2).batch_size[0] == 2
    finally:
        env.close()
