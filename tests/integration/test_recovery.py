# SPDX-License-Identifier: MIT
"""The hybrid agent with wrong knowledge and with right knowledge, on real ns-3.

Small budgets and few states: what holds here holds clearly. `tandem reproduce wrong-knowledge`
measures it properly.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.agents.evaluation.judge import Judge
from tandem.agents.registry import make_learner
from tandem.agents.training.knowledge import Knowledge
from tandem.agents.training.loop import Training
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.settings import Setting
from tandem.scripts.app.experiments.states import JudgingStates

STATES = JudgingStates(count=3, futures=2, tuning=True)
INTERACTIONS = 20
SEEDS = (1, 2)
TRUE = Setting("default-3", "nothing")
LIE = Setting("device-lie-3", "devices", knowledge=Knowledge(device_factor=3.0))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder: Path = tmp_path_factory.mktemp("judging")
    return Places(str(folder / "work"), str(folder / "cache"))


def excess(setting: Setting, agent: str, seed: int, judge: Judge) -> tuple[float, float]:
    """How far the greedy policy is above the held-out optimum before and after learning."""
    with setting.world(seed) as world:
        learner = make_learner(agent, world.problem, seed)
        before = judge.evaluate(learner.act).ratio - 1.0
        Training(world, learner, seed).run(INTERACTIONS)
        return before, judge.evaluate(learner.act).ratio - 1.0


def test_agent_recovers_from_a_wrong_device_table(places: Places) -> None:
    """Each device option is believed to be three times as fast or as slow as it is."""
    judge = LIE.judge(places, states=STATES)
    for seed in SEEDS:
        before, after = excess(LIE, "hybrid", seed, judge)
        assert before > 0.3, seed
        assert after < 0.08, seed
        stays, _ = excess(LIE, "prior", seed, judge)
        assert stays == before


def test_agent_does_not_become_worse_than_what_it_knew(places: Places) -> None:
    judge = TRUE.judge(places, states=STATES)
    for seed in SEEDS:
        before, after = excess(TRUE, "hybrid", seed, judge)
        assert before < 0.1
        assert after <= before + 0.02, seed
