# SPDX-License-Identifier: MIT
"""``tandem dataset``: played episodes with the outcomes of actions that were not played."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.objective import own_objective
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.common.place import open_env, target_of
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.app.policies.choose import FORMS, choose_policy
from tandem.scripts.app.progress import progress
from tandem.scripts.given import set_arguments
from tandem.scripts.options import DEFAULT_SCENARIO, Connect, Key, Quiet, ServerKey, Settings


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
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier data set.")] = False,
    quiet: Quiet = False,
) -> None:
    """Record policies, and at each decision what other actions would have led to.

    Branches of the running simulation find it, with the very random draws that the episode then
    meets. All policies play the same episodes. Parquet tables are always written, and Minari's
    format where Minari is installed.

    Example: tandem dataset --scenario lte-power --policy random --policy full --out data
    """
    from tandem.scripts.app.dataset.files import dataset_id, has_minari, write_minari, write_tables
    from tandem.scripts.app.dataset.record import Asked, Recorder

    console = Console(stderr=True)
    check_folder(out, "--out")
    if (out / "metadata.json").exists() and not force:
        raise OptionError(f"--out {out} holds a data set already: another folder, or --force")
    names = policies or ["random"]
    arguments = {"epochs": epochs, **set_arguments(context, settings, "epochs")}
    target = target_of(connect, key, server_key)
    asked = Asked(alternatives, share if alternatives else 0.0, horizon, futures)
    with (
        open_env(scenario, arguments, target, objective=own_objective(objective)) as env,
        sigterm_as_interrupt(),
    ):
        if env.objective is None:
            raise OptionError(
                f"scenario {env.schema.scenario!r} has no reward of its own: give --objective "
                "FILE.py:NAME"
            )
        recorder = Recorder(env, asked, seed)
        agents = [choose_policy(name, env) for name in names]
        total = len(agents) * episodes * epochs
        try:
            with progress(scenario, total, "decisions", console=console, quiet=quiet) as bar:
                recorded = [
                    recorder.record(agent, number, bar.advance)
                    for agent in agents
                    for number in range(seed, seed + episodes)
                ]
        except KeyboardInterrupt:
            console.print("[yellow]interrupted[/]: nothing was written")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        out.mkdir(parents=True, exist_ok=True)
        write_tables(out, recorded)
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
            "interactions": recorder.interactions,
            "minari": dataset_id(env.schema.scenario) if has_minari() else None,
        }
        run_folder.write_json(out / "metadata.json", about)
        if has_minari():
            words = f"{env.schema.scenario} in ns-3, with counterfactuals from branches"
            write_minari(out, env, recorded, words)
        else:
            console.print(
                "no Minari files: pip install 'ns3-tandem\\[offline]' to get them", style="yellow"
            )
    console.print(
        f"{len(recorded)} episodes and {sum(len(e.alternatives) for e in recorded)} outcomes of "
        f"other actions in [bold]{out}[/], {recorder.interactions} interactions",
        highlight=False,
        soft_wrap=True,
    )
