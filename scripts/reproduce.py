# SPDX-License-Identifier: MIT
"""``tandem reproduce``: repeats the experiments behind the published figures; can be resumed."""

from __future__ import annotations

import enum
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.bridge.core.packages import require
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.common.runner import Runner, executor_of
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.app.experiments.any_run import reproduce_any
from tandem.scripts.app.experiments.choice import EXPERIMENTS, Choice
from tandem.scripts.app.experiments.csv_file import csv_text
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.provenance import facts_of
from tandem.scripts.app.experiments.tasks import Measuring, Playing, run_all
from tandem.scripts.app.experiments.units import finished
from tandem.scripts.given import is_given
from tandem.scripts.options import Cache, Jobs, PartsRunner, Quiet

RESULTS_FOLDER: Final = Path("docs/results")
#: Shared by all experiments, so that what one has measured serves the others.
DEFAULT_WORK: Final = Path("runs/reproduce")
RESULTS: Final = "results"
ANY_QUICK: Final = "any-quick"
#: Options that the experiment ``any`` has.
OF_ANY: Final = (
    "experiment",
    "quick",
    "out",
    "work",
    "runner",
    "jobs",
    "settings",
    "agents",
    "seeds",
    "quiet",
    "only_finished",
)


class ExperimentName(str, enum.Enum):
    """What can be reproduced."""

    PAPER = "paper"
    WRONG_KNOWLEDGE = "wrong-knowledge"
    ANY = "any"


