# SPDX-License-Identifier: MIT
"""Reproduces the paper (Shahhosseini et al., ISQED 2022) over several processes."""

from __future__ import annotations

import multiprocessing
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from rich.console import Console

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.provenance import provenance
from tandem.scripts.app.progress import progress


def run_all(
    title: str,
    console: Console,
    quiet: bool,
    jobs: int,
    function: Callable[[Any, Any], Any],
    tasks: Sequence[Any],
    places: Any,
    weigh: Callable[[Any], int] = lambda task: 1,
) -> dict[Any, Any]:
    """``function`` on every task, over processes; results by task.

    Raises:
        KeyboardInterrupt: parts under way are lost; finished parts are kept.
    """
    results: dict[Any, Any] = {}
    total = sum(weigh(task) for task in tasks)
    with progress(title, total, title, console=console, quiet=quiet) as bar:
        for task, result in _outcomes(function, tasks, places, min(jobs, len(tasks))):
            results[task] = result
            bar.advance(weigh(task))
            if not quiet and not console.is_terminal:
                console.print(
                    f"{title} {len(results)} / {len(tasks)}: {task.name}", highlight=False
                )
    return results


def _outcomes(
    function: Callable[[Any, Any], Any], tasks: Sequence[Any], places: Any, jobs: int
) -> Iterator[tuple[Any, Any]]:
    """Tasks with their results, as they finish; a single job runs in this process."""
    if jobs <= 1:
        for task in tasks:
            yield task, function(task, places)
        return
    with ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_end_on_interrupt
    ) as executor:
        futures = {executor.submit(function, task, places): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _end_on_interrupt() -> None:
    """In a worker: Ctrl-C ends it silently; the main process prints what to do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def pool_weight(spec: Any) -> int:
    return int(spec.training + spec.evaluation * max(spec.futures, 1))


def facts_of(
    grid: Any,
    jobs: int,
    wall_s: float,
    pool_s: dict[Any, float],
    fresh: dict[Any, Any],
    results: Sequence[Any],
) -> dict[str, Any]:
    """Where the results come from."""
    spec = grid.pools()[0]
    with TandemEnv(spec.scenario, spec.arguments) as env:
        origin = provenance(env.schema, grid.as_config())
    import torch

    training_s = sum(result["training_cpu_s"] for result in results)
    return {
        "command": shlex.join(["tandem", *sys.argv[1:]]),
        "versions": f"tandem {origin['tandem_version']} ({origin['git_sha']}), "
        f"ns-3 {origin['ns3_version']} ({origin['ns3_provider']}), "
        f"Python {origin['python_version']}, PyTorch {torch.__version__}",
        "machine": f"{origin['host']['cpus']} CPUs, {jobs} processes",
        "wall time": f"{wall_s:.0f} s; {len(fresh)} of {len(results)} runs in it, and "
        f"{sum(pool_s.values()):.0f} process seconds for states that were not in the cache",
        "training": f"{training_s:.0f} s of one core in all",
        "grid": grid.as_config(),
    }
