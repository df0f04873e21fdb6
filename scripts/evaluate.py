# SPDX-License-Identifier: MIT
"""``tandem evaluate``: a trained agent against fixed policies and the optimum, at new states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from tandem.bridge.runs import folder as run_folder
from tandem.scripts.analyze import wide_console
from tandem.scripts.app.common.judging_futures import HELP, judging_futures
from tandem.scripts.app.common.needs import need_torch
from tandem.scripts.app.common.place import Connect, Key, ServerKey, target_of
from tandem.scripts.app.training.settings import load_settings, state_draw
from tandem.scripts.run import sigterm_as_interrupt

if TYPE_CHECKING:
    from tandem.scripts.app.training.comparison import Comparison

#: Far from the seeds of the evaluations during training.
FIRST_SEED: Final = 3_000_000
OUTPUT: Final = "evaluate.json"
MS_PER_S: Final = 1e3
PERCENT: Final = 100.0
HINDSIGHT: Final = (
    "Oracle: the packet-level optimum of each state, which knows what chance will do."
)
HELD_OUT: Final = (
    "Oracle, held out: for each future of a state, the joint action that is best in its other "
    "futures. Best on average: chosen in the very futures that judge, whose luck it knows."
)
HEADINGS: Final = (
    "policy",
    "response (ms)",
    "accuracy (%)",
    "cost (ms)",
    "regret (ms)",
    "regret (%)",
    "below threshold (% of states)",
    "interactions",
)


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of a training run.")],
    states: Annotated[
        int | None, typer.Option(min=1, help="How many; default: as during training.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first episode.")] = FIRST_SEED,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of measured states; default: the user's cache.")
    ] = None,
    futures: Annotated[
        int,
        typer.Option(min=0, help=HELP),
    ] = 0,
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Compare a trained agent with other policies and the optimum, at new states.

    The greedy policy of the last checkpoint is evaluated, at states that it was not trained on.
    With few users the oracle is the packet-level optimum, and the best fixed joint action is found
    in hindsight. With many users both are out of reach: the best that a search found stands for
    the optimum, and a bound says how far it can be off.

    Example: tandem evaluate runs/h
    """
    need_torch("evaluating a trained agent")
    from tandem.scripts.app.training.comparison import compare
    from tandem.scripts.app.training.run import last_checkpoint

    settings = load_settings(folder)
    target = target_of(connect, key, server_key)
    checkpoint = last_checkpoint(folder)
    console = wide_console()
    with sigterm_as_interrupt():
        result = compare(
            settings,
            checkpoint,
            state_draw(states or settings.draw.count, seed),
            cache=cache,
            futures=judging_futures(futures),
            console=Console(quiet=True) if quiet else Console(stderr=True),
            target=target,
        )
    console.print(
        f"[bold]{folder}[/]: {settings.agent} in {settings.scenario} after {result.interactions} "
        f"interactions, {result.states} states, mean top-5 accuracy ≥ "
        f"{result.threshold_percent:g} %"
    )
    show(console, result)
    run_folder.write_json(folder / OUTPUT, result.as_dict())


def show(console: Console, result: Comparison) -> None:
    """Print the table of a comparison, and what its last lines mean."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    best_s = result.best_s
    for line in result.lines:
        table.add_row(
            line.policy,
            f"{MS_PER_S * line.response_s:.1f}",
            f"{line.accuracy_percent:.2f}",
            f"{MS_PER_S * line.cost_s:.1f}",
            f"{MS_PER_S * (line.cost_s - best_s):+.1f}",
            f"{PERCENT * (line.cost_s / best_s - 1.0):+.1f}",
            f"{PERCENT * line.violated:.0f}",
            "" if line.interactions is None else str(line.interactions),
        )
    console.print(table)
    if result.exact:
        console.print(
            f"{HELD_OUT if result.futures else HINDSIGHT} Best fixed: one joint "
            "action for all states, chosen in hindsight for these very ones."
        )
    else:
        console.print(
            f"Best found: by search in branches, no optimum; no joint action costs less than "
            f"{MS_PER_S * result.lower_bound_s:.1f} ms on average (a loose bound). The best fixed "
            "joint action is not known with so many users."
        )
