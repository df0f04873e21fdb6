# SPDX-License-Identifier: MIT
"""The hybrid agent of any scenario, on dynamics whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from tandem.agents.checkpoint import load_state, save_state
from tandem.agents.general.api import Step
from tandem.agents.general.hybrid import HybridConfig
from tandem.agents.general.hybrid_config import WorldModelConfig
from tandem.agents.general.kinds import general_config
from tandem.agents.general.model.features import Features
from tandem.agents.general.model.world_model import WorldModel
from tandem.agents.general.sequences import ActionCodes
from tandem.agents.hybrid import HybridAgent
from tandem.bridge.core.block import Block, Column
from tandem.bridge.core.schema import Schema

Array = NDArray[np.float64]
NOISE = 0.3
#: Dynamics: state and action → next state and reward.
Dynamics = Callable[[Array, Any, np.random.Generator], tuple[Array, float]]


def schema(observation: tuple[Block, ...], actions: tuple[Block, ...]) -> Schema:
    return Schema("synthetic", "", "", "", observation, actions, (), {})


def real(name: str, size: int, most: float = 10.0) -> Block:
    return Block(name, "float64", (size,), 0, (Column("level", "", "", low=-most, high=most),))


def choice(name: str, size: int, most: int, **more: Any) -> Block:
    return Block(name, "int32", (size,), 0, (), 0, most, **more)


class Synthetic(NamedTuple):
    """What the agent asks of an environment before it plays."""

    schema: Schema

    @property
    def action_space(self) -> Any:
        return self.schema.action_space()


def bandit(state: Array, action: Any, rng: np.random.Generator) -> tuple[Array, float]:
    """Four arms; the third is best."""
    return state, [0.0, 0.3, 1.0, 0.5][int(action[0])] + NOISE * rng.standard_normal()


def drive(state: Array, action: Any, rng: np.random.Generator) -> tuple[Array, float]:
    """Linear: the best action brings the state to zero, which is -2 times the state."""
    following = np.clip(state + 0.5 * np.asarray(action), -10.0, 10.0)
    return following, -float((following**2).sum())


def trap(state: Array, action: Any, rng: np.random.Generator) -> tuple[Array, float]:
    """Action 1 pays at once, and leads to where nothing pays for long."""
    if state[0] > 0.0:
        return np.maximum(state - 1.0, 0.0), 0.0
    return (np.array([4.0]), 1.0) if int(action[0]) == 1 else (state, 0.5)


def play(
    agent: HybridAgent, dynamics: Dynamics, decisions: int, size: int, seed: int = 5
) -> list[Any]:
    """Let it learn; an episode every 25 decisions. Returns its actions."""
    rng = np.random.default_rng(seed)
    played = []
    for number in range(decisions):
        if number % 25 == 0:
            agent.begin_episode(number)
            state = rng.uniform(-2.0, 2.0, size) if dynamics is drive else np.zeros(size)
        seen = {"seen": state}
        chosen = agent.decide(seen)
        state, reward = dynamics(state, chosen.action, rng)
        agent.learn(chosen, Step(seen, chosen.action, reward, {"seen": state}, False))
        played.append(chosen.action)
    return played


def agent_for(actions: Block, size: int, **config: Any) -> HybridAgent:
    made: Any = Synthetic(schema((real("seen", size),), (actions,)))
    settings = general_config("hybrid", {"random_share": 0.05, **config})
    assert isinstance(settings, HybridConfig)
    return HybridAgent(made, settings, seed=1)


@pytest.mark.parametrize("half", [True, False])
def test_it_finds_the_best_arm_and_how_much_chance_there_is(half: bool) -> None:
    agent = agent_for(choice("arm", 1, 3), 1, model_free={"use": half})
    play(agent, bandit, 200, 1)
    assert agent.act({"seen": np.zeros(1)}).tolist() == [2]
    mean, variance, _ = agent.model._foreseen({"seen": np.zeros(1)}, np.array([2.0]))
    assert mean == pytest.approx(1.0, abs=0.15)
    assert np.sqrt(variance) == pytest.approx(NOISE, rel=0.5)


def test_it_learns_a_linear_system_and_steers_it() -> None:
    agent = agent_for(
        real("push", 2, 4.0), 2, model_free={"use": False}, planning={"horizon": 1, "budget": 500}
    )
    play(agent, drive, 300, 2)
    for state in ([1.0, -1.0], [-1.5, 0.5]):
        action = np.asarray(agent.act({"seen": np.array(state)}))
        after, _ = drive(np.array(state), action, np.random.default_rng(0))
        # Random actions miss by 1.6 on average.
        assert np.abs(after).max() < 0.8, (state, action)
    assert agent.model.accuracy.unexplained[0] < 0.3


@pytest.mark.parametrize(
    ("config", "way"),
    [
        ({"planning": {"horizon": 1}, "model_free": {"use": False}}, 1),
        (
            {
                "planning": {"horizon": 4},
                "model_free": {"use": False},
                "accuracy": {"limit": 10.0},
            },
            0,
        ),
        ({"planning": {"horizon": 1}, "model_free": {"use": True}}, 0),
    ],
    ids=["short", "far", "values"],
)
def test_it_falls_for_what_pays_at_once_only_if_it_sees_no_further(
    config: dict[str, Any], way: int
) -> None:
    """One decision ahead the trap looks better, four decisions ahead it does not."""
    agent = agent_for(choice("way", 1, 1), 1, **config)
    play(agent, trap, 300, 1)
    assert agent.act({"seen": np.zeros(1)}).tolist() == [way]


def test_pure_chance_is_known_as_such() -> None:
    def chance(state: Array, action: Any, rng: np.random.Generator) -> tuple[Array, float]:
        return rng.uniform(-1.0, 1.0, 1), float(rng.standard_normal())

    agent = agent_for(choice("arm", 1, 1), 1, model_free={"use": False})
    play(agent, chance, 300, 1)
    assert agent.model.accuracy.unexplained[0] > 0.8
    assert agent.model.accuracy.length == 1


@pytest.mark.parametrize("actions", [choice("arm", 1, 3), real("push", 1, 1.0)], ids=["dqn", "sac"])
def test_a_resumed_agent_goes_on_as_one_that_never_stopped(actions: Block, tmp_path: Path) -> None:
    dynamics = bandit if actions.name == "arm" else drive
    small = {"model_free": {"updates": 10, "starts": 20}, "warmup": 20}
    whole = agent_for(actions, 1, **small)
    play(whole, dynamics, 70, 1)
    save_state(tmp_path / "state.pt", whole.state_dict())
    rest = agent_for(actions, 1, **small)
    rest.load_state_dict(load_state(tmp_path / "state.pt"))
    after = [play(agent, dynamics, 50, 1, seed=9) for agent in (whole, rest)]
    assert str(after[0]) == str(after[1])
    assert len({str(action) for action in after[0]}) > 1


def test_rows_of_agents_are_a_set_and_the_rest_is_common() -> None:
    two = tuple(Column(name, "", "", low=0.0, high=1e9) for name in ("rate_bps", "queue"))
    declared = schema(
        (
            Block("clock", "float64", (), 0, (Column("time", "s", "", low=0.0),)),
            Block("cells", "float64", (3, 2), 0, two, rows="cell"),
        ),
        (choice("channel", 3, 3, rows="cell"), choice("mode", 1, 1)),
    )
    features = Features(declared, ActionCodes(declared.action_space()))
    assert features.rows == 3
    assert features.row_values.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert features.common_values.tolist() == [0]
    # Each channel: its share of the range, and an input per value.
    assert features.row_actions.tolist() == [list(range(5 * i, 5 * i + 5)) for i in range(3)]
    assert features.common_actions.tolist() == [15, 16, 17]
    given = features.actions(np.array([0.0, 3.0, 1.0, 1.0]))
    assert given[:10].tolist() == [-1, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    seen = {"clock": np.array(7.0), "cells": np.array([[2e6, 0.0], [2e9, 1.0], [0.0, 50.0]])}
    state = features.compressed(seen)
    assert np.abs(state).max() < 10.0
    assert np.isfinite(state).all()


def test_an_infinite_range_and_a_constant_column_do_no_harm() -> None:
    columns = (Column("any", "", ""), Column("constant", "", "", low=0.0, high=1.0))
    declared = schema((Block("seen", "float64", (2,), 0, columns),), (choice("arm", 1, 1),))
    model = WorldModel(declared, ActionCodes(declared.action_space()), WorldModelConfig(), 1)
    rng = np.random.default_rng(0)
    for _ in range(40):
        before, after = (
            {"seen": np.array([rng.choice([-1e12, 0.0, 1e-9, 1e300]), 1.0])} for _ in range(2)
        )
        model.add(before, np.array([1.0]), 1.0, after, ended=False, begins=False)
    model.fit(30)
    following, reward, variance = model.predict(
        model.spread(model.state({"seen": np.array([1e300, 1.0])})[None]), np.array([[0.0]])
    )
    for found in (following, reward, variance):
        assert np.isfinite(np.asarray(found)).all()
