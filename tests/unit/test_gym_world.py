# SPDX-License-Identifier: MIT
"""Any Gymnasium environment as a world to learn in."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from tandem.agents.common.action_coding import UnfitActions
from tandem.agents.training.gym_world import GymWorld, UnfitObservations
from tandem.agents.training.loop import Training

CHANNELS = 4
SLOTS = 20


class Hopping(gymnasium.Env[Any, Any]):
    """The busy channel is the next one in the next slot; choosing it costs 1, another earns 1."""

    observation_space = spaces.Box(0, 1, (CHANNELS,), np.int64)
    action_space = spaces.Discrete(CHANNELS)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.slot, self.busy = 0, int(self.np_random.integers(CHANNELS))
        return self.seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action), action
        self.busy = (self.busy + 1) % CHANNELS
        self.slot += 1
        reward = -1.0 if action == self.busy else 1.0
        return self.seen(), reward, False, self.slot == SLOTS, {}

    def seen(self) -> Any:
        return np.eye(CHANNELS, dtype=np.int64)[self.busy]


class Shown(gymnasium.Env[Any, Any]):
    """Shows what it is given."""

    def __init__(self, space: spaces.Space[Any], shown: Any = None) -> None:
        self.observation_space = space
        self.action_space = spaces.Dict(
            power=spaces.Box(np.array([0, -2]), np.array([1, 2]), dtype=np.float64),
            channel=spaces.Discrete(3),
        )
        self._shown = shown

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return self._shown, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self._shown, 0.0, True, False, {}


def test_what_spaces_declare_is_the_schema() -> None:
    seen = spaces.Dict(
        load=spaces.Box(np.array([0, -np.inf]), np.array([5, np.inf]), dtype=np.float64),
        mode=spaces.Discrete(3),
    )
    shown = {"load": np.array([1.5, -7.0]), "mode": 2}
    world = GymWorld(Shown(seen, shown), "mine")
    assert world.schema.scenario == "mine"
    blocks = {block.name: block for block in world.schema.observation}
    low, high = blocks["load"].limits
    assert low.tolist() == [0.0, -np.inf]
    assert high.tolist() == [5.0, np.inf]
    # A choice is one value per choice: 2 is not twice 1.
    assert blocks["mode"].shape == (3,)
    actions = {block.name: block for block in world.schema.actions}
    assert not actions["channel"].is_real
    assert actions["power"].limits[0].tolist() == [0.0, -2.0]
    first = world.reset(1)
    assert {name: values.tolist() for name, values in first.items()} == {
        "load": [1.5, -7.0],
        "mode": [0.0, 0.0, 1.0],
    }
    feedback = world.step({"power": np.zeros(2), "channel": 0})
    assert (feedback.terminated, feedback.truncated) == (True, False)


def test_what_cannot_be_learned_is_refused() -> None:
    with pytest.raises(UnfitObservations, match="no fixed number of values"):
        GymWorld(Shown(spaces.Sequence(spaces.Discrete(3))))
    env = Shown(spaces.Discrete(2))
    env.action_space = spaces.Tuple((spaces.Discrete(2),))
    with pytest.raises(UnfitActions, match="cannot be made flat"):
        GymWorld(env)
    # ns3-gym's examples end like this.
    world = GymWorld(Shown(spaces.Box(0, 1, (4,)), np.zeros(0)))
    with pytest.raises(UnfitObservations, match=r"has 0 values, 4 are declared\..*TimeLimit"):
        world.reset(1)


def test_hybrid_learns_in_it() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from tandem.agents.general.hybrid import HybridConfig
    from tandem.agents.hybrid import HybridAgent

    world = GymWorld(Hopping())
    settings = {
        "model_free": {"use": False},
        "planning": {"horizon": 1},
        "model": {"members": 2, "hidden": 16},
    }
    training = Training(world, HybridAgent(world, HybridConfig.model_validate(settings), 1), 1)
    training.run(60)
    assert min(row.reward for row in training.history[:40]) == -1.0  # at random
    agent = training.learner
    observation = world.reset(1)
    for _ in range(2 * CHANNELS):
        feedback = world.step(agent.act(observation))
        assert feedback.reward == 1.0
        observation = feedback.observation
