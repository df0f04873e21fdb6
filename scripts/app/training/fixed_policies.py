# SPDX-License-Identifier: MIT
"""The fixed policies of the demo: played, recorded and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
from rich.console import Console

from tandem.agents.inference.heuristics import POLICIES, make_policy
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.place import start
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.progress import ProgressBar, progress
from tandem.scripts.app.tables import print_table
from tandem.scripts.app.training.rollout import play

THRESHOLD_PERCENT: Final = 85.0


def play_policies(
    console: Console, scenario: str, users: int, epochs: int, seed: int, out: Path
) -> str:
    """Play, record and show the fixed policies; returns ns-3's version.

    Every policy meets the same network: each episode is forked from the same warmed-up simulator
    with the same seed.
    """
    objective = PaperObjective(THRESHOLD_PERCENT)
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
        "accuracy_threshold": str(THRESHOLD_PERCENT),
        "arguments": env.arguments,
        "traces": [],
    }
    run_folder.prepare(folder, force=True)
    writer = RunWriter(
        folder,
        schema=env.schema,
        config=config,
        simulator_command=env.simulator.command,
        ns3_folder=env.simulator.ns3_folder,
    )
    with writer:
        play(
            env,
            make_policy(name, env.schema),
            writer,
            seed=seed,
            on_decision=bar.advance,
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
