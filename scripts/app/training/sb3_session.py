# SPDX-License-Identifier: MIT
"""Everything that a training run of an SB3 algorithm needs, started and ended together."""

from __future__ import annotations

import collections
import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tandem.agents.evaluation.returns import ReturnJudge
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.objective import own_objective
from tandem.scripts.app.common.place import open_env
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.common.stop_request import stop_requests
from tandem.scripts.app.progress import ProgressBar, progress
from tandem.scripts.app.training.recorded_env import RecordedEnv
from tandem.scripts.app.training.sb3_run import ReturnRow, Sb3Run
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings

#: Interactions over which the shown reward is averaged.
WINDOW: Final = 100


class Terminal:
    """The main figures beside a progress bar; without a terminal, a line per evaluation."""

    def __init__(self, bar: ProgressBar, console: Console, *, quiet: bool) -> None:
        self._bar = bar
        self._console = console
        self._quiet = quiet
        self._rewards: collections.deque[float] = collections.deque(maxlen=WINDOW)
        self._judged = ""

    def interaction(self, interaction: int, reward: float) -> None:
        """Move the bar."""
        self._rewards.append(reward)
        mean = math.fsum(self._rewards) / len(self._rewards)
        self._bar.note(f"reward {mean:.4g}{self._judged}")
        self._bar.reach(interaction)

    def evaluation(self, row: ReturnRow) -> None:
        """Show the return from now on."""
        self._judged = f" · return {row.return_mean:.4g} (random {row.random_return:.4g})"
        if self._quiet or self._console.is_terminal:
            return
        self._console.print(
            f"interaction {row.interaction}: mean return {row.return_mean:.6g} in {row.episodes} "
            f"episodes ({row.reward_mean:.6g} per decision); random actions "
            f"{row.random_return:.6g}",
            highlight=False,
            soft_wrap=True,
        )


def rewarded_env(
    settings: Sb3TrainSettings,
    target: Target | None = None,
    runner: Runner = Runner.LOCAL,
    **options: Any,
) -> TandemEnv:
    """An environment of a run's scenario with its objective.

    Raises:
        OptionError: the scenario has no reward of its own, and no objective was given.
    """
    env = open_env(
        settings.scenario,
        settings.arguments,
        target,
        runner,
        objective=own_objective(settings.objective),
        **options,
    )
    if env.objective is None:
        env.close()
        raise OptionError(
            f"scenario {env.schema.scenario!r} has no reward of its own, so there is nothing to "
            "learn: give --objective FILE.py:NAME, a callable that takes an EpochResult and "
            "returns a number to be maximised"
        )
    return env


def evaluation_judge(
    env: TandemEnv, settings: Sb3TrainSettings, first: int, episodes: int
) -> ReturnJudge:
    """Plays episodes of the seeds from ``first`` on, each as long as one of the training."""
    limit = int(settings.arguments.get("epochs") or DEFAULT_EPOCHS)
    return ReturnJudge(env, range(first, first + episodes), limit)


def train_sb3_in(
    folder: Path,
    settings: Sb3TrainSettings,
    checkpoint: Path | None,
    console: Console,
    *,
    force: bool,
    quiet: bool,
    runner: Runner = Runner.LOCAL,
    target: Target | None = None,
    output: str | None = None,
) -> Sb3Run:
    """Train in ``folder``; from ``checkpoint`` on, if there is one.

    Args:
        force: replace an earlier run there.
        runner: where the simulators run; the results are the same.
        target: the server on which they run; ``None``: here.
        output: where what the training's simulator prints goes, as for `TandemEnv`.

    Raises:
        KeyboardInterrupt: it was interrupted; everything until then is in the folder.
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
        goal = settings.interactions
        name = f"{settings.agent} · {settings.scenario}"
        bar = stack.enter_context(
            progress(name, goal, "interactions", console=console, quiet=quiet)
        )
        run = Sb3Run(
            folder,
            settings,
            RecordedEnv(env, writer, settings.seed),
            writer,
            evaluation_judge(
                judging, settings, settings.evaluation_seed, settings.evaluation_episodes
            ),
            Terminal(bar, console, quiet=quiet),
        )
        if checkpoint is None:
            # Only now: if anything does not fit, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        else:
            run.resume(checkpoint)
        stop_wanted = stack.enter_context(stop_requests())
        stack.enter_context(writer)
        complete = run.run(stop_wanted)
        writer.note(interactions=run.interactions)
        if not complete:
            raise KeyboardInterrupt
    return run
