# SPDX-License-Identifier: MIT
"""The hybrid agent takes no run in which nothing changes for one in which something does."""

from __future__ import annotations

import pytest

from tandem.agents.registry import make_learner
from tandem.agents.training.loop import Training
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS

RUNS = 100
INTERACTIONS = 300
#: Runs of one test, so that they can be played side by side.
AT_ONCE = 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1, RUNS + 1, AT_ONCE))
def test_no_alarm_where_nothing_changes(first: int) -> None:
    alarms = {}
    for seed in range(first, first + AT_ONCE):
        with SETTINGS["default-3"].world(seed) as world:
            training = Training(world, make_learner("hybrid", world.problem, seed), seed)
            training.run(INTERACTIONS)
            assert training.interactions == INTERACTIONS
            alarms[seed] = [row.interaction for row in training.history if row.stale]
    assert alarms == {seed: [] for seed in alarms}
