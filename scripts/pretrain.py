# SPDX-License-Identifier: MIT
"""``tandem pretrain``: a system model without hand-written physics, from drawn scenarios."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.bridge.core.packages import require
from tandem.scripts.app.common.outputs import check_file, check_folder
from tandem.scripts.app.common.runner import Runner, executor_of
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.options import Jobs, PartsRunner, Quiet

DEFAULT_OUT: Final = Path("pretrained.npz")
DEFAULT_SCENARIOS: Final = 300
DEFAULT_DECISIONS: Final = 14
QUICK_SCENARIOS: Final = 3
QUICK_DECISIONS: Final = 3
QUICK_STEPS: Final = 40


def pretrain(
    out: Annotated[Path, typer.Option(help="File of the networks; a .json beside it.")] = (
        DEFAULT_OUT
    ),
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of played scenarios: kept, and not played again."),
    ] = None,
    scenarios: Annotated[
        int, typer.Option(min=2, help="Scenarios to draw and play.")
    ] = DEFAULT_SCENARIOS,
    decisions: Annotated[
        int, typer.Option(min=1, help="Decisions played in each.")
    ] = DEFAULT_DECISIONS,
    seed: Annotated[int, typer.Option(min=0, help="Decides all that is drawn.")] = 1,
    runner: PartsRunner = Runner.LOCAL,
    jobs: Jobs = None,
    quick: Annotated[bool, typer.Option("--quick", help="Seconds, to see that it works.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a system model without hand-written physics, on drawn scenarios.

    Scenarios are drawn at random. Real ns-3 plays each with users at random sites. Small networks
    learn how long uplink, wait at the site and downlink take. The agent hybrid-no-physics plans in
    those of the package; --config with `model: {networks: FILE}` names others. Default cells,
    802.11ax, hidden stations and round-robin LTE are never drawn.

    Example: tandem pretrain --data scenarios --out pretrained.npz
    """
    require("torch", "tandem pretrain")
    from tandem.agents.pretraining.fit import FitSettings
    from tandem.agents.pretraining.play import Recipe
    from tandem.scripts.app.training.pretraining import Pretraining

    check_file(out, "--out")
    if data is not None:
        check_folder(data, "--data")
    console = Console(stderr=True)
    recipe = Recipe(scenarios=scenarios, decisions=decisions, seed=seed)
    settings = FitSettings()
    if quick:
        recipe = Recipe(scenarios=QUICK_SCENARIOS, decisions=QUICK_DECISIONS, seed=seed)
        settings = FitSettings(steps=QUICK_STEPS, check_every=QUICK_STEPS // 2)
    started_s = time.monotonic()
    try:
        with ExitStack() as stack:
            stack.enter_context(sigterm_as_interrupt())
            folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            job = Pretraining(recipe, settings, folder)
            rows = job.play(executor_of(runner, jobs), console, quiet=quiet)
            console.print(f"{rows} requests, {time.monotonic() - started_s:.0f} s")
            report = job.train(out)
    except KeyboardInterrupt:
        console.print("[yellow]interrupted[/]; with --data the same command goes on from here")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    console.print(report)
    console.print(f"[bold]{out}[/], {time.monotonic() - started_s:.0f} s in all")
