# SPDX-License-Identifier: MIT
"""``tandem train``: train an agent on real ns-3, with progress, checkpoints and resume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.agents.evaluation.convergence import SUSTAINED, TARGET_RATIO
from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.inference.cost import VIOLATION_S
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.needs import need_torch
from tandem.scripts.app.common.objective import accuracy_threshold
from tandem.scripts.app.common.place import check_output, target_of
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS, default_folder
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED
from tandem.scripts.app.training.settings import TrainSettings, load_settings, read_agent_config
from tandem.scripts.given import is_given, set_arguments
from tandem.scripts.options import (
    DEFAULT_ACCURACY,
    DEFAULT_SCENARIO,
    Accuracy,
    Cache,
    Connect,
    InferenceScenario,
    Key,
    Quiet,
    ServerKey,
    Settings,
    SimulatorOutput,
)

DEFAULT_INTERACTIONS: Final = 500
DEFAULT_EVERY: Final = 25
DEFAULT_CHECKPOINT_EVERY: Final = 50
#: Options that have to agree with the run when they are given with ``--resume``, and the setting
#: that each one decides.
OF_THE_RUN: Final = {
    "agent": "agent",
    "scenario": "scenario",
    "seed": "seed",
    "accuracy": "accuracy_threshold",
    "violation_s": "violation_s",
    "config": "agent_config",
    "evaluate_every": "evaluate_every",
    "evaluation_states": "evaluation_states",
    "checkpoint_every": "checkpoint_every",
}


def train(
    context: typer.Context,
    agent: Annotated[
        str, typer.Option(help="A learner, such as hybrid or joint-dqn, or a policy.")
    ] = "hybrid",
    scenario: InferenceScenario = DEFAULT_SCENARIO,
    users: Annotated[int | None, typer.Option(min=1, help="Number of users.")] = None,
    interactions: Annotated[
        int, typer.Option(min=1, help="Decisions to learn from, in total.")
    ] = DEFAULT_INTERACTIONS,
    epochs: Annotated[
        int, typer.Option(min=0, help="Decisions per episode; 0: one that never ends.")
    ] = DEFAULT_EPOCHS,
    seed: Annotated[int, typer.Option(min=0, help="Decides agent and episodes.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Run folder; default: under runs/.")] = None,
    accuracy: Accuracy = DEFAULT_ACCURACY,
    violation_s: Annotated[
        float, typer.Option(min=0.0, help="Least cost of a decision that misses the threshold, s.")
    ] = VIOLATION_S,
    settings: Settings = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file with settings of the agent.")
    ] = None,
    evaluate_every: Annotated[
        int, typer.Option(min=1, help="Interactions between two evaluations.")
    ] = DEFAULT_EVERY,
    evaluation_states: Annotated[
        int | None, typer.Option(min=1, help="States that the oracle solves beforehand.")
    ] = None,
    checkpoint_every: Annotated[
        int, typer.Option(min=1, help="Interactions between two checkpoints.")
    ] = DEFAULT_CHECKPOINT_EVERY,
    cache: Cache = None,
    runner: Annotated[
        Runner, typer.Option(help="Simulator here, or as a Ray actor: the same results.")
    ] = Runner.LOCAL,
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    simulator_output: SimulatorOutput = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume the run in --out, as if it had never stopped.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train an agent on real ns-3 and record everything.

    Ctrl-C ends a run after the current interaction, with a checkpoint. `--resume` then
    gives the same results as an uninterrupted run; with more `--interactions` it also prolongs a
    finished one.

    Example: tandem train --agent hybrid --scenario wifi-edge --users 5 --interactions 500
    """
    need_torch("training")
    # PyTorch takes seconds to import: only when something is trained.
    from tandem.agents.registry import agent_config
    from tandem.scripts.app.training.run import checkpoint_to_resume
    from tandem.scripts.app.training.session import train_in

    check_output(simulator_output, connect)
    console = Console(stderr=True)
    folder = out or default_folder(scenario, agent, users, seed)
    target = target_of(connect, key, server_key)
    if target is not None and runner is not Runner.LOCAL:
        raise typer.BadParameter(
            f"--connect simulates on a server: leave out --runner {runner.value}"
        )
    asked = TrainSettings(
        scenario=scenario,
        agent=agent,
        seed=seed,
        interactions=interactions,
        accuracy_threshold=accuracy_threshold(accuracy),
        violation_s=violation_s,
        arguments=_arguments(context, users, epochs, settings),
        agent_config=agent_config(agent, {} if config is None else read_agent_config(config)),
        evaluate_every=evaluate_every,
        evaluation_states=evaluation_states,
        evaluation_seed=StateDraw().first_seed,
        checkpoint_every=checkpoint_every,
    )
    checkpoint = None
    if resume:
        asked = _resumed(context, folder, asked)
        checkpoint = checkpoint_to_resume(folder)
        if checkpoint is None:
            run_folder.check(folder, force=True)
            console.print(f"{folder} has no checkpoint yet: beginning again", highlight=False)
    else:
        run_folder.check(folder, force=force)
    try:
        run = train_in(
            folder,
            asked,
            checkpoint,
            cache,
            console,
            force=force or resume,
            quiet=quiet,
            runner=runner,
            target=target,
            output=simulator_output,
        )
    except KeyboardInterrupt:
        console.print(f"[yellow]interrupted[/]; resume with: tandem train --resume --out {folder}")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    reached = run.convergence.interactions
    console.print(
        f"{run.training.interactions} interactions in [bold]{folder}[/], {run.training_s:.0f} s "
        f"without evaluations; {reached} interactions to ≤ {TARGET_RATIO} × the best known in "
        f"{SUSTAINED} evaluations in a row; next: tandem evaluate {folder}",
        highlight=False,
        soft_wrap=True,
    )


def _resumed(context: typer.Context, folder: Path, asked: TrainSettings) -> TrainSettings:
    """The settings of the run in ``folder``; what is also given must agree.

    Raises:
        typer.BadParameter: an option contradicts the run.
    """
    stored = load_settings(folder)
    given = {name for name in context.params if is_given(context, name)}
    for name in sorted(given & OF_THE_RUN.keys()):
        field = OF_THE_RUN[name]
        if getattr(asked, field) != getattr(stored, field):
            raise typer.BadParameter(
                f"--{name.replace('_', '-')} differs from the run in {folder}, which has "
                f"{field} = {getattr(stored, field)!r}: leave it out, or train again without "
                "--resume"
            )
    for name in sorted(given & {"users", "epochs", "settings"}):
        for key, value in _given_arguments(context, name).items():
            if str(stored.arguments.get(key)) != str(value):
                raise typer.BadParameter(
                    f"{key}={value} differs from the run in {folder}, which has "
                    f"{key}={stored.arguments.get(key)}: leave it out, or train again without "
                    "--resume"
                )
    if "interactions" in given:
        return stored.model_copy(update={"interactions": asked.interactions})
    return stored


def _given_arguments(context: typer.Context, name: str) -> dict[str, object]:
    value = context.params[name]
    return set_arguments(context, value) if name == "settings" else {name: value}


def _arguments(
    context: typer.Context, users: int | None, epochs: int, settings: list[str] | None
) -> dict[str, object]:
    arguments: dict[str, object] = {"epochs": epochs}
    if users is not None:
        arguments["users"] = users
    arguments.update(set_arguments(context, settings, "users", "epochs"))
    return arguments
