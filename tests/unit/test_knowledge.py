# SPDX-License-Identifier: MIT
"""Agents that are told something else than what is so; worlds that change; a reference's costs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from agent_worlds import make_observation, make_problem

from tandem.agents.api import JointAction, Observation
from tandem.agents.evaluation import seeds
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.knowledge import TRUE, Knowledge
from tandem.agents.training.world import Feedback
from tandem.agents.training.worlds import BelievedWorld, ChangingWorld
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS

PROBLEM = make_problem(3)


class Counter:
    """A world whose cost says which one it is."""

    def __init__(self, cost_s: float, episode: int = 3) -> None:
        self.problem: JointProblem = PROBLEM
        self._cost_s = cost_s
        self._episode = episode
        self._left = 0
        self.resets = 0

    def reset(self, seed: int) -> Observation:
        self._left = self._episode
        self.resets += 1
        return make_observation(PROBLEM)

    def step(self, action: JointAction) -> Feedback:
        assert self._left > 0
        self._left -= 1
        rows: Any = np.zeros(0)
        return Feedback(
            make_observation(PROBLEM), -self._cost_s, False, self._left == 0, {"requests": rows}
        )


def test_the_truth_changes_nothing() -> None:
    observation = make_observation(PROBLEM)
    believed = TRUE.problem(PROBLEM, seed=1)
    np.testing.assert_array_equal(believed.options.service_s, PROBLEM.options.service_s)
    np.testing.assert_array_equal(believed.options.upload_bytes, PROBLEM.options.upload_bytes)
    assert TRUE.observation(PROBLEM, observation) == observation


def test_device_options_are_each_slower_or_faster_and_the_seed_decides() -> None:
    lie = Knowledge(device_factor=3.0)
    ratios = np.array(
        [lie.problem(PROBLEM, s).options.service_s / PROBLEM.options.service_s for s in range(40)]
    )
    np.testing.assert_allclose(ratios[:, 2:], 1.0)
    assert set(np.round(ratios[:, :2].ravel(), 6)) == {round(1 / 3, 6), 3.0}
    assert 10 < (ratios[:, 0] > 1).sum() < 30
    assert (ratios[:, 0] != ratios[:, 1]).any()
    again = lie.problem(PROBLEM, 7).options.service_s
    np.testing.assert_array_equal(again, lie.problem(PROBLEM, 7).options.service_s)


def test_factors_of_a_site_and_of_uploads() -> None:
    believed = Knowledge(site_factors=(("edge", 0.5),), upload_factor=0.25).problem(PROBLEM, 1)
    np.testing.assert_allclose(
        believed.options.service_s / PROBLEM.options.service_s, [1.0, 1.0, 0.5, 1.0]
    )
    np.testing.assert_allclose(believed.options.upload_bytes, PROBLEM.options.upload_bytes / 4)
    # What is believed changes no cost.
    assert believed.rule == PROBLEM.rule


def test_hidden_columns_show_idle_sites_and_silent_users() -> None:
    observation = make_observation(PROBLEM)
    observation["sites"][:] = 7.0
    seen = Knowledge(hide_site_load=True).observation(PROBLEM, observation)
    cores = PROBLEM.site_columns["cores"]
    assert (seen["sites"][:, cores] == 7.0).all()
    assert (np.delete(seen["sites"], cores, axis=1) == 0.0).all()
    assert (observation["sites"] == 7.0).all()
    assert seen["users"] is observation["users"]
    blind = Knowledge(hide_radio=True).observation(PROBLEM, observation)
    hidden = [PROBLEM.user_columns[name] for name in ("snr_db", "rate_bps", "mcs", "goodput_bps")]
    assert (blind["users"][:, hidden] == 0.0).all()
    rest = np.delete(np.arange(len(PROBLEM.user_columns)), hidden)
    np.testing.assert_array_equal(blind["users"][:, rest], observation["users"][:, rest])


def test_a_believed_world_shows_the_lie_and_charges_the_truth() -> None:
    world = BelievedWorld(Counter(0.5), Knowledge(device_factor=3.0, hide_radio=True), seed=1)
    first = world.reset(1)
    feedback = world.step(np.zeros(3, dtype=np.int32))
    for observation in (first, feedback.observation):
        assert (observation["users"][:, PROBLEM.user_columns["rate_bps"]] == 0.0).all()
    assert feedback.reward == -0.5
    assert world.problem.options.service_s[0] != PROBLEM.options.service_s[0]


def test_a_changing_world_cuts_the_episode_and_goes_on_in_the_other() -> None:
    before, after = Counter(1.0), Counter(2.0)
    world = ChangingWorld(before, after, at=4)
    costs: list[float] = []
    cuts: list[bool] = []
    over = True
    for _ in range(8):
        if over:
            world.reset(1)
        feedback = world.step(np.zeros(3, dtype=np.int32))
        over = feedback.over
        costs.append(-feedback.reward)
        cuts.append(over)
    assert costs == [1.0] * 4 + [2.0] * 4
    assert cuts == [False, False, True, True, False, False, True, False]
    assert (before.resets, after.resets) == (2, 2)


def test_no_two_uses_share_a_seed() -> None:
    ranges = [
        seeds.RUNS,
        seeds.TRAINED,
        seeds.JUDGING,
        seeds.TUNING,
        seeds.EPISODES,
        seeds.TRAINING,
    ]
    ordered = sorted(ranges, key=lambda one: one.first)
    for one, following in itertools.pairwise(ordered):
        assert one.first < one.limit <= following.first
        assert one.first in one
        assert one.limit not in one


@pytest.mark.parametrize("users", [3, 5])
def test_settings_with_a_lie_share_the_default_s_measured_states(users: int) -> None:
    default = SETTINGS[f"default-{users}"].truth
    names = ["device-lie", "hidden-load"]
    if users == 3:
        names += ["edge-lie", "cloud-lie", "upload-lie", "hidden-radio", "threshold-87"]
    assert {SETTINGS[f"{name}-{users}"].truth for name in names} == {default}
    # An argument that says the default would name other measurements.
    assert default.arguments == {"users": users, "epochs": 13}
