# SPDX-License-Identifier: MIT
"""Several action blocks, integers and reals together, bounds of each entry, masks."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from own_scenario import own_scenario

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction, ScenarioWarning, TandemError, UnknownPolicy
from tandem.bridge.core.masks import sample_mask
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.scripts.app.common.toolchain import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
CELLS = 3


@pytest.fixture(scope="module")
def scenario() -> Path:
    return own_scenario("cells")


@pytest.fixture
def env(scenario: Path) -> Iterator[TandemEnv]:
    env = TandemEnv(scenario, epochs=8)
    yield env
    env.close()


def action(channel: int = 1) -> dict[str, Any]:
    return {
        "channel": np.full(CELLS, channel),
        "radio": np.tile([10.0, 0.5], (CELLS, 1)),
        "mode": np.array([2, -1]),
    }


def test_each_block_has_its_space_and_each_entry_its_bounds(env: TandemEnv) -> None:
    low, high = np.tile([-10.0, 0.0], (CELLS, 1)), np.tile([20.0, 1.0], (CELLS, 1))
    assert env.action_space == spaces.Dict(
        {
            "channel": spaces.MultiDiscrete([4, 4, 4]),
            "radio": spaces.Box(low, high, dtype=np.float64),
            "mode": spaces.Box(np.array([1, -2]), np.array([3, 5]), dtype=np.int32),
        }
    )
    assert list(env.action_space) == ["channel", "radio", "mode"]  # as declared, not sorted
    radio = env.schema.actions[1]
    assert [(column.name, column.unit) for column in radio.columns] == [
        ("power", "dBm"),
        ("share", ""),
    ]
    with pytest.raises(TandemError, match=r"3 action blocks \(channel, radio, mode\)"):
        _ = env.schema.action


def test_gymnasium_accepts_it(env: TandemEnv) -> None:
    check_env(env, skip_render_check=True)


def test_what_is_chosen_reaches_the_scenario(env: TandemEnv) -> None:
    env.reset(seed=3)
    observation, _, _, _, info = env.step(action(channel=2))
    assert observation["cells"][:, 1].tolist() == [2.0, 2.0, 2.0]
    assert info["served"]["packets"].max() <= 2.0  # burst of 2 times two times half the air
    assert info["served"]["packets"].max() > 0.0


def test_a_row_of_all_values_is_the_same_action(env: TandemEnv) -> None:
    joint = env.schema.joint_action
    packed = joint.checked(action())
    assert packed.tolist() == [1, 1, 1, 10, 0.5, 10, 0.5, 10, 0.5, 2, -1]
    given = joint.given(packed)
    assert {name: part.dtype.kind for name, part in given.items()} == {
        "channel": "i",
        "radio": "f",
        "mode": "i",
    }
    outcomes = []
    for form in (action(), packed, {name: part.tolist() for name, part in action().items()}):
        env.reset(seed=3)
        observation, _, _, _, info = env.step(form)
        outcomes.append((observation["cells"].tobytes(), info["served"].tobytes()))
    assert len(set(outcomes)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": [0, 0]}, r"'mode' is 0 at index 0, allowed are 1 to 3"),
        ({"mode": [1, 6]}, r"'mode' is 6 at index 1, allowed are -2 to 5"),
        ({"mode": [1.5, 0]}, r"'mode' is 1.5 at index 0, expected a whole number"),
        ({"radio": np.tile([10.0, 1.5], (CELLS, 1))}, r"'radio' is 1.5 at index 1.* 0 to 1"),
        ({"channel": [0, 0]}, r"'channel' has shape \(2,\), expected \(3,\)"),
        ({"more": [0]}, r"expected are|more than"),
        ({"channel": None}, r"."),
    ],
)
def test_bad_actions_are_refused_and_the_episode_is_unharmed(
    env: TandemEnv, change: dict[str, Any], message: str
) -> None:
    env.reset(seed=3)
    with pytest.raises(InvalidAction, match=message):
        env.step({**action(), **change})
    missing = {name: part for name, part in action().items() if name != "radio"}
    with pytest.raises(InvalidAction, match="radio"):
        env.step(missing)
    assert env.step(action())[4]["decision"] == 0


def test_masks_say_what_is_allowed_and_count_what_was_not(env: TandemEnv) -> None:
    seen, info = env.reset(seed=3)
    mask = info["action_mask"]["channel"]
    expected = [[int((c + i) % 4 != 0) for c in range(4)] for i in range(CELLS)]
    assert mask.tolist() == expected
    flat = env.action_masks()
    assert flat.tolist() == [bool(v) for row in expected for v in row] + [True] * (3 + 8)
    sampled = env.action_space.sample(mask=sample_mask(env.schema, seen))
    assert env.step({**action(), "channel": sampled["channel"]})[4]["forbidden"] == 0
    _, info = env.reset(seed=3)
    _, _, _, _, info = env.step(action(channel=0))  # shut for the first cell
    assert info["forbidden"] == 1
    assert info["served"]["packets"][0] == 0.0


def test_branches_equal_steps(env: TandemEnv) -> None:
    env.reset(seed=5)
    env.step(action())
    tried = env.branch([action(2), action(3)], horizon=2)
    observation, *_ = env.step(action(3))
    observation, *_, info = env.step(action(3))
    assert tried[1].observation["cells"].tobytes() == observation["cells"].tobytes()
    assert tried[1].info["forbidden"] == info["forbidden"]
    assert not np.array_equal(tried[0].observation["cells"], observation["cells"])


def test_the_scenario_s_policies_can_be_asked(env: TandemEnv, scenario: Path) -> None:
    assert env.schema.policies == ("steady", "drawn")
    env.reset(seed=3)
    asked = env.simulator.ask("steady")
    assert asked["channel"].tolist() == [0, 1, 2]
    assert asked["radio"].tolist() == [[10.0, 0.5]] * 3
    assert asked["mode"].tolist() == [2, -1]
    first = env.simulator.ask("drawn")
    assert not np.array_equal(first["radio"], env.simulator.ask("drawn")["radio"])
    assert env.step(asked)[4]["decision"] == 0
    with pytest.raises(UnknownPolicy, match="has no policy 'best'; it has steady, drawn"):
        env.simulator.ask("best")
    alone = subprocess.run([scenario, "--policy=best"], capture_output=True, text=True, check=False)
    assert alone.returncode != 0
    assert "scenario 'cells' has steady, drawn" in alone.stderr


def test_asking_plays_what_the_scenario_plays_alone(env: TandemEnv, scenario: Path) -> None:
    env.reset(seed=7)
    packets = []
    for _ in range(8):
        packets += env.step(env.simulator.ask("drawn"))[4]["served"]["packets"].tolist()
    path = Path(str(scenario) + ".csv")
    command = [scenario, "--policy=drawn", "--seed=7", "--epochs=8", f"--requests={path}"]
    subprocess.run(command, check=True, capture_output=True)
    alone = [float(line.split(",")[2]) for line in path.read_text().splitlines()[1:]]
    assert packets == pytest.approx(alone, rel=1e-5)


def test_actions_of_a_failed_episode_can_be_played_again(env: TandemEnv, scenario: Path) -> None:
    file = Path(str(scenario) + ".actions")
    packed = env.schema.joint_action.checked(action())
    file.write_text(" ".join(f"{value:g}" for value in packed) + "\n")
    command = [scenario, "--seed=7", f"--actions={file}"]
    played = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "all 1 actions" in played.stderr
    file.write_text("1 1 1\n")
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "3 whole numbers, then 6 numbers, then 2 whole numbers are expected" in refused.stderr


def test_what_lies_outside_its_bounds_is_counted_and_told_once(scenario: Path) -> None:
    env = TandemEnv(scenario, mostBacklog=2, epochs=20)
    idle = {**action(), "radio": np.tile([10.0, 0.0], (CELLS, 1))}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        env.reset(seed=1)
        counts = [env.step(idle)[4]["clipped"] for _ in range(10)]
    env.close()
    assert counts[0] <= counts[-1] == CELLS
    ours = [str(each.message) for each in told if each.category is ScenarioWarning]
    assert len(ours) == 1
    assert "column 'backlog' of observation block 'cells'" in ours[0]
    assert "bounds are 0 to 2" in ours[0]


def test_vector_environments_take_mappings(scenario: Path) -> None:
    envs = TandemVectorEnv(scenario, num_envs=2, epochs=8, seed=3)
    _, infos = envs.reset()
    assert infos["seed"].tolist() == [3, 4]
    both = {name: np.stack([part, part]) for name, part in action(2).items()}
    observations, *_ = envs.step(both)
    assert observations["cells"].shape == (2, CELLS, 2)
    observations, _, _, _, infos = envs.step(envs.action_space.sample())
    assert infos["forbidden"].shape == (2,)
    envs.close()
