# SPDX-License-Identifier: MIT
"""``tandem run``: play a policy in a scenario and record every request."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Final

import typer
import yaml
from rich.console import Console

from tandem.agents.inference.heuristics import POLICIES, make_policy
from tandem.agents.inference.objective import MeanResponseTime, PaperObjective
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.objective import Objective
from tandem.bridge.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.arguments import parse_assignments
from tandem.scripts.app.common.place import Connect, Key, ServerKey, open_env, target_of
from tandem.scripts.app.common.threshold import accuracy_threshold
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.rollout import play

DEFAULT_EPOCHS: Final = 50
#: Exit status of a program that Ctrl-C ended, by convention.
EXIT_INTERRUPTED: Final = 130
#: ns-3's own outputs: switch → (scenario argument, file in the run folder).
TRACE_FILES: Final = {
    "pcap": ("pcap", "trace"),
    "flowmon": ("flowmon", "flowmon.xml"),
    "netanim": ("netanim", "netanim.xml"),
}


def run(
    scenario: Annotated[
        str, typer.Option(help="Name of an installed scenario, or path of an executable.")
    ] = "wifi-edge",
    policy: Annotated[str, typer.Option(help=f"One of {', '.join(POLICIES)}.")] = "edge",
    users: Annotated[int | None, typer.Option(help="Number of users.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Decisions per episode.")] = DEFAULT_EPOCHS,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes; seeds are seed, seed + 1, …")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first episode.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Run folder; default: under runs/.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any scenario argument; repeatable."),
    ] = None,
    objective: Annotated[str, typer.Option(help="Reward: paper or mean.")] = "paper",
    accuracy: Annotated[
        str, typer.Option(help="Threshold of the paper's reward: percent of top-5, min or max.")
    ] = "85",
    pcap: Annotated[bool, typer.Option("--pcap", help="Write packet traces.")] = False,
    flowmon: Annotated[bool, typer.Option("--flowmon", help="Write flowmon.xml.")] = False,
    netanim: Annotated[bool, typer.Option("--netanim", help="Write netanim.xml.")] = False,
    frames: Annotated[
        bool, typer.Option("--frames", help="Record every frame on the air (see load_run).")
    ] = False,
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out that did not complete.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Play a policy in a scenario and record every request.

    Example: tandem run --scenario wifi-edge --policy edge --users 5 --epochs 50 --seed 1
    """
    console = Console(stderr=True)
    folder = out or default_folder(scenario, policy, users, seed)
    reward = make_objective(objective, accuracy)
    traces = [
        name
        for name, wanted in (("pcap", pcap), ("flowmon", flowmon), ("netanim", netanim))
        if wanted
    ]
    if traces and episodes > 1:
        raise typer.BadParameter(
            f"--{traces[0]} records one episode, not {episodes}: leave out --episodes"
        )
    if resume and (traces or force):
        raise typer.BadParameter("--resume goes with neither trace files nor --force")
    if not resume:
        run_folder.check(folder, force=force)
    if traces:
        run_folder.prepare(folder, force=force)  # ns-3 opens its files while it starts
    traced: dict[str, object] = {
        TRACE_FILES[name][0]: str((folder / TRACE_FILES[name][1]).resolve()) for name in traces
    }
    config = run_config(
        scenario=scenario,
        policy=policy,
        seed=seed,
        episodes=episodes,
        objective=objective,
        accuracy=accuracy,
        epochs=epochs,
        users=users,
        frames=frames,
        settings=parse_assignments(settings or ()),
        traces=traces,
    )
    arguments = config["arguments"]
    if resume:
        _check_same(folder, config)
    if connect is not None and traces:
        raise typer.BadParameter(f"--{traces[0]} writes a file of the simulator: run it locally")
    target = target_of(connect, key, server_key)
    with (
        start(
            scenario, {**arguments, **traced}, reward, one_shot=bool(traces), target=target
        ) as env,
        sigterm_as_interrupt(),
    ):
        agent = make_policy(policy, env.schema)
        if not traces and not resume:
            # Only now: a run that --force replaces is kept when the scenario does not even start.
            run_folder.prepare(folder, force=force)
        writer = RunWriter(
            folder, schema=env.schema, config=config, simulator_command=env.simulator.command
        )
        if resume:
            writer.resume()
        try:
            shown = f"{scenario} · {agent.name}"
            with (
                writer,
                progress(
                    shown, epochs * episodes, "decisions", console=console, quiet=quiet
                ) as bar,
            ):
                play(
                    env,
                    agent,
                    writer,
                    seed=seed,
                    episodes=episodes,
                    on_epoch=bar.advance,
                )
        except KeyboardInterrupt:
            console.print(f"[yellow]interrupted[/]: {writer.decisions} epochs are in {folder}")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BaseException:
            console.print(f"[yellow]{writer.decisions} finished epochs are in {folder}[/]")
            raise
    console.print(f"{writer.decisions} epochs in [bold]{folder}[/]; next: tandem analyze {folder}")


def run_config(
    *,
    scenario: str,
    policy: str,
    seed: int,
    episodes: int,
    objective: str,
    accuracy: str,
    epochs: int,
    users: int | None,
    frames: bool,
    settings: Mapping[str, object],
    traces: Sequence[str],
) -> dict[str, Any]:
    """What ``config.yaml`` of a run holds: everything needed to repeat it."""
    arguments: dict[str, object] = {"epochs": epochs}
    if users is not None:
        arguments["users"] = users
    if frames:
        arguments["frames"] = 1
    arguments.update(settings)
    return {
        "scenario": scenario,
        "policy": policy,
        "seed": seed,
        "episodes": episodes,
        "objective": objective,
        "accuracy_threshold": accuracy if objective == "paper" else None,
        "arguments": arguments,
        "traces": list(traces),
    }


def _check_same(folder: Path, config: dict[str, Any]) -> None:
    """Refuse to go on with a run of other settings.

    Raises:
        RunFolderError: the folder holds no run, or one of other settings.
    """
    try:
        stored = yaml.safe_load((folder / run_folder.CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise run_folder.RunFolderError(f"{folder} holds no run to go on with: {error}") from error
    changed = [name for name in config if stored.get(name) != config[name]]
    if changed:
        raise run_folder.RunFolderError(
            f"{folder} is a run with another {changed[0]}: {stored.get(changed[0])!r} instead of "
            f"{config[changed[0]]!r}; give the same options as then"
        )


def start(
    scenario: str,
    arguments: dict[str, object],
    objective: Objective[Any],
    *,
    one_shot: bool = False,
    target: Target | None = None,
) -> TandemEnv:
    """An environment, here or on a server, whose reward is ``objective`` where it has requests."""
    env = open_env(scenario, arguments, target, one_shot=one_shot)
    if env.domain is not None:
        env.objective = objective
    return env


def make_objective(name: str, accuracy: str) -> Objective[Any]:
    """The reward that the command line asks for.

    Raises:
        typer.BadParameter: unknown name, or an accuracy that is no threshold.
    """
    if name == "mean":
        return MeanResponseTime()
    if name != "paper":
        raise typer.BadParameter(f"--objective {name!r} is unknown: paper or mean")
    return PaperObjective(accuracy_threshold(accuracy))


def default_folder(scenario: str, policy: str, users: int | None, seed: int) -> Path:
    """``runs/wifi-edge-edge-u5-s1``."""
    parts = [Path(scenario).stem, policy, *([] if users is None else [f"u{users}"]), f"s{seed}"]
    return Path("runs") / "-".join(parts)


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let a polite kill end a run as Ctrl-C does: with its results written."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
