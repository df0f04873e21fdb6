# SPDX-License-Identifier: MIT
"""The choice of where simulators and parts run; apart from what runs them, which imports slowly."""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING

from tandem.scripts.app.common.errors import OptionError

if TYPE_CHECKING:
    from tandem.bridge.backends.remote import Target
    from tandem.bridge.parts.api import Executor


class Runner(str, Enum):
    """Where they run."""

    LOCAL = "local"
    RAY = "ray"


def executor_if_asked(
    runner: Runner, jobs: int | None, target: Target | None = None
) -> Executor | None:
    """Who does the parts of a command that is usually one simulator; ``None`` if nobody is asked.

    Args:
        target: the server that simulates; ``None``: here.

    Raises:
        OptionError: parts are asked for, and a server.
        TandemError: Ray is not installed.
    """
    if runner is Runner.LOCAL and jobs is None:
        return None
    if target is not None:
        raise OptionError("--connect simulates on a server: leave out --runner and --jobs")
    return executor_of(runner, jobs)


def executor_of(runner: Runner, jobs: int | None) -> Executor:
    """Who does the parts of a command.

    Args:
        jobs: at the same time; default: one per processor of this machine, or of the cluster.

    Raises:
        TandemError: Ray is not installed.
    """
    if runner is Runner.RAY:
        from tandem.bridge.parts.ray_executor import RayExecutor

        return RayExecutor(jobs)
    from tandem.bridge.parts.local import LocalExecutor

    return LocalExecutor(jobs or len(os.sched_getaffinity(0)))
