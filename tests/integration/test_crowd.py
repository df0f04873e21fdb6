# SPDX-License-Identifier: MIT
"""Simulators that outnumber the processors are told so, and spin for a short time only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import pytest

from tandem.bridge.core.simulator import Simulator

ACTION = np.zeros(4)


@pytest.fixture
def simulators() -> Iterator[list[Simulator]]:
    """One for each processor, so that with the agent they are one too many."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(Simulator("echo", {"values": 4, "epochs": 0}))
            for _ in os.sched_getaffinity(0)
        ]
        for simulator in started:
            simulator.reset(1)
        yield started


def play(simulators: Sequence[Simulator]) -> list[bool]:
    """All compute at the same time; returns what each was told."""
    for simulator in simulators:
        simulator.post(ACTION)
    for simulator in simulators:
        simulator.wait()
    return [simulator._channel.crowded for simulator in simulators]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor is always crowded")
def test_told_while_too_many_compute(simulators: list[Simulator]) -> None:
    one = simulators[:1]
    assert play(one) == [False]
    # The last of the first round is the one too many; from then on it is known.
    assert play(simulators) == [*[False] * (len(simulators) - 1), True]
    assert play(simulators) == [True] * len(simulators)
    assert play(one) == [True]  # as in the round before
    assert play(one) == [False]


def test_on_one_processor_one_is_too_many(simulators: list[Simulator]) -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        simulators[0].reset(2)  # it looks how many processors there are
        assert play(simulators[:1]) == [True]
    finally:
        os.sched_setaffinity(0, allowed)
        simulators[0].reset(3)


def test_an_interrupted_round_is_not_counted_for_ever(simulators: list[Simulator]) -> None:
    for simulator in simulators:
        simulator.post(ACTION)
    for simulator in simulators:
        simulator.reset(2)  # nobody waits for that step any more
    assert play(simulators[:1]) == [True]
    if len(simulators) > 1:
        assert play(simulators[:1]) == [False]
