# SPDX-License-Identifier: MIT
"""``tandem demo``: train the hybrid agent on real ns-3 and compare it with what is known."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import pandas as pd
import typer
from rich.console import Console

from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.inference.heuristics import POLICIES, make_policy
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.analyze import print_table, wide_console
from tandem.scripts.app.common.needs import need_torch
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.progress import ProgressBar, progress
from tandem.scripts.app.training.rollout import play
from tandem.scripts.app.training.settings import TrainSettings
from tandem.scripts.evaluate import show
from tandem.scripts.run import DEFAULT_EPOCHS as DEFAULT_TRAINING_EPOCHS
from tandem.scripts.run import sigterm_as_interrupt, start

DEFAULT_USERS: Final = 5
DEFAULT_EPOCHS: Final = 20
DEFAULT_INTERACTIONS: Final = 120
DEFAULT_STATES: Final = 6
DEFAULT_THRESHOLD_PERCENT: Final = 85.0
DEFAULT_OUT: Final = Path("runs/demo")
#: Of the agent's training; evaluations are look-ups, so they cost next to nothing.
EVALUATE_EVERY: Final = 20
AGENT: Final = "hybrid"


def demo(
    scenario: Annotated[str, typer.Option(help="An inference scenario.")] = "wifi-edge",
    users: Annotated[int, typer.Option(min=1, help="Number of users.")] = DEFAULT_USERS,
    epochs: Annotated[
        int, typer.Option(min=1, help="Decisions of each fixed policy.")
    ] = DEFAULT_EPOCHS,
    interactions: Annotated[
        int, typer.Option(min=1, help="Decisions that the hybrid agent learns from.")
    ] = DEFAULT_INTERACTIONS,
    states: Annotated[
        int, typer.Option(min=1, help="States at which all are compared with the optimum.")
    ] = DEFAULT_STATES,
    seed: Annotated[int, typer.Option(min=0, help="Of the agent and of every episode.")] = 1,
    out: Annotated[
        Path, typer.Option(help="Folder for one run folder per policy; replaced.")
    ] = DEFAULT_OUT,
) -> None:
    """Train the hybrid agent on real ns-3, then compare it with fixed policies and the optimum.

    First the fixed policies play the same episode each, recorded with every frame on the air for
    `tandem report` and `tandem explain`. Then the packet-level optimum of some states is measured
    in forked simulators, the agent learns from as many decisions as you allow, and everybody is
    compared at those states. A second demo finds the optimum in the cache.
    """
    need_torch("the demo")
    # PyTorch takes seconds to import: only when something is trained.
    from tandem.agents.registry import agent_config
    from tandem.scripts.app.training.comparison import compare
    from tandem.scripts.app.training.run import last_checkpoint
    from tandem.scripts.app.training.session import train_in

    console = wide_console()
    console.print(
        f"[bold]{scenario}[/]: {users} users, seed {seed}, accuracy threshold "
        f"{DEFAULT_THRESHOLD_PERCENT:g} % (top-5)"
    )
    started_s = time.monotonic()
    folder = out / AGENT
    run_folder.check(folder, force=True)
    version = play_policies(console, scenario, users, epochs, seed, out)
    settings = TrainSettings(
        scenario=scenario,
        agent=AGENT,
        seed=seed,
        interactions=interactions,
        accuracy_threshold=DEFAULT_THRESHOLD_PERCENT,
        arguments={"users": users, "epochs": DEFAULT_TRAINING_EPOCHS},
        agent_config=agent_config(AGENT, {}),
        evaluate_every=EVALUATE_EVERY,
        evaluation_states=states,
        evaluation_seed=StateDraw().first_seed,
        checkpoint_every=interactions,
    )
    progress_console = Console(stderr=True)
    with sigterm_as_interrupt():
        train_in(folder, settings, None, None, progress_console, force=True, quiet=False)
        result = compare(
            settings, last_checkpoint(folder), settings.draw, cache=None, console=progress_console
        )
    console.print(
        f"[bold]At {result.states} states[/], against the packet-level optimum of each "
        "(interactions: real decisions learned from)"
    )
    show(console, result)
    console.print(f"ns-3 {version}, {time.monotonic() - started_s:.0f} s")
    console.print(
        f"Recorded in [bold]{out}[/]; next: tandem report {out}/* or tandem explain {out}/edge",
        soft_wrap=True,
    )


def play_policies(
    console: Console, scenario: str, users: int, epochs: int, seed: int, out: Path
) -> str:
    """Play, record and show the fixed policies; returns ns-3's version.

    Every policy meets the same network: each episode is forked from the same warmed-up simulator
    with the same seed.
    """
    objective = PaperObjective(DEFAULT_THRESHOLD_PERCENT)
    lines: dict[str, dict[str, float | int]] = {}
    arguments: dict[str, object] = {"users": users, "epochs": epochs, "frames": 1}
    folders = {name: out / name for name in POLICIES}
    for folder in folders.values():
        run_folder.check(folder, force=True)
    with (
        start(scenario, arguments, objective) as env,
        progress("", epochs * len(POLICIES), "decisions", console=console) as bar,
    ):
        for name in POLICIES:
            bar.describe(name)
            lines[name] = play_policy(env, name, seed, folders[name], bar)
        version = env.schema.ns3_version
    print_table(
        console,
        f"Fixed policies, one episode of {epochs} decisions each",
        pd.DataFrame.from_dict(lines, orient="index"),
    )
    console.print(
        "Reward: minus the mean response time in s where the mean accuracy meets the threshold, "
        f"else minus the longest, at least {objective.violation_s:g} s. Fairness: Jain's index of "
        "the users' mean response times."
    )
    return version


def play_policy(
    env: TandemEnv, name: str, seed: int, folder: Path, bar: ProgressBar
) -> dict[str, float | int]:
    """Play and record one policy; its line of the comparison."""
    config = {
        "scenario": env.schema.scenario,
        "policy": name,
        "seed": seed,
        "episodes": 1,
        "objective": "paper",
        "accuracy_threshold": str(DEFAULT_THRESHOLD_PERCENT),
        "arguments": env.arguments,
        "traces": [],
    }
    run_folder.prepare(folder, force=True)
    writer = RunWriter(
        folder, schema=env.schema, config=config, simulator_command=env.simulator.command
    )
    with writer:
        play(
            env,
            make_policy(name, env.schema),
            writer,
            seed=seed,
            on_epoch=bar.advance,
        )
    run = measures.load_run(folder)
    line = measures.summary(run.requests)
    return {
        "mean_s": line["mean_s"],
        "p95_s": line["p95_s"],
        "accuracy_percent": line["accuracy_percent"],
        "timeouts": line["timeouts"],
        "fairness": line["jain_response_time"],
        "reward": float(run.decisions["reward"].mean()),
    }
