# SPDX-License-Identifier: MIT
"""Stable-Baselines3's PPO and DQN in our loop: SB3's own arithmetic, global draws, improvement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from agent_worlds import make_observation, make_problem, played_transition

pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed (extra 'sb3')")

from test_learners import mean_cost_s, play

from tandem.agents.api import Decision, Transition
from tandem.agents.common.errors import PolicyError
from tandem.agents.registry import learner_config, make_learner

PROBLEM = make_problem(2)


def make(name: str, seed: int = 1, **given: Any) -> Any:
    return make_learner(name, PROBLEM, seed, learner_config(name, given))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sb3-ppo", {"ppo": {"n_steps": 32, "batch_size": 32}}),
        ("sb3-dqn", {"epsilon": {"interactions": 200}, "updates": 2}),
    ],
)
def test_they_learn(name: str, given: dict[str, Any]) -> None:
    learner = make(name, **given)
    before_s = mean_cost_s(learner, PROBLEM)
    play(learner, PROBLEM, 600, seed=0)
    rng = np.random.default_rng(1_000)
    states = [make_observation(PROBLEM, rng) for _ in range(20)]
    every = np.array([[a, b] for a in range(4) for b in range(4)], dtype=np.int32)
    best_s = np.mean(
        [min(played_transition(PROBLEM, s, a, s).cost_s for a in every) for s in states]
    )
    after_s = mean_cost_s(learner, PROBLEM)
    assert after_s < 1.15 * best_s
    assert after_s < before_s


def test_calls_leave_the_global_generators_alone() -> None:
    def generators() -> tuple[list[int], list[int]]:
        return np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = generators()
    for name in ("sb3-ppo", "sb3-dqn"):
        play(make(name), PROBLEM, 140, seed=0)
    assert generators() == before


def met(count: int) -> list[Transition]:
    rng = np.random.default_rng(3)
    states = [make_observation(PROBLEM, rng) for _ in range(count + 1)]
    actions = rng.integers(4, size=(count, 2)).astype(np.int32)
    return [played_transition(PROBLEM, states[i], actions[i], states[i + 1]) for i in range(count)]


def test_an_episode_that_was_cut_off_is_worth_what_would_follow() -> None:
    learner = make("sb3-ppo", ppo={"n_steps": 4, "batch_size": 4, "gamma": 0.5})
    seen: dict[str, Any] = {}

    def spy() -> None:
        buffer = learner.model.rollout_buffer
        seen.update(rewards=buffer.rewards.copy(), starts=buffer.episode_starts.copy())

    learner.model.train = spy
    transitions = met(4)
    transitions[2] = replace(transitions[2], ended=True)
    for number, transition in enumerate(transitions):
        if number in (0, 1, 3):  # the first was cut off, the third ended
            learner.begin_episode(number)
        learner.learn(Decision(transition.action, "played"), transition)
    with torch.no_grad():
        after = learner.model.policy.predict_values(
            learner._inputs.of([transitions[0].next_observation])
        )
    plain = [-min(one.cost_s, 1.5) / 0.1 for one in transitions]
    assert seen["rewards"][:, 0].tolist() == pytest.approx(
        [plain[0] + 0.5 * float(after[0]), *plain[1:]], rel=1e-5
    )
    assert seen["starts"][:, 0].tolist() == [1.0, 1.0, 0.0, 1.0]


def test_too_many_outputs_are_refused() -> None:
    with pytest.raises(PolicyError, match="at most 10000"):
        make_learner("sb3-dqn", make_problem(9), 1)
