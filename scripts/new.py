# SPDX-License-Identifier: MIT
"""``tandem new``: a folder with a scenario of your own to start from."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.scenarios import package_root
from tandem.scripts.app.common.outputs import check_folder

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

_OBJECTIVE = '''"""What is good in the scenario {name}."""


def few_waiting(result):
    """Minus the packets that wait after a decision: the longest queues cost most."""
    waiting = result.observation["backlog"]
    return -float((waiting**2).sum())
'''

_AGENT = '''"""Plays the scenario {name} at random, then with the longest queue first."""

from pathlib import Path

import gymnasium
import numpy as np
from objective import few_waiting

import tandem  # noqa: F401  (registers the environments)

SCENARIO = Path(__file__).resolve().with_name("{name}")  # the program lies beside this file


def longest(observation):
    """Serve the longest queue. `tandem run --policy agent.py:longest` plays it, too."""
    return np.array([observation["backlog"].argmax()])


def mean_reward(env, choose, seed=1):
    observation, info = env.reset(seed=seed)
    total, epochs, over = 0.0, 0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(choose(observation))
        total += reward
        epochs += 1
        over = terminated or truncated
    return total / epochs


if __name__ == "__main__":
    env = gymnasium.make(
        "tandem/Custom-v0", scenario=SCENARIO, objective=few_waiting, epochs=1000
    )
    env.action_space.seed(1)
    print("random: ", mean_reward(env, lambda seen: env.action_space.sample()))
    print("longest:", mean_reward(env, longest))
    env.close()
'''


def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario; a folder of it is made.")],
    folder: Annotated[
        Path, typer.Option("--in", help="Where to make the folder.", file_okay=False)
    ] = Path(),
) -> None:
    """Write a folder with a scenario in C++, its objective and an agent in Python."""
    if not _NAME.fullmatch(name):
        raise TandemError(
            f"'{name}' is not a scenario name: letters, digits, '-' and '_', a letter first"
        )
    target = folder / name
    check_folder(folder, "--in")
    if target.exists():
        raise TandemError(f"{target} exists; choose another name or remove it")
    template = (package_root() / "_cpp" / "hello.cc").read_text()
    target.mkdir(parents=True)
    (target / f"{name}.cc").write_text(
        template.replace('AgentLink link("hello")', f'AgentLink link("{name}")').replace(
            " hello --", f" {name} --"
        )
    )
    (target / "objective.py").write_text(_OBJECTIVE.format(name=name))
    (target / "agent.py").write_text(_AGENT.format(name=name))
    console = Console()
    place = shlex.quote(f"{target}/{name}")
    reward = shlex.quote(f"{target}/objective.py:few_waiting")
    agent = shlex.quote(f"{target}/agent.py")
    for line in (
        f"wrote {target}/{name}.cc, objective.py and agent.py; next:",
        f"  tandem build {place}.cc",
        f"  python {agent}",
        f"  tandem run --scenario {place} --objective {reward} --policy {agent}:longest",
        f"  tandem train --scenario {place} --objective {reward} --agent sb3:PPO",
    ):
        console.print(line, highlight=False, soft_wrap=True)
