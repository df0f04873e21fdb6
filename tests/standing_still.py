# SPDX-License-Identifier: MIT
"""Ctrl-C while a simulator does not answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tandem.bridge.core.env import TandemEnv

WAIT_S = 0.05


@contextmanager
def standing_still(env: TandemEnv) -> Iterator[None]:
    """The simulator does not answer, and Ctrl-C comes after a while."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    os.kill(env.simulator.episode_pid, signal.SIGSTOP)
    signal.setitimer(signal.ITIMER_REAL, WAIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        os.kill(env.simulator.episode_pid, signal.SIGCONT)
