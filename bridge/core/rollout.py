# SPDX-License-Identifier: MIT
"""Branches whose actions are not known before: policies play in forks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

from tandem.bridge.core.backend import RunningSimulator
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.plays import Policy, held


def play_policies(
    simulator: RunningSimulator,
    policies: Sequence[Policy],
    horizon: int,
    *,
    parallel: int | None = None,
    future: int = 0,
) -> list[tuple[list[Frame], list[Any]]]:
    """Let policies play from a simulator's present decision, each in a fork of it.

    Args:
        simulator: is left where it is.
        policies: called with what is observed, copies.
        horizon: epochs that each plays.
        parallel: forks that exist at the same time; default: one per available core.
        future: random draws that they meet, as in `tandem.bridge.core.env.TandemEnv.branch`.

    Returns:
        For each policy the frame after each epoch, fewer if the episode ended, and its actions.

    Raises:
        as `tandem.bridge.core.simulator.Simulator.fork` and ``step``.
    """
    epochs = held(None, horizon)
    count = max(1, len(os.sched_getaffinity(0)) if parallel is None else parallel)
    played: list[tuple[list[Frame], list[Any]]] = []
    for start in range(0, len(policies), count):
        with contextlib.ExitStack() as forks:
            lot = [
                (_forked(simulator, future, forks), policy)
                for policy in policies[start : start + count]
            ]
            results: list[tuple[list[Frame], list[Any]]] = [([], []) for _ in lot]
            for _ in epochs:
                going = []
                for (fork, policy), (frames, actions) in zip(lot, results, strict=True):
                    if frames and frames[-1].status is not Status.DECISION:
                        continue
                    actions.append(policy(fork.observe()))
                    fork.post(actions[-1])
                    going.append((fork, frames))
                for fork, frames in going:
                    frames.append(fork.wait())
            played += results
    return played


def _forked(
    simulator: RunningSimulator, future: int, forks: contextlib.ExitStack
) -> RunningSimulator:
    return forks.enter_context(contextlib.closing(simulator.fork(future=future)))
