# SPDX-License-Identifier: MIT
"""Element types of Gym values: what scripts compute with, and whether it lies in its space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from compat_builds import build
from gymnasium.utils.env_checker import check_env

import tandem.compat.ns3ai
from tandem.bridge.core.errors import InvalidAction, SchemaMismatch, SimulatorDied

TYPES = ["bool", *(f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64))]
TYPES += ["float", "double"]


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario that mixes containers and spaces, compiled."""
    return build("gym_types", tmp_path_factory) / "tandem-build" / "gym_types"


@pytest.fixture(scope="module")
def env(types: Path) -> Iterator[Any]:
    """One environment of it, at its first observation."""
    made = make(types)
    made.reset()
    yield made
    made.close()


def make(types: Path, **settings: Any) -> Any:
    return gymnasium.make(
        tandem.compat.ns3ai.STRICT_ID,
        targetName=str(types),
        ns3Settings=settings,
        show_output=False,
    )


def action(**changed: Any) -> dict[str, Any]:
    whole = {"scalar": np.float32(0.25), "any": [7.0], "count": [2], "pick": 1}
    return {**whole, **changed}


@pytest.mark.parametrize("space", TYPES)
@pytest.mark.parametrize("container", TYPES)
def test_every_container_lies_in_every_space(env: Any, container: str, space: str) -> None:
    name = f"{container} in {space}"
    seen = current(env)[name]
    assert seen in env.observation_space[name]
    assert seen.tolist() == ([0, 1, 1] if container == "bool" else [0, 1, 120])
    assert seen.dtype == (np.float64 if space in ("float", "double") else np.int64)


def current(env: Any) -> dict[str, Any]:
    seen = env.unwrapped._session.state.observation
    assert isinstance(seen, dict)
    return seen


def test_differences_of_unsigned_counters_are_negative_where_they_should_be(env: Any) -> None:
    acked, in_flight, window = current(env)["tcp"]
    assert acked - in_flight - window == -27896  # ns3-ai's rl-tcp; it was 1.8e19
    assert current(env)["tcp"] in env.observation_space["tcp"]


def test_a_fraction_in_a_space_of_integers_stays_what_it_is(env: Any, types: Path) -> None:
    assert current(env)["part"].tolist() == [1, 2]
    assert current(env)["part"] in env.observation_space["part"]
    other = make(types, part=0.5)
    assert other.reset()[0]["part"].tolist() == [0.5, 2.0]
    other.close()


def test_infinite_bounds_stay_infinite(env: Any) -> None:
    space = env.observation_space
    for name in ("float", "double"):
        assert (space[f"any {name}"].low, space[f"any {name}"].high) == (-np.inf, np.inf)
    assert (space["any uint32_t"].low, space["any uint32_t"].high) == (0, 2**32 - 1)
    assert space["any int64_t"].high == 2**63 - 2  # as far as Gymnasium can sample
    for name, part in space.spaces.items():
        assert part.sample() in part, name
    for name, part in env.action_space.spaces.items():
        assert part.sample() in part, name


def test_a_box_may_have_no_axes(types: Path) -> None:
    env = make(types)
    assert env.observation_space["scalar"].shape == ()
    first, _ = env.reset(seed=1)
    assert first["scalar"].shape == ()
    for sent in (np.float32(0.25), 0.25, np.array(0.25, np.float32), [0.25]):
        seen = env.step(action(scalar=sent))[0]["scalar"]
        assert (seen.shape, seen) == ((), 0.25)
        env.reset()
    env.close()


def test_the_checker_passes(types: Path) -> None:
    env = make(types)
    env.unwrapped.action_space["any"] = gymnasium.spaces.Box(0, 9, (1,), np.float64)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_an_integer_that_int64_cannot_hold_is_refused_by_its_value(types: Path) -> None:
    with pytest.raises(SchemaMismatch, match=r"18446744073709551615.*up to 9223372036854775807"):
        make(types, extra=2**64 - 1)


def test_actions_that_an_unsigned_number_cannot_hold_are_refused(types: Path) -> None:
    env = make(types)
    env.reset()
    for wrong in ({"pick": -1}, {"pick": 2**32}, {"count": [-1]}):
        with pytest.raises(InvalidAction):
            env.step(action(**wrong))
    assert env.step(action())[1] == 7.0
    # The scenario casts this one to uint32: it is not turned into 4294967293.
    with pytest.raises(SimulatorDied, match=r"-3.*uint32"):
        env.step(action(any=[-3.0]))
    env.close()
