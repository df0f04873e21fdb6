# SPDX-License-Identifier: MIT
"""Scores of whole episodes, fixed actions of other episodes, learners that stay unchanged."""

from __future__ import annotations

import numpy as np
import pytest
from agent_worlds import make_observation, make_problem
from test_evaluation import state
from test_learners import NAMES, assert_equal, make, play

from tandem.agents.evaluation import seeds
from tandem.agents.evaluation.episodes import EpisodeError, EpisodeScores, episode_seeds
from tandem.agents.evaluation.fixed_actions import best_elsewhere
from tandem.agents.evaluation.players import unchanged
from tandem.agents.inference.cost import PaperCost


def scores(costs_s: list[float], seeds: tuple[int, ...] = (5, 6)) -> EpisodeScores:
    count = len(costs_s)
    none = np.zeros(count)
    return EpisodeScores(
        seeds, np.full(count, 50), np.array(costs_s), none, none, none.astype(np.int64)
    )


def test_ratio_is_of_means_and_its_interval_pairs_episodes() -> None:
    oracle = scores([0.2, 0.4])
    # In every episode 10 % more: however episodes are drawn, the ratio is the same.
    ratio = scores([0.22, 0.44]).ratio_to(oracle)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1.1, 1.1, 1.1))
    # Means: 0.5 / 0.6; alone the episodes give 0.5 and 1.
    mixed = scores([0.1, 0.4]).ratio_to(oracle)
    assert (mixed.value, mixed.low, mixed.high) == pytest.approx((5 / 6, 0.5, 1.0))
    assert np.isnan(scores([0.1], (5,)).ratio_to(scores([0.2], (5,))).low)


def test_other_episodes_are_not_compared() -> None:
    with pytest.raises(EpisodeError, match="cannot be paired"):
        scores([0.2, 0.4]).ratio_to(scores([0.2, 0.4], (5, 7)))


def test_fixed_action_of_an_episode_was_chosen_in_the_others() -> None:
    rule = PaperCost(85.0, np.inf)
    # Remote is best at 0.1 s, the accurate device variant at 0.6 s.
    fast, slow = state(0.1).table, state(0.6).table
    chosen = best_elsewhere({5: [fast], 6: [slow], 7: [slow, slow]}, rule)
    assert {seed: action.tolist() for seed, action in chosen.items()} == {
        5: [1, 1],
        6: [1, 2],  # one of each: 0.3 s in the fast state, 0.55 s in both slow ones
        7: [1, 2],
    }
    only = best_elsewhere({5: [fast], 6: [slow]}, rule)
    assert {seed: action.tolist() for seed, action in only.items()} == {5: [1, 1], 6: [2, 2]}
    assert best_elsewhere({5: [fast]}, rule) == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_learner_that_played_on_is_afterwards_what_it_was(name: str) -> None:
    problem = make_problem(2)
    learner, twin = make(name, problem), make(name, problem)
    for one in (learner, twin):
        play(one, problem, 4, seed=0)
    observation = make_observation(problem)
    with unchanged(learner):
        learner.begin_episode(5)
        play(learner, problem, 3, seed=1)
    assert_equal(learner.state_dict(), twin.state_dict())
    assert play(learner, problem, 4, seed=2) == play(twin, problem, 4, seed=2)
    assert learner.act(observation).tolist() == twin.act(observation).tolist()


def test_seeds_of_episodes_serve_nothing_else() -> None:
    others = (seeds.RUNS, seeds.TRAINED, seeds.JUDGING, seeds.TUNING, seeds.TRAINING)
    for seed in (*episode_seeds(1), episode_seeds(1000)[-1]):
        assert seed in seeds.EPISODES
        assert not any(seed in other for other in others)
