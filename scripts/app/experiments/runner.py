# SPDX-License-Identifier: MIT
"""Runs the parts of an experiment over several processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from rich.console import Console

from tandem.scripts.app.progress import progress


def run_all(
    title: str,
    console: Console,
    quiet: bool,
    jobs: int,
    function: Callable[[Any, Any], Any],
    tasks: Sequence[Any],
    places: Any,
) -> dict[Any, Any]:
    """``function`` on every task, over processes; results by task.

    Raises:
        KeyboardInterrupt: parts under way are lost; finished parts are kept.
    """
    results: dict[Any, Any] = {}
    total = sum(task.weight for task in tasks)
    with progress(title, total, title, console=console, quiet=quiet) as bar:
        for task, result in _outcomes(function, tasks, places, min(jobs, len(tasks))):
            results[task] = result
            bar.advance(task.weight)
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
