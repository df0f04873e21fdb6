# SPDX-License-Identifier: MIT
"""Observations are published line by line, only what is new: copies hold nothing old either."""

from __future__ import annotations

import numpy as np
import pytest

from tandem.bridge.core.simulator import Simulator

STEPS = 40
#: Below and above the size from which blocks are written past the cache.
SIZES = (20, 3000)


@pytest.mark.parametrize("values", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_every_value_is_the_present_one(values: int, share: float) -> None:
    changing = round(share * (values - 1))
    arguments = {"values": values, "choices": 1, "changing": changing, "epochs": 0}
    with Simulator("echo", arguments, branch_slots=6) as simulator:
        for seed in (1, 2):
            simulator.reset(seed)
            for step in range(STEPS):
                action = np.full(1, step // 3)  # the first value changes at times
                expected = np.zeros(values)
                expected[values - changing :] = step
                expected[0] = step // 3
                if step % 7 == 0:
                    (branch,) = simulator.branch([action])
                    assert np.array_equal(branch.observation["values"], expected)
                    later = simulator.branch_epochs([[action, action, [9.0]]])[0]
                    assert later[2].observation["values"][0] == 9.0
                    assert (later[2].observation["values"][values - changing :] == step + 2).all()
                observed = simulator.step(action).observation["values"]
                assert np.array_equal(observed, expected)


def test_what_is_published_cannot_be_written_to() -> None:
    with Simulator("echo", {"values": 4, "epochs": 0}) as simulator:
        simulator.reset(1)
        memory = simulator._channel.observation(0)
        assert not memory.flags.writeable
