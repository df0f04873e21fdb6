# SPDX-License-Identifier: MIT
"""Buffers, DQN, checkpoints and the hybrid agent, without a simulator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from agent_worlds import (
    CLOUD,
    EDGE,
    make_observation,
    make_problem,
    permuted,
    played_transition,
    synthetic_transition,
)
from request_rows import MakeRequests

from tandem.agents.api import Agent, Learner
from tandem.agents.baselines.branching_dqn import BranchingDqn
from tandem.agents.baselines.dqn_settings import BranchingDqnConfig
from tandem.agents.checkpoint import load_state, save_state
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.hybrid import HybridAgent, HybridConfig
from tandem.agents.inference.components import UPLINK, read_answers
from tandem.agents.inference.direct import DirectConfig, DirectCorrection
from tandem.agents.inference.model.config import ModelConfig, PriorConfig
from tandem.agents.inference.system_model import SystemModel


def play(agent: HybridAgent, transitions: int, seed: int, slowdown: float = 1.0) -> list[list[int]]:
    """Let an agent learn from a made-up system; returns what it played."""
    rng = np.random.default_rng(seed)
    played = []
    for _ in range(transitions):
        transition = synthetic_transition(agent.model.problem, rng, slowdown)
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


def test_state_survives_the_disk(tmp_path: Path) -> None:
    state = {
        "array": np.arange(3),
        "number": np.float64(2.5),
        "nested": [{"flag": np.array([True])}, None, "text", 2**80],
        "tensor": torch.ones(2),
        "optimizer": {0: {"step": 3}, "other": {"numpy.array": 1}},
    }
    save_state(tmp_path / "state.pt", state)
    found = load_state(tmp_path / "state.pt")
    assert found["array"].tolist() == [0, 1, 2]
    assert found["array"].dtype == np.int64
    assert found["number"] == 2.5
    assert found["nested"][0]["flag"].dtype == np.bool_
    assert found["nested"][1:] == [None, "text", 2**80]
    assert torch.equal(found["tensor"], torch.ones(2))
    assert found["optimizer"] == {0: {"step": 3}, "other": {"numpy.array": 1}}
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_a_checkpoint_of_version_0_1_can_be_read(tmp_path: Path) -> None:
    """That version wrote PyTorch's format, with arrays as marked tensors."""
    old = {"rows": {"numpy.array": torch.arange(3)}, "weights": torch.ones(2), "format": 1}
    torch.save(old, tmp_path / "old.pt")
    found = load_state(tmp_path / "old.pt")
    assert isinstance(found["rows"], np.ndarray)
    assert found["rows"].tolist() == [0, 1, 2]
    assert torch.equal(found["weights"], torch.ones(2))


def test_agent_goes_on_from_a_checkpoint_as_if_never_stopped(tmp_path: Path) -> None:
    problem = make_problem(3)
    whole = HybridAgent(problem, HybridConfig(), seed=5)
    play(whole, 8, seed=0)
    save_state(tmp_path / "agent.pt", whole.state_dict())
    resumed = HybridAgent(problem, HybridConfig(), seed=5)
    resumed.load_state_dict(load_state(tmp_path / "agent.pt"))
    assert play(resumed, 8, seed=1) == play(whole, 8, seed=1)


def test_agent_obeys_the_threshold_where_that_costs_less() -> None:
    problem = make_problem(4)
    agent = HybridAgent(problem, HybridConfig(), seed=0)
    played = np.array(play(agent, 16, seed=0))
    assert problem.is_accurate(played).all()
    assert problem.is_accurate(agent.act(make_observation(problem)))
    assert isinstance(agent, Agent)
    assert isinstance(agent, Learner)


def test_agent_misses_the_threshold_where_obeying_costs_more() -> None:
    """The accurate variant takes 30 s on the device, and all sites are far behind."""
    table = make_problem(2).options
    slow = replace(table, service_s=np.array([30.0, 0.05, 30.0, 30.0]))
    problem = replace(make_problem(2), options=slow, timeout_s=100.0)
    agent = HybridAgent(problem, HybridConfig(), seed=0)
    action = agent.act(make_observation(problem))
    assert action.tolist() == [1, 1]
    assert not problem.is_accurate(action)


def test_agent_notices_a_change_of_the_devices_and_plans_anew() -> None:
    """At first the accurate variant is the fastest; then it takes ten times as long."""
    before = make_problem(3)
    fast = replace(before.options, service_s=np.array([0.02, 0.01, 0.1, 0.05]))
    before = replace(before, options=fast)
    after = replace(before, options=replace(fast, service_s=np.array([0.2, 0.1, 0.1, 0.05])))
    agent = HybridAgent(before, HybridConfig(), seed=0)
    rng = np.random.default_rng(0)
    alarms = []
    for step in range(60):
        problem = before if step < 40 else after
        observation = make_observation(problem, rng)
        decision = agent.decide(observation)
        transition = played_transition(problem, observation, decision.action, observation)
        if agent.learn(decision, transition).stale:
            alarms.append(step)
    assert len(alarms) == 1
    assert 40 <= alarms[0] <= 45
    device_s = agent.model.system.view(make_observation(after)).device_s
    assert device_s[:, 0] == pytest.approx([0.2] * 3, rel=0.1)


def test_what_the_model_does_not_say_is_learned_from_response_times() -> None:
    """Requests at one option take 0.4 s longer than predicted; those at the other do not."""
    problem = make_problem(2)
    direct = DirectCorrection(problem, DirectConfig(use=True))
    model = SystemModel(problem, ModelConfig(), PriorConfig())
    view = model.view(make_observation(problem))
    patterns = np.array([[1, 2], [0, 1]])
    before_s = view.pattern_s(patterns)
    assert direct.view(view).pattern_s(patterns) == pytest.approx(before_s)
    for _ in range(40):
        predicted_s = np.array([0.2, 0.2])
        direct.learn(np.array([EDGE, CLOUD]), predicted_s, np.array([0.6, 0.2]))
    corrected_s = direct.view(view).pattern_s(patterns)
    assert corrected_s[0, 0] - before_s[0, 0] == pytest.approx(0.4, rel=0.2)
    assert corrected_s[0, 1] == pytest.approx(before_s[0, 1], abs=0.03)
    assert corrected_s[1].tolist() == [0.0, pytest.approx(corrected_s[0, 0], rel=0.3)]
    weights = np.zeros((1, 2, 2))
    gained_s = direct.view(view).field_s(weights) - view.field_s(weights)
    assert gained_s[0, 0, 0] == pytest.approx(0.4, rel=0.3)
    blind = DirectCorrection(problem, DirectConfig(use=False))
    blind.load_state_dict(direct.state_dict())
    assert blind.view(view) is view


def test_an_agent_that_does_not_learn_is_its_knowledge() -> None:
    problem = make_problem(3)
    agent = HybridAgent(problem, HybridConfig(learn=False), seed=0)
    observation = make_observation(problem)
    expected = agent.act(observation)
    play(agent, 10, seed=0, slowdown=9.0)
    assert agent.act(observation).tolist() == expected.tolist()
    assert agent.policy_version == 0


def test_a_policy_has_another_version_when_it_may_have_changed() -> None:
    problem = make_problem(3)
    agent = HybridAgent(problem, HybridConfig(), seed=0)
    before = agent.policy_version
    play(agent, 1, seed=0)
    assert agent.policy_version > before
