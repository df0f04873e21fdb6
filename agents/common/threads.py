# SPDX-License-Identifier: MIT
"""Keeps PyTorch to one thread where more only hurt."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def single_threaded(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` with one PyTorch thread.

    The networks of the agents are too small to be worth a second thread; on a busy machine the
    threads' waiting for each other costs a hundred times the work itself; and sums in one thread
    are the same on every machine.
    """

    @functools.wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        torch = sys.modules.get("torch")
        threads = 1 if torch is None else torch.get_num_threads()
        if torch is None or threads == 1:
            return function(*args, **kwargs)
        torch.set_num_threads(1)
        try:
            return function(*args, **kwargs)
        finally:
            torch.set_num_threads(threads)

    return alone
