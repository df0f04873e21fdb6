# SPDX-License-Identifier: MIT
"""Policies played at states that were only searched, against what a complete table says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tandem.agents.api import JointAction, Observation
from tandem.agents.evaluation.judge import (
    EvaluationSet,
    Policy,
    SiteExplorer,
    StateDraw,
    draw_states,
)
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.played_evaluation import PlayedEvaluationSet, with_histories
from tandem.agents.evaluation.prober import OracleError
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.env import TandemEnv

DRAW = StateDraw(count=3, first_seed=70, per_episode=2, stride=2)
ARGUMENTS = {"users": 2, "epochs": 5}


@contextmanager
def judges(futures: int) -> Iterator[tuple[EvaluationSet, PlayedEvaluationSet]]:
    """The same states, once looked up and once played."""
    with TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0)) as env:
        walk, oracle = Walk(env), Oracle(env, futures=futures)
        states = with_histories(walk, draw_states(walk, oracle, SiteExplorer(env.schema), DRAW))
        known = EvaluationSet([state.solution for state in states], oracle.rule)
        yield known, PlayedEvaluationSet(env, states, oracle.futures)


def scripted(seed: int) -> Policy:
    """Draws joint actions; equal seeds draw the same."""
    rng = np.random.default_rng(seed)

    def policy(observation: Observation) -> JointAction:
        return rng.integers(0, 10, 2).astype(np.int32)

    return policy


@pytest.mark.parametrize("futures", [0, 2])
def test_played_costs_equal_those_of_complete_tables(futures: int) -> None:
    with judges(futures) as (known, played):
        assert played.exact
        assert played.oracle_s == played.lower_bound_s == known.oracle_s
        for seed in range(3):
            expected, found = known.evaluate(scripted(seed)), played.evaluate(scripted(seed))
            assert np.array_equal(found.actions, expected.actions)
            assert found.costs_s == pytest.approx(expected.costs_s, abs=1e-9)
            assert found.response_s == pytest.approx(expected.response_s, abs=1e-9)
            assert found.accuracy_percent == pytest.approx(expected.accuracy_percent)
            assert found.violated == expected.violated


def test_what_cannot_judge_is_refused() -> None:
    with (
        TandemEnv("wifi-edge", ARGUMENTS, objective=PaperObjective(85.0)) as env,
        pytest.raises(OracleError, match="at least 1 state"),
    ):
        PlayedEvaluationSet(env, [])
