# SPDX-License-Identifier: MIT
"""The fixed policies of the demo: played, recorded and shown."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
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
from tandem.scripts.app.training.rollout import Episode, record, table_names

THRESHOLD_PERCENT: Final = 85.0


def play_policies(
    console: Console, scenario: str, users: int, epochs: int, seed: int, out: Path
) -> str:
    """Play, record and show the fixed policies; returns ns-3's version.

    Every policy meets the same network: each episode is forked from the same warmed-up simulator
    with the same seed.
    """
    objective = PaperObjective(THRESHOLD_PERCENT)
    arguments: dict[str, object] = {"users": users, "epochs": epochs, "frames": 1}
    folders = {name: out / name for name in POLICIES}
    for folder in folders.values():
        run_folder.check(folder, force=True)
    with (
        start(scenario, arguments, objective) as env,
        progress("", epochs * len(POLICIES), "decisions", console=console) as bar,
    ):
        bar.describe("fixed policies")
        play_together(env, folders, seed, bar)
        version = env.schema.ns3_version
    lines = {name: _line(folder) for name, folder in folders.items()}
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


def play_together(env: TandemEnv, folders: Mapping[str, Path], seed: int, bar: ProgressBar) -> None:
    """Play and record policies by turns, so that their simulators compute at the same time.

    Args:
        env: is reset; the first policy plays in it, each other one in a fork of it.
        folders: of the runs by the policies' names; replaced.
        seed: of the episode.
        bar: is told of each decision.
    """
    observation, _ = env.reset(seed=seed)
    tables = table_names(env)
    with ExitStack() as stack:
        plays: list[tuple[Episode, RunWriter]] = []
        for name, folder in folders.items():
            own = stack.enter_context(env.fork()) if plays else env
            run_folder.prepare(folder, force=True)
            writer = stack.enter_context(
                RunWriter(
                    folder,
                    schema=env.schema,
                    config=_config(env, name, seed),
                    simulator_command=env.simulator.command,
                    ns3_folder=env.simulator.ns3_folder,
                )
            )
            writer.begin_episode(0, seed, observation)
            plays.append((Episode(own, make_policy(name, env.schema), observation, seed), writer))
        while under_way := [play for play in plays if not play[0].over]:
            for episode, _ in under_way:
                episode.post()
            for episode, writer in under_way:
                record(writer, tables, episode.wait())
                bar.advance()


def _config(env: TandemEnv, name: str, seed: int) -> dict[str, object]:
    return {
        "scenario": env.schema.scenario,
        "policy": name,
        "seed": seed,
        "episodes": 1,
        "objective": "paper",
        "accuracy_threshold": str(THRESHOLD_PERCENT),
        "arguments": env.arguments,
        "traces": [],
    }


def _line(folder: Path) -> dict[str, float | int]:
    """A policy's line of the comparison."""
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
