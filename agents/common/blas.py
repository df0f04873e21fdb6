# SPDX-License-Identifier: MIT
"""Keeps NumPy's matrix products to one thread where more only hurt."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")


def one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` with one BLAS thread.

    The products of a decision are too small to be worth a second thread: with 50 users two threads
    take seven times the CPU time of one, nearly all of it spent waiting for each other.
    """

    @functools.wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return alone


@functools.cache
def _controller() -> ThreadpoolController:
    """Looks for the loaded libraries once; that takes milliseconds."""
    return ThreadpoolController()
