# SPDX-License-Identifier: MIT
"""``tandem reproduce``: the paper's experiments, resumable, over several processes."""

from __future__ import annotations

import enum
import multiprocessing
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.files import replace_text
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.provenance import provenance
from tandem.scripts.app.common.arguments import parse_assignments
from tandem.scripts.app.common.judging_futures import HELP, judging_futures
from tandem.scripts.app.common.needs import need_torch
from tandem.scripts.app.common.threshold import accuracy_threshold
from tandem.scripts.app.progress import progress
from tandem.scripts.run import EXIT_INTERRUPTED, sigterm_as_interrupt

DEFAULT_OUT: Final = Path("docs/results/paper")
DEFAULT_WORK: Final = Path("runs/reproduce-paper")
QUICK_SUFFIX: Final = "-quick"
RESULTS: Final = "results"


class Experiment(str, enum.Enum):
    """What can be reproduced."""

    PAPER = "paper"


def reproduce(
    experiment: Annotated[Experiment, typer.Argument(help="Which experiments.")],
    quick: Annotated[bool, typer.Option("--quick", help="A smoke run of a few minutes.")] = False,
    out: Annotated[
        Path | None, typer.Option(help=f"Folder of tables and curves [{DEFAULT_OUT}].")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help=f"Folder of finished parts [{DEFAULT_WORK}].")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; default: one per core.")] = len(
        os.sched_getaffinity(0)
    ),
    scenario: Annotated[str, typer.Option(help="An inference scenario.")] = "wifi-edge",
    users: Annotated[list[int] | None, typer.Option(min=1, help="Repeatable.")] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option("--condition", help="Network condition A, B, C or D; repeatable."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many: 1, 2, …")] = None,
    training_states: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Replay outcomes of so many states to tabular agents, per pool; 0: they play in "
            "ns-3 like all others.",
        ),
    ] = None,
    evaluation_states: Annotated[
        int | None, typer.Option(min=1, help="States that judge, per pool.")
    ] = None,
    futures: Annotated[
        int | None,
        typer.Option(min=0, help=HELP),
    ] = None,
    agents: Annotated[
        list[str] | None, typer.Option("--agent", help="Only these agents; repeatable.")
    ] = None,
    thresholds: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            help="Accuracy threshold of every agent: percent, min or max; repeatable. Default: "
            "all for the hybrid agent, 85 for the others.",
        ),
    ] = None,
    caps: Annotated[
        list[str] | None,
        typer.Option("--cap", metavar="AGENT=N", help="Most interactions; repeatable."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any scenario argument; repeatable."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of measured states; default: the user's cache.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Repeat the paper's experiments: count the interactions that agents need.

    An agent is there when it is near the packet-level optimum. Users 3, 4, 5 × accuracy thresholds
    × network conditions A–D × agents × seeds. Each finished part is a file: after an interruption
    the same command does the rest.

    Example: tandem reproduce paper --quick
    """
    need_torch("reproducing the paper")
    from tandem.scripts.app.paper.curves import write_curves
    from tandem.scripts.app.paper.grid import QUICK, Grid
    from tandem.scripts.app.paper.report import csv_text, markdown
    from tandem.scripts.app.paper.units import Places, build_pool, finished, run_unit

    console = Console(stderr=True)
    started_s = time.monotonic()
    suffix = QUICK_SUFFIX if quick else ""
    out = out or DEFAULT_OUT.with_name(DEFAULT_OUT.name + suffix)
    grid = _grid(
        QUICK if quick else Grid(), scenario, users, conditions, seeds, agents, caps, settings
    )
    if thresholds:
        grid = replace(grid, agents=dict.fromkeys(grid.agents, _thresholds(thresholds)))
    if training_states is not None:
        grid = replace(grid, training_states=training_states)
    if evaluation_states:
        grid = replace(grid, evaluation_states=evaluation_states)
    if futures is not None:
        grid = replace(grid, futures=judging_futures(futures))
    places = Places(
        str(work or DEFAULT_WORK.with_name(DEFAULT_WORK.name + suffix)), str(cache or "")
    )
    tasks: list[Any] = list(grid.pools())
    try:
        with sigterm_as_interrupt():
            pool_s = _run_all(
                "states", console, quiet, jobs, build_pool, tasks, places, weigh=_pool_weight
            )
            units = list(grid.units())
            known = {unit.name: result for unit in units if (result := finished(unit, places))}
            missing = [unit for unit in units if unit.name not in known]
            fresh = _run_all("runs", console, quiet, jobs, run_unit, missing, places)
    except KeyboardInterrupt:
        console.print("[yellow]interrupted[/]; the same command goes on from here")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    known.update((unit.name, result) for unit, result in fresh.items())
    results = [known[unit.name] for unit in units]
    wall_s = time.monotonic() - started_s
    facts = _facts(grid, jobs, wall_s, pool_s, fresh, results)
    out.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(out / f"{RESULTS}.json", {**facts, "runs": results})
    replace_text(out / f"{RESULTS}.csv", csv_text(results))
    replace_text(out / "README.md", markdown(results, facts))
    write_curves(results, out)
    console.print(f"{len(results)} runs in [bold]{out}[/], {wall_s:.0f} s", highlight=False)


def _run_all(
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
        KeyboardInterrupt: what had begun is finished by nobody; finished parts are kept.
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
    """Tasks with their results, as they are finished; one job is this very process."""
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
    """In a worker: Ctrl-C ends it without a word; the main process tells what to do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _pool_weight(spec: Any) -> int:
    return int(spec.training + spec.evaluation * max(spec.futures, 1))


def _thresholds(given: Sequence[str]) -> tuple[Any, ...]:
    """Each one once, in order."""
    return tuple(dict.fromkeys(accuracy_threshold(text, "--threshold") for text in given))


def _grid(
    grid: Any,
    scenario: str,
    users: list[int] | None,
    conditions: list[str] | None,
    seeds: int | None,
    agents: list[str] | None,
    caps: list[str] | None,
    settings: list[str] | None,
) -> Any:
    """The default grid with what the command line changes.

    Raises:
        typer.BadParameter: an agent or a condition that the grid does not know, or a cap that is
            no number.
    """
    from tandem.scripts.app.paper.grid import CENTRE, CONDITIONS

    changes: dict[str, Any] = {
        "scenario": scenario,
        "settings": tuple(
            (name, str(value)) for name, value in parse_assignments(settings or ()).items()
        ),
    }
    if users:
        changes["users"] = tuple(users)
    for condition in conditions or ():
        if condition not in CONDITIONS:
            raise typer.BadParameter(
                f"--condition {condition!r} is unknown: one of {', '.join(CONDITIONS)}"
            )
    if conditions:
        changes["conditions"] = tuple(dict.fromkeys(conditions))
    if seeds:
        changes["seeds"] = tuple(range(1, seeds + 1))
    for agent in agents or ():
        if agent not in grid.caps:
            raise typer.BadParameter(
                f"--agent {agent!r} is not in this grid: one of {', '.join(grid.caps)}"
            )
    if agents:
        changes["agents"] = {agent: grid.agents.get(agent, CENTRE) for agent in agents}
    given = parse_assignments(caps or ())
    for agent, cap in given.items():
        if agent not in grid.caps or not str(cap).isdigit() or int(str(cap)) < 1:
            raise typer.BadParameter(
                f"--cap {agent}={cap}: an agent of {', '.join(grid.caps)} and a number ≥ 1"
            )
    changes["caps"] = {**grid.caps, **{agent: int(str(cap)) for agent, cap in given.items()}}
    return replace(grid, **changes)


def _facts(
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