def reproduce(
    context: typer.Context,
    experiment: Annotated[ExperimentName, typer.Argument(help="Which experiment.")],
    quick: Annotated[bool, typer.Option("--quick", help="A smoke run of a few minutes.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help=f"Folder of tables and curves [{RESULTS_FOLDER}/EXPERIMENT]."),
    ] = None,
    work: Annotated[Path, typer.Option(help="Folder of finished parts.")] = DEFAULT_WORK,
    runner: PartsRunner = Runner.LOCAL,
    jobs: Jobs = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--setting", help="wrong-knowledge: only these settings; any: scenarios; repeatable."
        ),
    ] = None,
    users: Annotated[
        list[int] | None, typer.Option(min=1, help="paper: how many; repeatable.")
    ] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option("--condition", help="paper: network condition A, B, C or D; repeatable."),
    ] = None,
    thresholds: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            help="paper: accuracy threshold of every agent: percent, min or max; repeatable. "
            "Default: 80, 85, 89 and max for the hybrid agent, 85 for most others.",
        ),
    ] = None,
    agents: Annotated[
        list[str] | None,
        typer.Option("--agent", help="Only these agents, also others than usual; repeatable."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many: 1, 2, …")] = None,
    states: Annotated[
        int | None, typer.Option(min=1, help="States that judge, per system.")
    ] = None,
    futures: Annotated[
        int | None, typer.Option(min=0, help="Futures in which each state is judged; 2 or more.")
    ] = None,
    caps: Annotated[
        list[str] | None,
        typer.Option("--cap", metavar="AGENT=N", help="Most interactions; repeatable."),
    ] = None,
    tuning: Annotated[
        bool,
        typer.Option(
            "--tuning",
            help="Judge at other states, kept for tuning: what is changed by looking at them is "
            "then judged at states that nobody has looked at.",
        ),
    ] = False,
    learning_cost: Annotated[
        bool,
        typer.Option(
            help="Measure what learning costs: a branch of the prior's choice at each interaction, "
            "which takes up to twice the simulation."
        ),
    ] = True,
    episodes: Annotated[
        int,
        typer.Option(min=0, help="Whole episodes of 50 decisions that agents play in the end."),
    ] = 0,
    only_finished: Annotated[
        bool, typer.Option("--finished", help="any: run nothing, report what is finished.")
    ] = False,
    cache: Cache = None,
    quiet: Quiet = False,
) -> None:
    """Repeat experiments: how fast agents learn, and what wrong knowledge does.

    `paper` is the grid of Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning
    Inference in Multi-user Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098): users × accuracy
    thresholds × network conditions × agents × seeds. In `wrong-knowledge` the agent's tables, what
    it sees, or the system it meets differ from what it believes.

    `any` tells how many interactions agents of any scenario need on `lte-power`, `tcp-bottleneck`
    and `wifi-contention`; it has --setting, --agent and --seeds.

    Each finished part is a file: after an interruption the same command does the rest. For `any`
    so does a report in --out, for those who have the report alone.

    Example: tandem reproduce paper --quick
    Example: tandem reproduce wrong-knowledge --setting device-lie-3 --jobs 2
    """
    require("torch", "reproducing experiments")

    console = Console(stderr=True)
    started_s = time.monotonic()
    if experiment is ExperimentName.ANY:
        _refuse_for_any(context)
        try:
            with sigterm_as_interrupt():
                count, out = reproduce_any(
                    out or RESULTS_FOLDER / (ANY_QUICK if quick else experiment.value),
                    Places(str(work), ""),
                    scenarios=settings or (),
                    agents=agents or (),
                    seeds=seeds,
                    executor=executor_of(runner, jobs),
                    console=console,
                    quick=quick,
                    quiet=quiet,
                    only_finished=only_finished,
                )
        except KeyboardInterrupt:
            console.print("[yellow]interrupted[/]; the same command resumes from here")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        wall_s = time.monotonic() - started_s
        console.print(f"{count} runs in [bold]{out}[/], {wall_s:.0f} s", highlight=False)
        return
    chosen = EXPERIMENTS[experiment.value]
    choice = Choice(
        quick=quick,
        users=users or (),
        conditions=conditions or (),
        thresholds=thresholds or (),
        settings=settings or (),
        agents=agents or (),
        seeds=seeds,
        states=states,
        futures=futures,
        caps=caps or (),
        tuning=tuning,
        referenced=learning_cost,
        whole=episodes,
    )
    grid = choice.grid(chosen.grid(choice))
    if only_finished:
        raise typer.BadParameter("--finished is for the experiment any: leave it out")
    kind = experiment.value + ("-quick" if quick else "") + ("-tuning" if tuning else "")
    out = out or RESULTS_FOLDER / kind
    check_folder(out, "--out")
    check_folder(work, "--work")
    places = Places(str(work), str(cache or ""))
    try:
        with sigterm_as_interrupt():
            executor = executor_of(runner, jobs)
            unknown = Measuring.missing(grid.episodes(), places)
            measuring = Measuring(unknown)
            measured_s = run_all("states", executor, measuring, unknown, places, console, quiet)
            units = grid.units()
            known = {unit.name: result for unit in units if (result := finished(unit, places))}
            missing = [unit for unit in units if unit.name not in known]
            fresh = run_all("runs", executor, Playing(missing), missing, places, console, quiet)
    except KeyboardInterrupt:
        console.print("[yellow]interrupted[/]; the same command resumes from here")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    known.update((unit.name, result) for unit, result in zip(missing, fresh, strict=True))
    results = [known[unit.name] for unit in units]
    wall_s = time.monotonic() - started_s
    facts = facts_of(grid, executor.at_once, wall_s, measured_s, len(fresh), results)
    out.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(out / f"{RESULTS}.json", {**facts, "runs": results})
    replace_text(out / f"{RESULTS}.csv", csv_text(results))
    replace_text(out / "README.md", chosen.markdown(results, facts))
    chosen.write_curves(grid, results, out)
    console.print(f"{len(results)} runs in [bold]{out}[/], {wall_s:.0f} s", highlight=False)


def _refuse_for_any(context: typer.Context) -> None:
    """Refuse options of the other experiments."""
    for name in context.params:
        if name not in OF_ANY and is_given(context, name):
            raise typer.BadParameter(
                f"--{name.replace('_', '-')} does nothing in the experiment any: leave it out"
            )
