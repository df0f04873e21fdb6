# SPDX-License-Identifier: MIT
"""``tandem demo``: train the hybrid agent on real ns-3, with knowledge of networks and without."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.agents.evaluation.judge import StateDraw
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS as DEFAULT_TRAINING_EPOCHS
from tandem.scripts.app.common.stop_request import sigterm_as_interrupt
from tandem.scripts.app.tables import wide_console
from tandem.scripts.app.training.comparison_table import print_comparison
from tandem.scripts.app.training.fixed_policies import THRESHOLD_PERCENT, play_policies
from tandem.scripts.app.training.settings import TrainSettings
from tandem.scripts.options import DEFAULT_SCENARIO, InferenceScenario

DEFAULT_USERS: Final = 3
DEFAULT_EPOCHS: Final = 20
DEFAULT_INTERACTIONS: Final = 120
DEFAULT_STATES: Final = 8
DEFAULT_OUT: Final = Path("runs/demo")
#: Of the agent's training; evaluations are look-ups, so they cost next to nothing.
EVALUATE_EVERY: Final = 20
#: The second starts from nothing, so what it gains is learning.
AGENTS: Final = ("hybrid", "hybrid-no-prior")


def demo(
    scenario: InferenceScenario = DEFAULT_SCENARIO,
    users: Annotated[int, typer.Option(min=1, help="Number of users.")] = DEFAULT_USERS,
    epochs: Annotated[
        int, typer.Option(min=1, help="Decisions of each fixed policy.")
    ] = DEFAULT_EPOCHS,
    interactions: Annotated[
        int, typer.Option(min=1, help="Decisions that each hybrid agent learns from.")
    ] = DEFAULT_INTERACTIONS,
    states: Annotated[
        int, typer.Option(min=1, help="States at which all are compared with the optimum.")
    ] = DEFAULT_STATES,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the agent and of every episode.")] = 1,
    out: Annotated[
        Path, typer.Option(help="Folder for one run folder per policy; replaced.")
    ] = DEFAULT_OUT,
) -> None:
    """Train hybrid agents on real ns-3, then compare them with fixed policies and the optimum.

    First the fixed policies play the same episode each, recorded with every frame on the air for
    `tandem report` and `tandem explain`. Then the packet-level optimum of some states is measured
    in forked simulators. The hybrid agent learns from as many decisions as you allow, once with its
    knowledge of networks and once without any (hybrid-no-prior). All are compared at those states,
    the agents before and after they learned: the difference is learning, the rest is knowledge.
    A second demo finds the optimum in the cache.
    """
    from tandem.agents.registry import agent_config
    from tandem.scripts.app.training.checkpoints import last_checkpoint
    from tandem.scripts.app.training.comparison import compare
    from tandem.scripts.app.training.session import train_in

    console = wide_console()
    console.print(
        f"[bold]{scenario}[/]: {users} users, seed {seed}, accuracy threshold "
        f"{THRESHOLD_PERCENT:g} % (top-5)"
    )
    started_s = time.monotonic()
    for agent in AGENTS:
        run_folder.check(out / agent, force=True)
    version = play_policies(console, scenario, users, epochs, seed, out)
    settings = [
        TrainSettings(
            scenario=scenario,
            agent=agent,
            seed=seed,
            interactions=interactions,
            accuracy_threshold=THRESHOLD_PERCENT,
            arguments={"users": users, "epochs": DEFAULT_TRAINING_EPOCHS},
            agent_config=agent_config(agent, {}),
            evaluate_every=EVALUATE_EVERY,
            evaluation_states=states,
            evaluation_seed=StateDraw().first_seed,
            checkpoint_every=interactions,
        )
        for agent in AGENTS
    ]
    progress_console = Console(stderr=True)
    with sigterm_as_interrupt():
        for own in settings:
            progress_console.print(f"[bold]{own.agent}[/] learns from {interactions} decisions")
            train_in(out / own.agent, own, None, None, progress_console, force=True, quiet=False)
        (first, checkpoint), *also = ((own, last_checkpoint(out / own.agent)) for own in settings)
        result = compare(
            first,
            checkpoint,
            first.draw,
            cache=None,
            console=progress_console,
            also=also,
            untrained=True,
        )
    console.print(
        f"[bold]At {result.states} states[/], against the packet-level optimum of each "
        "(interactions: real decisions learned from)"
    )
    print_comparison(console, result)
    console.print(f"ns-3 {version}, {time.monotonic() - started_s:.0f} s")
    console.print(
        f"Recorded in [bold]{out}[/]; next: tandem report {out}/* or tandem explain {out}/edge",
        soft_wrap=True,
    )
