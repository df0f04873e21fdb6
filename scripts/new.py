# SPDX-License-Identifier: MIT
"""``tandem new``: a folder with a scenario of your own to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.scenarios import package_root
from tandem.scripts.app.common.outputs import check_folder

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

_AGENT = '''"""Plays the scenario {name} at random, then with the longest queue first."""

import gymnasium
import numpy as np

import tandem  # noqa: F401  (registers the environments)


def mean_backlog(env, choose, seed=1):
    observation, info = env.reset(seed=seed)
    total, epochs, over = 0.0, 0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(choose(observation))
        total += observation["backlog"].sum()
        epochs += 1
        over = terminated or truncated
    return total / epochs


env = gymnasium.make("tandem/Custom-v0", scenario="{executable}", epochs=1000)
env.action_space.seed(1)
print("random: ", mean_backlog(env, lambda seen: env.action_space.sample()))
print("longest:", mean_backlog(env, lambda seen: np.array([seen["backlog"].argmax()])))
env.close()
'''


def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario; a folder of it is made.")],
    folder: Annotated[
        Path, typer.Option("--in", help="Where to make the folder.", file_okay=False)
    ] = Path(),
) -> None:
    """Write a folder with a C++ scenario that runs, and a Python agent for it."""
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
    executable = (target / name).resolve()
    (target / "agent.py").write_text(_AGENT.format(name=name, executable=executable))
    console = Console()
    for line in (
        f"wrote {target}/{name}.cc and {target}/agent.py; next:",
        f"  tandem build {target}/{name}.cc",
        f"  python {target}/agent.py",
    ):
        console.print(line, highlight=False, soft_wrap=True)
