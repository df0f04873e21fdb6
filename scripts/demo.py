# SPDX-License-Identifier: MIT
"""``tandem demo``: the fixed policies side by side on real ns-3."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import pandas as pd
import typer
from rich.progress import Progress, TaskID
from tandem.agents.heuristics import POLICIES, make_policy
from tandem.bridge import run_folder
from tandem.bridge.env import TandemEnv
from tandem.bridge.objective import PaperObjective
from tandem.bridge.records import RunWriter
from tandem.scripts import analysis
from tandem.scripts.analyze import print_table, wide_console
from tandem.scripts.rollout import play
from tandem.scripts.run import progress, start

DEFAULT_USERS: Final = 5
DEFAULT_EPOCHS: Final = 30
DEFAULT_THRESHOLD_PERCENT: Final = 85.0
DEFAULT_OUT: Final = Path("runs/demo")


def demo(
    scenario: Annotated[str, typer.Option(help="An inference scenario.")] = "wifi-edge",
    users: Annotated[int, typer.Option(min=1, help="Number of users.")] = DEFAULT_USERS,
    epochs: Annotated[int, typer.Option(min=1, help="Decisions per policy.")] = DEFAULT_EPOCHS,
    seed: Annotated[int, typer.Option(min=0, help="The same for every policy.")] = 1,
    out: Annotated[
        Path, typer.Option(help="Folder for one run folder per policy; replaced.")
    ] = DEFAULT_OUT,
) -> None:
    """Compare the fixed policies: response time, accuracy, time-outs.

    Each policy's run is recorded with every frame on the air, for `tandem report` and
    `tandem explain`.

    Every policy meets the same network: each episode is forked from the same warmed-up simulator
    with the same seed.
    """
    console = wide_console()
    console.print(
        f"[bold]{scenario}[/]: {users} users, {epochs} decisions per policy, seed {seed}, "
        f"accuracy threshold {DEFAULT_THRESHOLD_PERCENT:g} % (top-5)"
    )
    started_s = time.monotonic()
    objective = PaperObjective(DEFAULT_THRESHOLD_PERCENT)
    lines: dict[str, dict[str, float | int]] = {}
    arguments: dict[str, object] = {"users": users, "epochs": epochs, "frames": 1}
    folders = {name: out / name for name in POLICIES}
    for folder in folders.values():
        run_folder.check(folder, force=True)
    with start(scenario, arguments, objective) as env, progress(console, False) as bar:
        task = bar.add_task("", total=epochs * len(POLICIES))
        for name in POLICIES:
            bar.update(task, description=name)
            lines[name] = play_policy(env, name, seed, folders[name], bar, task)
        version = env.schema.ns3_version
    print_table(console, "Fixed policies", pd.DataFrame.from_dict(lines, orient="index"))
    console.print(
        f"ns-3 {version}, {time.monotonic() - started_s:.1f} s. Reward: minus the mean response "
        "time in s where the mean accuracy meets the threshold, else minus the largest. "
        "Fairness: Jain's index of the users' mean response times."
    )
    console.print(
        f"Recorded in [bold]{out}[/]; next: tandem report {out}/* or tandem explain {out}/edge",
        soft_wrap=True,
    )


def play_policy(
    env: TandemEnv, name: str, seed: int, folder: Path, bar: Progress, task: TaskID
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
            on_epoch=lambda: bar.advance(task),
        )
    run = analysis.load_run(folder)
    line = analysis.summary(run.requests)
    return {
        "mean_s": line["mean_s"],
        "p95_s": line["p95_s"],
        "accuracy_percent": line["accuracy_percent"],
        "timeouts": line["timeouts"],
        "fairness": line["jain_response_time"],
        "reward": float(run.decisions["reward"].mean()),
    }
