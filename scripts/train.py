# SPDX-License-Identifier: MIT
"""``tandem train``: train an agent on real ns-3, with progress, checkpoints and resume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from tandem.agents.evaluation.convergence import SUSTAINED, TARGET_RATIO
from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.evaluation.seeds import RUNS
from tandem.agents.inference.cost import VIOLATION_S
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.agreement import agreed
from tandem.scripts.app.common.named import absolute_name
from tandem.scripts.app.common.objective import accuracy_threshold
from tandem.scripts.app.common.place import check_output, target_of
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS, default_folder
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.training.return_settings import (
    DEFAULT_EPISODES,
    EVALUATIONS,
    GeneralSettings,
    has_settings,
    read_settings,
)
from tandem.scripts.app.training.sb3_settings import (
    Sb3TrainSettings,
    is_sb3,
    sb3_config,
    sb3_name,
)
from tandem.scripts.app.training.settings import TrainSettings, load_settings, read_agent_config
from tandem.scripts.given import is_given, set_arguments
from tandem.scripts.options import (
    DEFAULT_ACCURACY,
    DEFAULT_SCENARIO,
    Accuracy,
    Cache,
    Connect,
    Key,
    Quiet,
    ServerKey,
    Settings,
    SimulatorOutput,
)
from tandem.scripts.training_parts import (
    checkpoint_of,
    interrupted,
    train_general,
    train_sb3,
)

DEFAULT_INTERACTIONS: Final = 500
DEFAULT_EVERY: Final = 25
DEFAULT_CHECKPOINT_EVERY: Final = 50
#: Options of agents that are compared with an oracle, and of those judged by returns of episodes.
OF_ORACLE: Final = ("accuracy", "violation_s", "evaluation_states", "cache")
OF_RETURNS: Final = ("objective", "evaluation_episodes")


def train(
    context: typer.Context,
    agent: Annotated[
        str,
        typer.Option(
            help="For any scenario: hybrid, search, or sb3:PPO, an algorithm of Stable-Baselines3 "
            "(PPO, A2C, DQN, SAC, TD3, …). For inference: a learner, such as hybrid or joint-dqn, "
            "or a policy."
        ),
    ] = "hybrid",
    scenario: Annotated[
        str,
        typer.Option(help="Name or path of a scenario."),
    ] = DEFAULT_SCENARIO,
    users: Annotated[int | None, typer.Option(min=1, help="Number of users.")] = None,
    interactions: Annotated[
        int, typer.Option(min=1, help="Decisions to learn from, in total.")
    ] = DEFAULT_INTERACTIONS,
    epochs: Annotated[
        int, typer.Option(min=0, help="Decisions per episode; 0: one that never ends.")
    ] = DEFAULT_EPOCHS,
    seed: Annotated[int, typer.Option(min=0, help="Decides agent and episodes.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Run folder; default: under runs/.")] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            help="Agents of any scenario: the reward: FILE.py:NAME, MODULE:NAME or a name that "
            "the scenario knows; default: the scenario's own."
        ),
    ] = None,
    accuracy: Accuracy = DEFAULT_ACCURACY,
    violation_s: Annotated[
        float, typer.Option(min=0.0, help="Least cost of a decision that misses the threshold, s.")
    ] = VIOLATION_S,
    settings: Settings = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file with settings of the agent.")
    ] = None,
    evaluate_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Interactions between two evaluations "
            f"[{DEFAULT_EVERY}; agents of any scenario: a tenth of the interactions].",
        ),
    ] = None,
    evaluation_states: Annotated[
        int | None, typer.Option(min=1, help="States that the oracle solves beforehand.")
    ] = None,
    evaluation_episodes: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"Agents of any scenario: episodes of an evaluation [{DEFAULT_EPISODES}]."
        ),
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

    Agents of inference scenarios are compared with an oracle. Agents of any scenario need a reward,
    and are evaluated by the return of whole episodes. hybrid learns a model and plans in it (in
    inference scenarios it is the agent that knows requests, unless an --objective is given).
    search learns nothing: it tries actions in
    branches of the running simulation, and each of their epochs counts as an interaction. With
    sb3:NAME, --config holds keywords of the algorithm under `algorithm:`.

    Ctrl-C ends a run after the current interaction, with a checkpoint. `--resume` then
    gives the same results as an uninterrupted run; with more `--interactions` it also prolongs a
    finished one.

    Example: tandem train --agent hybrid --scenario wifi-edge --users 5 --interactions 500

    Example: tandem train --agent sb3:PPO --scenario ./mine --objective reward.py:fair

    Example: tandem train --agent hybrid --scenario ./mine --objective reward.py:fair

    Example: tandem train --agent search --scenario lte-power --interactions 2000
    """
    from tandem.agents.general.kinds import general_config
    from tandem.agents.registry import agent_config
    from tandem.scripts.app.training.general import is_general
    from tandem.scripts.app.training.session import train_in

    check_output(simulator_output, connect)
    console = Console(stderr=True)
    folder = out or default_folder(scenario, agent.replace(":", "-"), users, seed)
    target = target_of(connect, key, server_key)
    if target is not None and runner is not Runner.LOCAL:
        raise typer.BadParameter(
            f"--connect simulates on a server: leave out --runner {runner.value}"
        )
    given_config = {} if config is None else read_agent_config(config)
    if isinstance(guide := given_config.get("guide"), str):
        given_config["guide"] = str(Path(guide).absolute())  # to be found from elsewhere as well
    arguments = _arguments(context, users, epochs, settings)
    with_sb3 = is_sb3(agent) or (resume and has_settings(folder, Sb3TrainSettings))
    general = not with_sb3 and (
        has_settings(folder, GeneralSettings)
        if resume and run_folder.is_run(folder)
        else is_general(agent, scenario, arguments, objective, target)
    )
    _refuse(context, agent, OF_ORACLE if with_sb3 or general else OF_RETURNS)
    if with_sb3 or general:
        asked_of_both: dict[str, Any] = {
            "scenario": scenario,
            "seed": seed,
            "interactions": interactions,
            "objective": None if objective is None else absolute_name(objective),
            "arguments": arguments,
            "evaluate_every": evaluate_every or max(1, interactions // EVALUATIONS),
            "evaluation_episodes": evaluation_episodes or DEFAULT_EPISODES,
            "evaluation_seed": RUNS.first,
            "checkpoint_every": checkpoint_every,
        }
        options: dict[str, Any] = {
            "resume": resume,
            "force": force,
            "quiet": quiet,
            "runner": runner,
            "target": target,
            "output": simulator_output,
        }
        if with_sb3:
            ours = Sb3TrainSettings(
                agent=sb3_name(agent) if is_sb3(agent) else agent,
                agent_config=sb3_config(given_config).model_dump(),
                **asked_of_both,
            )
            train_sb3(context, folder, ours, console, **options)
            return
        if resume and has_settings(folder, GeneralSettings) and not is_given(context, "agent"):
            agent = read_settings(folder, GeneralSettings).agent
        own = GeneralSettings(
            agent=agent,
            agent_config=general_config(agent, given_config).model_dump(),
            **asked_of_both,
        )
        train_general(context, folder, own, console, **options)
        return
    asked = TrainSettings(
        scenario=scenario,
        agent=agent,
        seed=seed,
        interactions=interactions,
        accuracy_threshold=accuracy_threshold(accuracy),
        violation_s=violation_s,
        arguments=arguments,
        agent_config=agent_config(agent, given_config),
        evaluate_every=evaluate_every or DEFAULT_EVERY,
        evaluation_states=evaluation_states,
        evaluation_seed=StateDraw().first_seed,
        checkpoint_every=checkpoint_every,
    )
    if resume:
        asked = agreed(context, folder, asked, load_settings(folder))
    checkpoint = checkpoint_of(folder, console, resume=resume, force=force)
    try:
        run, evaluator = train_in(
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
        interrupted(console, folder)
    reached = evaluator.convergence.interactions
    console.print(
        f"{run.training.interactions} interactions in [bold]{folder}[/], {run.training_s:.0f} s "
        f"without evaluations; {reached} interactions to ≤ {TARGET_RATIO} × the best known in "
        f"{SUSTAINED} evaluations in a row; next: tandem evaluate {folder}",
        highlight=False,
        soft_wrap=True,
    )


def _refuse(context: typer.Context, agent: str, names: Sequence[str]) -> None:
    """Refuse options of agents that are judged in the other way."""
    for name in names:
        if is_given(context, name):
            kind = (
                "agents that are compared with an oracle"
                if name in OF_ORACLE
                else "--agent search, --agent sb3:NAME and scenarios without inference"
            )
            raise typer.BadParameter(
                f"--{name.replace('_', '-')} is for {kind}, not for --agent {agent} here: leave "
                "it out"
            )


def _arguments(
    context: typer.Context, users: int | None, epochs: int, settings: list[str] | None
) -> dict[str, object]:
    arguments: dict[str, object] = {"epochs": epochs}
    if users is not None:
        arguments["users"] = users
    arguments.update(set_arguments(context, settings, "users", "epochs"))
    return arguments
