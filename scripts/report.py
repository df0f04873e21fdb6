# SPDX-License-Identifier: MIT
"""``tandem report``: figures of one or several runs, as a page or as files for papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.outputs import check_file, check_folder
from tandem.scripts.app.figures.figure import draw
from tandem.scripts.app.figures.output import (
    ReportFormat,
    choose_figures,
    default_target,
    write_images,
)
from tandem.scripts.app.inspection.rating import load_rated
from tandem.scripts.app.inspection.run_oracle import add_oracle
from tandem.scripts.options import OtherObjective


def report(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, side by side.")],
    output: Annotated[
        ReportFormat, typer.Option("--format", help="html: one page; others: a file per figure.")
    ] = ReportFormat.HTML,
    out: Annotated[
        Path | None,
        typer.Option(help="File (html) or folder. Default: in the run folder or its parent."),
    ] = None,
    figure: Annotated[
        list[str] | None, typer.Option(help="Only the figure of this name; repeatable.")
    ] = None,
    figures_from: Annotated[
        str | None,
        typer.Option("--figures", help="FILE.py:NAME of figures of your own, added to the others."),
    ] = None,
    objective: OtherObjective = None,
    oracle: Annotated[
        int, typer.Option(min=0, help="States per run at which to compute the oracle.")
    ] = 0,
) -> None:
    """Draw the figures of recorded runs.

    Of any scenario: rewards, actions, every observation column and record table. Inference
    scenarios add their own. The page is one file and needs no network.

    Example: tandem report runs/a runs/b

    Example: tandem report runs/a --objective reward.py:fair
    """
    console = Console(stderr=True)
    if out is not None:
        check = check_file if output is ReportFormat.HTML else check_folder
        check(out, "--out")
    if oracle and objective is not None:
        raise OptionError("--oracle minimises the recorded cost: leave it out with --objective")
    if oracle:
        for folder in folders:
            add_oracle(folder, oracle, console)
    runs = [load_rated(folder, objective) for folder in folders]
    shown = choose_figures(runs, figure, figures_from)
    figures, missing = draw(shown, runs)
    target = out if out is not None else default_target(folders, output)
    if output is ReportFormat.HTML:
        from tandem.scripts.app.figures.page import page

        target.parent.mkdir(parents=True, exist_ok=True)
        replace_text(target, page(runs, shown, figures, missing))
        console.print(f"{len(figures)} figures in [bold]{target}[/]", soft_wrap=True)
    else:
        write_images(figures, target, output)
        console.print(f"{len(figures)} {output.value} files in [bold]{target}[/]", soft_wrap=True)
    for key, reason in missing.items():
        console.print(f"[yellow]{key}[/]: {reason}", soft_wrap=True)
