# SPDX-License-Identifier: MIT
"""``tandem dataset``: played episodes with the outcomes of actions that were not played."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.core.packages import is_there, not_installed
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.common.place import target_of
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS
from tandem.scripts.app.common.runner import Runner, executor_if_asked
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.app.policies.choose import FORMS, choose_policy
from tandem.scripts.given import set_arguments
from tandem.scripts.options import (
    DEFAULT_SCENARIO,
    Connect,
    Key,
    OwnJobs,
    PartsRunner,
    Quiet,
    ServerKey,
    Settings,
)


def dataset(
    context: typer.Context,
    scenario: Annotated[str, typer.Option(help="Name or path of a scenario.")] = DEFAULT_SCENARIO,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", help=f"Who plays, repeatable: {FORMS}.")
    ] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes of each policy.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Decisions per episode.")] = DEFAULT_EPOCHS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first episode.")] = 1,
    alternatives: Annotated[
        int,
        typer.Option(min=0, help="Other actions tried at a decision: all where they are as few."),
    ] = 8,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the decisions at which they are.")
    ] = 1.0,
    horizon: Annotated[
        int, typer.Option(min=1, help="Decisions over which each of them is held.")
    ] = 1,
    futures: Annotated[
        int, typer.Option(min=1, help="Random draws in which each is tried; 1: the coming ones.")
    ] = 1,
    objective: Annotated[
        str | None,
        typer.Option(metavar="FILE.py:NAME", help="The reward; default: the scenario's own."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the data set.")] = Path("dataset"),
    settings: Settings = None,
    runner: PartsRunner = Runner.LOCAL,
    jobs: OwnJobs = None,
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier data set.")] = False,
    quiet: Quiet = False,
) -> None:
    """Record policies, and at each decision what other actions would have led to.

    Branches of the running simulation find it, with the very random draws that the episode then
    meets. All policies play the same episodes. Parquet tables are always written, and Minari's
    format where Minari is installed. After an interruption the same command records what is
    missing.

    Example: tandem dataset --scenario lte-power --policy random --policy full --out data
    """
    from tandem.scripts.app.dataset import parts
    from tandem.scripts.app.dataset.files import METADATA, write_files
    from tandem.scripts.app.dataset.record import Asked

    console = Console(stderr=True)
    check_folder(out, "--out")
    if (out / METADATA).exists() and not force:
        raise OptionError(f"--out {out} holds a data set already: another folder, or --force")
    names = policies or ["random"]
    arguments = {"epochs": epochs, **set_arguments(context, settings, "epochs")}
    target = target_of(connect, key, server_key)
    executor = executor_if_asked(runner, jobs, target)
    asked = Asked(alternatives, share if alternatives else 0.0, horizon, futures)
    recipe = parts.Recipe(scenario, arguments, objective, tuple(names), seed, asked)
    folder = out / parts.EPISODES
    with recipe.open(target) as env, sigterm_as_interrupt():
        if env.objective is None:
            raise OptionError(
                f"scenario {env.schema.scenario!r} has no reward of its own: give --objective "
                "FILE.py:NAME"
            )
        for name in names:
            choose_policy(name, env)  # before anything is played
        parts.claim(folder, recipe, env, force=force)
        whole = recipe.parts(episodes, epochs)
        try:
            recorded = parts.record_all(env, whole, folder, executor, console, quiet=quiet)
        except KeyboardInterrupt:
            console.print("[yellow]interrupted[/]; the same command records what is missing")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        about = {
            "scenario": env.schema.scenario,
            "arguments": arguments,
            "policies": names,
            "seeds": [seed, seed + episodes - 1],
            "alternatives": alternatives,
            "share": share,
            "horizon": horizon,
            "futures": futures,
            "objective": objective,
            "interactions": sum(episode.interactions for episode in recorded),
        }
        write_files(out, env, recorded, about)
        shutil.rmtree(folder)
    if not is_there("minari"):
        console.print(f"no Minari files: {not_installed('minari')}", style="yellow", markup=False)
    console.print(
        f"{len(recorded)} episodes and {sum(len(e.alternatives) for e in recorded)} outcomes of "
        f"other actions in [bold]{out}[/], {about['interactions']} interactions",
        highlight=False,
        soft_wrap=True,
    )
