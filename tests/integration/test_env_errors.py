# SPDX-License-Identifier: MIT
"""Bad input to environments: each error names the value, the limit and the next step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import tandem  # noqa: F401  (registers the environments)
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction, ScenarioError, ScenarioNotFound

USERS = 2


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    with TandemEnv("wifi-edge", users=USERS, epochs=3) as running:
        running.reset(seed=1)
        yield running


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ([0, 10], ["1", "10", "9"]),
        ([-1, 0], ["0", "-1"]),
        ([0, 2**40], ["index 1", "e+12"]),
        ([float("nan"), 0], ["0", "nan"]),
        ([0.5, 0.0], ["0", "0.5"]),
        ([0], ["1", "2"]),
        ([0, 0, 0], ["3", "2"]),
        (["edge", "cloud"], ["element type", "numbers"]),
        ([None, 0], ["element type", "numbers"]),
        (3, ["2"]),
    ],
)
def test_invalid_action_is_named_and_harmless(
    env: TandemEnv, action: Any, words: list[str]
) -> None:
    epoch = env.decision
    with pytest.raises(InvalidAction) as error:
        env.step(action)
    for word in words:
        assert word in str(error.value)
    with pytest.raises(InvalidAction):
        env.branch([[0, 0], action])
    assert env.decision == epoch
    assert len(env.branch([[0, 0]])) == 1


def test_a_list_of_joint_actions_is_a_sequence_for_branches_only(env: TandemEnv) -> None:
    with pytest.raises(InvalidAction, match="2"):
        env.step([[0, 0]])
    (outcome,) = env.branch([[[0, 0]]])
    assert len(outcome.rewards) == 1


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint16])
def test_any_integer_type_is_an_action(env: TandemEnv, dtype: Any) -> None:
    (outcome,) = env.branch([np.array([1, 2], dtype=dtype)])
    played = {row["user"]: row["option"] for row in outcome.records["requests"]}
    assert played == {0: 1, 1: 2}


def test_unknown_scenario_lists_those_there_are() -> None:
    with pytest.raises(ScenarioNotFound, match=r"no-such.*wifi-edge"):
        TandemEnv("no-such-scenario")


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ({"users": 0}, r"users.*0"),
        ({"users": 2008}, r"users.*2008.*2007"),
        ({"users": "many"}, r"many"),
        ({"uesrs": 5}, r"uesrs"),
    ],
)
def test_bad_scenario_arguments(arguments: dict[str, object], pattern: str) -> None:
    with pytest.raises(ScenarioError, match=pattern):
        TandemEnv("wifi-edge", arguments)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace("upload_bytes", "bytes", 1), ["upload_bytes"]),
        (lambda text: text.replace("device", "laptop", 1), ["laptop", "line 2"]),
        (lambda text: text.replace("\n1,", "\n7,", 1), ["option"]),
    ],
)
def test_bad_option_table_names_file_row_and_column(
    tmp_path: Path, edit: Any, words: list[str]
) -> None:
    from tandem.dnn_profiles.options import default_options_path

    path = tmp_path / "options.csv"
    path.write_text(edit(Path(default_options_path()).read_text()))
    with pytest.raises(ScenarioError) as error:
        TandemEnv("wifi-edge", users=1, options=path)
    for word in ["options.csv", *words]:
        assert word in str(error.value)


def test_argument_given_twice() -> None:
    with pytest.raises(TypeError, match="'users' is given twice"):
        TandemEnv("wifi-edge", {"users": 3}, users=4)


def test_custom_without_scenario() -> None:
    with pytest.raises(TypeError, match="scenario"):
        gymnasium.make("tandem/Custom-v0")
