# SPDX-License-Identifier: MIT
"""What training runs that are judged by the returns of whole episodes need around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tandem.agents.evaluation.returns import ReturnJudge
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.recorded_env import RecordedEnv
from tandem.scripts.app.training.return_envs import evaluation_judge, rewarded_env
from tandem.scripts.app.training.return_rows import Terminal
from tandem.scripts.app.training.return_settings import ReturnSettings


@dataclass(frozen=True)
class ReturnParts:
    """What such a run is made of.

    Attributes:
        env: the training environment.
        recorded: the same, each step recorded.
        writer: of the folder; not entered yet.
        judge: evaluates, in an environment of its own.
        terminal: shows the run.
    """

    env: TandemEnv
    recorded: RecordedEnv
    writer: RunWriter
    judge: ReturnJudge
    terminal: Terminal


@contextmanager
def return_parts(
    folder: Path,
    settings: ReturnSettings,
    console: Console,
    *,
    quiet: bool,
    runner: Runner,
    target: Target | None,
    output: str | None,
) -> Iterator[ReturnParts]:
    """The parts, which end with the context.

    Args:
        folder: of the run; nothing is written there yet.
        settings: of the run.
        console: for progress.
        quiet: no progress.
        runner: where the simulators run; the results are the same.
        target: the server on which they run; ``None``: here.
        output: where what the training's simulator prints goes, as for `TandemEnv`.
    """
    with ExitStack() as stack:
        env = rewarded_env(settings, target, runner, output=output, failure_folder=folder)
        stack.callback(env.close)
        judging = rewarded_env(settings, target, runner)
        stack.callback(judging.close)
        writer = RunWriter(
            folder,
            schema=env.schema,
            config=settings.model_dump(),
            simulator_command=env.simulator.command,
            ns3_folder=env.simulator.ns3_folder,
        )
        writer.note(agent=settings.agent)
        name = f"{settings.agent} · {settings.scenario}"
        bar = stack.enter_context(
            progress(name, settings.interactions, "interactions", console=console, quiet=quiet)
        )
        yield ReturnParts(
            env,
            RecordedEnv(env, writer, settings.seed),
            writer,
            evaluation_judge(
                judging, settings, settings.evaluation_seed, settings.evaluation_episodes
            ),
            Terminal(bar, console, quiet=quiet),
        )
