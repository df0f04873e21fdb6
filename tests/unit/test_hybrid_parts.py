# SPDX-License-Identifier: MIT
"""Buffers, DQN, staleness, checkpoints and the agent that joins them, without a simulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from agent_worlds import EDGE, make_observation, make_problem, permuted, synthetic_transition
from conftest import MakeRequests

from tandem.agents.api import Agent, Decision, Learner
from tandem.agents.baselines.branching_dqn import BranchingDqn, BranchingDqnConfig
from tandem.agents.checkpoint import load_state, save_state
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.hybrid import HybridAgent, HybridConfig
from tandem.agents.inference.components import UPLINK, read_answers
from tandem.agents.inference.config import ModelConfig
from tandem.agents.inference.model.staleness import StalenessDetector

QUICK = HybridConfig(
    warmup=3, model=ModelConfig(steps_per_fit=5), imagined_epochs=6, imagined_updates=1
)


def play(agent: HybridAgent, transitions: int, seed: int, slowdown: float = 1.0) -> list[list[int]]:
    """Let an agent learn from a made-up system; returns what it played."""
    rng = np.random.default_rng(seed)
    played = []
    for _ in range(transitions):
        transition = synthetic_transition(agent.problem, rng, slowdown)
        decision = agent.decide(transition.observation)
        played.append(decision.action.tolist())
        agent.learn(decision, transition)
    return played


def test_components_are_of_requests_under_the_present_choice(make_requests: MakeRequests) -> None:
    requests = make_requests(
        {
            "user": 0,
            "option": EDGE,
            "upload_bytes": 900,
            "uplink_air_s": 0.1,
            "uplink_queue_s": 0.2,
        },
        {"user": 0, "option": EDGE, "upload_bytes": 700, "uplink_air_s": 0.3},
        {"user": 1, "option": 0, "device_compute_s": 9.0},
    )
    action = np.array([EDGE, EDGE, 0], dtype=np.int32)
    answers = read_answers(action, requests)
    assert answers.answered.tolist() == [True, False, False]
    assert answers.components_s[0, UPLINK] == pytest.approx(0.3)
    assert answers.components_s[1:].sum() == 0.0
    assert answers.upload_bytes.tolist() == [800.0, 0.0, 0.0]


def test_buffer_forgets_the_oldest_and_comes_back_from_its_state() -> None:
    problem, rng = make_problem(2), np.random.default_rng(0)
    buffer = ReplayBuffer(3)
    transitions = [synthetic_transition(problem, rng, 1.0) for _ in range(5)]
    for transition in transitions:
        buffer.add(transition)
    assert [transition.cost_s for transition in buffer] == [
        transition.cost_s for transition in transitions[2:]
    ]
    other = ReplayBuffer(1)
    other.load_state_dict(buffer.state_dict())
    assert [transition.cost_s for transition in other] == [
        transition.cost_s for transition in transitions[2:]
    ]
    drawn = [[e.cost_s for e in b.sample(4, np.random.default_rng(1))] for b in (buffer, other)]
    assert drawn[0] == drawn[1]


def test_empty_buffer_has_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="empty buffer"):
        ReplayBuffer(3).sample(1, np.random.default_rng(0))


def test_dqn_values_follow_a_permutation_of_users() -> None:
    problem, rng = make_problem(5), np.random.default_rng(0)
    dqn = BranchingDqn(problem, BranchingDqnConfig(), seed=0)
    observation, order = make_observation(problem, rng), rng.permutation(5)
    expected = dqn.values(observation)[order]
    assert dqn.values(permuted(observation, order)) == pytest.approx(expected, abs=1e-5)


def test_dqn_learns_which_option_is_cheap() -> None:
    problem, rng = make_problem(1), np.random.default_rng(0)
    dqn = BranchingDqn(problem, BranchingDqnConfig(gamma=0.0, learning_rate=5e-3), seed=0)
    transitions = [synthetic_transition(problem, rng, 1.0) for _ in range(64)]
    for _ in range(150):
        dqn.update(transitions)
    cost = {option: [e.cost_s for e in transitions if e.action[0] == option] for option in range(4)}
    cheapest = min(cost, key=lambda option: float(np.mean(cost[option])))
    assert int(dqn.values(transitions[0].observation)[0].argmax()) == cheapest


def test_staleness_alarms_after_a_jump_only() -> None:
    detector = StalenessDetector(window=5, wait=20, factor=2.0)
    falling = np.linspace(0.6, 0.2, 60)
    assert not any(detector.add(float(value)) for value in falling)
    assert not detector.add(float("nan"))
    alarms = [detector.add(1.0) for _ in range(8)]
    assert sum(alarms) == 1
    assert alarms.index(True) <= 5


def test_a_few_bad_epochs_are_no_change_of_the_network() -> None:
    """Three of them raise the mean over twelve transitions more than twofold."""
    detector = StalenessDetector(window=12, wait=60, factor=2.0)
    usual = np.random.default_rng(0).gamma(4.0, 0.05, 200)
    assert not any(detector.add(float(value)) for value in usual[:100])
    assert not any(detector.add(value) for value in (2.0, 2.0, 2.0))
    assert not any(detector.add(float(value)) for value in usual[100:])
    assert sum(detector.add(2.0 * float(value) + 0.2) for value in usual[:30]) == 1


def test_state_survives_the_disk(tmp_path: Path) -> None:
    state = {
        "array": np.arange(3),
        "number": np.float64(2.5),
        "nested": [{"flag": np.array([True])}, None, "text", 2**80],
        "tensor": torch.ones(2),
    }
    save_state(tmp_path / "state.pt", state)
    found = load_state(tmp_path / "state.pt")
    assert found["array"].tolist() == [0, 1, 2]
    assert found["array"].dtype == np.int64
    assert found["number"] == 2.5
    assert found["nested"][0]["flag"].dtype == np.bool_
    assert found["nested"][1:] == [None, "text", 2**80]
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_agent_goes_on_from_a_checkpoint_as_if_never_stopped(tmp_path: Path) -> None:
    problem = make_problem(3)
    whole = HybridAgent(problem, QUICK, seed=5)
    play(whole, 8, seed=0)
    save_state(tmp_path / "agent.pt", whole.state_dict())
    resumed = HybridAgent(problem, QUICK, seed=5)
    resumed.load_state_dict(load_state(tmp_path / "agent.pt"))
    assert play(resumed, 8, seed=1) == play(whole, 8, seed=1)


def test_agent_always_obeys_the_threshold() -> None:
    problem = make_problem(4)
    agent = HybridAgent(problem, QUICK.model_copy(update={"dqn_share": 0.5}), seed=0)
    played = np.array(play(agent, 16, seed=0))
    assert problem.is_accurate(played).all()
    assert problem.is_accurate(agent.act(make_observation(problem)))
    assert isinstance(agent, Agent)
    assert isinstance(agent, Learner)


def test_agent_notices_a_change_and_refits() -> None:
    problem = make_problem(3)
    config = HybridConfig(
        stale_after=24, stale_window=6, imagined_epochs=0, model=ModelConfig(steps_per_fit=40)
    )
    agent = HybridAgent(problem, config, seed=0)
    rng = np.random.default_rng(0)
    alarms = []
    for step in range(60):
        transition = synthetic_transition(problem, rng, 1.0 if step < 40 else 8.0)
        agent.decide(transition.observation)
        # What was predicted for the action that the made-up system then plays.
        prediction = agent.model.predict(transition.observation, transition.action[None])
        predicted_s = prediction.response_s.mean(axis=0)[0]
        lesson = agent.learn(Decision(transition.action, "plan", predicted_s), transition)
        if lesson.stale:
            alarms.append(step)
    assert len(alarms) == 1
    assert 40 <= alarms[0] <= 50


def test_ablation_without_planning_acts_by_the_dqn() -> None:
    problem = make_problem(3)
    agent = HybridAgent(problem, QUICK.model_copy(update={"use_planning": False}), seed=0)
    play(agent, 6, seed=0)
    assert not len(agent.imagined)
    assert problem.is_accurate(agent.act(make_observation(problem)))


def test_rollouts_continue_in_imagined_states() -> None:
    problem = make_problem(2)
    agent = HybridAgent(problem, QUICK.model_copy(update={"rollout_length": 3}), seed=0)
    play(agent, 4, seed=0)
    # 2 states × 3 actions × 3 transitions.
    assert len(agent.imagined) == 18
    assert all(
        np.isfinite(transition.next_observation["users"]).all() for transition in agent.imagined
    )
