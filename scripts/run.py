# SPDX-License-Identifier: MIT
"""``tandem run``: play a policy in a scenario and record everything.

The objective ``paper`` is the reward of the paper (Shahhosseini et al., ISQED 2022).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.objective import INFERENCE, run_objective
from tandem.scripts.app.common.place import check_output, start, target_of
from tandem.scripts.app.common.run_config import (
    DEFAULT_EPOCHS,
    check_same,
    default_folder,
    run_config,
)
from tandem.scripts.app.common.source import Source
from tandem.scripts.app.common.stop_request import EXIT_INTERRUPTED, sigterm_as_interrupt
from tandem.scripts.app.common.traces import TRACE_FILES, check_outputs, trace_arguments
from tandem.scripts.app.policies.choose import FORMS, choose_policy, source_run
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.rollout import play
from tandem.scripts.given import is_given, set_arguments
from tandem.scripts.options import Connect, Key, Quiet, ServerKey, Settings, SimulatorOutput


def run(
    context: typer.Context,
    scenario: Annotated[
        str, typer.Option(help="Name of an installed scenario, or path of an executable.")
    ] = "wifi-edge",
    policy: Annotated[str, typer.Option(help=f"Who decides: {FORMS}.")] = "edge",
    users: Annotated[int | None, typer.Option(help="Number of users.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Decisions per episode.")] = DEFAULT_EPOCHS,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes; seeds are seed, seed + 1, …")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first episode.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Run folder; default: under runs/.")] = None,
    settings: Settings = None,
    objective: Annotated[
        str,
        typer.Option(help="Reward: paper or mean of requests; your own: FILE.py:NAME."),
    ] = "paper",
    accuracy: Annotated[
        str, typer.Option(help="Threshold of the paper's reward: percent of top-5, min or max.")
    ] = "85",
    pcap: Annotated[
        bool, typer.Option("--pcap", help="Write packet traces, of each episode.")
    ] = False,
    flowmon: Annotated[bool, typer.Option("--flowmon", help="Write FlowMonitor files.")] = False,
    netanim: Annotated[bool, typer.Option("--netanim", help="Write NetAnim files.")] = False,
    frames: Annotated[
        bool, typer.Option("--frames", help="Record every frame on the air (see load_run).")
    ] = False,
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    simulator_output: SimulatorOutput = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume the run in --out that did not complete.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Play a policy in a scenario and record everything.

    Who decides may be the scenario's own policy, or one of `device`, `edge`, `cloud` and `greedy`
    where there are requests; `random`; `constant:1` or `constant:1,0,2`, one number for each value
    of the action, or `constant:{"block": 1}`; `replay:runs/x`, the actions of another run;
    `runs/h`, the agent that was trained there, as it plays after its last checkpoint; `model.zip`
    of Stable-Baselines3; or `file.py:name`, a function of the observation or a class with `act`.
    The run of a trained or a replayed run has its scenario, arguments and reward unless others are
    given.

    Example: tandem run --scenario wifi-edge --policy edge --users 5 --epochs 50 --seed 1

    Example: tandem run --policy runs/h --episodes 5
    """
    check_output(simulator_output, connect)
    console = Console(stderr=True)
    source = source_run(policy)
    like = None if source is None else Source.read(source)
    if like is not None:
        own = {name for name in context.params if is_given(context, name)}
        scenario = scenario if "scenario" in own else like.scenario
        objective = objective if "objective" in own else like.objective or objective
        accuracy = accuracy if "accuracy" in own else like.accuracy or accuracy
        seed = seed if "seed" in own or like.seed is None else like.seed
        episodes = episodes if "episodes" in own else like.episodes or episodes
    inherited = {} if like is None or scenario != like.scenario else like.arguments
    folder = out or default_folder(scenario, policy, users, seed)
    assigned = set_arguments(context, settings, "epochs", "users", "frames", *TRACE_FILES)
    reward = run_objective(objective, accuracy)
    traces = [
        name
        for name, wanted in (("pcap", pcap), ("flowmon", flowmon), ("netanim", netanim))
        if wanted
    ]
    if resume and (traces or force):
        raise typer.BadParameter("--resume goes with neither trace files nor --force")
    if not resume:
        run_folder.check(folder, force=force)
    config = run_config(
        scenario=scenario,
        policy=policy,
        seed=seed,
        episodes=episodes,
        objective=objective,
        accuracy=accuracy,
        epochs=epochs if is_given(context, "epochs") or not inherited.get("epochs") else None,
        users=users,
        frames=frames,
        settings=assigned,
        traces=traces,
        inherited=inherited,
    )
    arguments = config["arguments"]
    if resume:
        check_same(folder, config)
    if connect is not None and traces:
        raise typer.BadParameter(f"--{traces[0]} writes a file of the simulator: run it locally")
    one_shot = connect is None and check_outputs(
        scenario, [*traces, *(["frames"] if frames else [])], episodes, arguments
    )
    target = target_of(connect, key, server_key)
    if traces:
        run_folder.prepare(folder, force=force)  # a scenario looks whether it can write its files
    with (
        start(
            scenario,
            {**arguments, **trace_arguments(traces, folder)},
            objective=reward,
            inference_only=objective in INFERENCE,
            target=target,
            output=simulator_output,
            failure_folder=folder,
            one_shot=one_shot,
        ) as env,
        sigterm_as_interrupt(),
    ):
        agent = choose_policy(policy, env)
        decisions = int(str(env.arguments["epochs"])) * episodes
        if not traces and not resume:
            # Only now: if the scenario does not start, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        writer = RunWriter(
            folder,
            schema=env.schema,
            config=config,
            simulator_command=env.simulator.command,
            ns3_folder=env.simulator.ns3_folder,
        )
        if resume:
            writer.resume()
        try:
            shown = f"{scenario} · {agent.name}"
            with (
                writer,
                progress(shown, decisions, "decisions", console=console, quiet=quiet) as bar,
            ):
                play(
                    env,
                    agent,
                    writer,
                    seed=seed,
                    episodes=episodes,
                    on_decision=bar.advance,
                )
        except KeyboardInterrupt:
            console.print(f"[yellow]interrupted[/]: {writer.decisions} decisions are in {folder}")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BaseException:
            console.print(f"[yellow]{writer.decisions} decisions are in {folder}[/]")
            raise
    console.print(
        f"{writer.decisions} decisions in [bold]{folder}[/]; next: tandem analyze {folder}"
    )
