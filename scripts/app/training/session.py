# SPDX-License-Identifier: MIT
"""Everything that a training run needs, started and ended together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from rich.console import Console

from tandem.agents.api import Transition
from tandem.agents.registry import make_agent
from tandem.agents.training.history import HistoryRow
from tandem.agents.training.world import EnvWorld
from tandem.bridge.backends.remote import Target
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.place import open_env
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.ending import play_to_the_end
from tandem.scripts.app.training.evaluators import EvaluationRow, OracleEvaluator
from tandem.scripts.app.training.judges import judged_states
from tandem.scripts.app.training.monitors import TerminalMonitor, tensorboard
from tandem.scripts.app.training.run import TrainRun
from tandem.scripts.app.training.settings import TrainSettings

#: A training run on inference requests.
InferenceRun: TypeAlias = TrainRun[Transition, HistoryRow, EvaluationRow]


def train_in(
    folder: Path,
    settings: TrainSettings,
    checkpoint: Path | None,
    cache: Path | None,
    console: Console,
    *,
    force: bool,
    quiet: bool,
    runner: Runner = Runner.LOCAL,
    target: Target | None = None,
    output: str | None = None,
) -> tuple[InferenceRun, OracleEvaluator]:
    """Train in ``folder``; from ``checkpoint`` on, if there is one.

    Args:
        cache: folder of measured states; default: the user's cache.
        force: replace an earlier run there.
        runner: where the simulator runs; the results are the same.
        target: the server on which all simulators run, the oracle's as well; ``None``: here.
        output: where what the training's simulator prints goes, as for `TandemEnv`.

    Returns:
        The run and its evaluations.

    Raises:
        KeyboardInterrupt: it was interrupted; everything until then is in the folder.
    """
    with ExitStack() as stack:
        env = open_env(
            settings.scenario,
            settings.arguments,
            target,
            runner,
            objective=settings.objective,
            output=output,
            failure_folder=folder,
        )
        stack.callback(env.close)
        settings = settings.with_states(env.schema)
        judged = stack.enter_context(
            judged_states(
                settings.scenario,
                settings.arguments,
                settings.objective,
                settings.draw,
                cache=cache,
                target=target,
                console=Console(quiet=True) if quiet else console,
            )
        )
        if checkpoint is None:
            # Only now: if the simulator does not start, the run that --force replaces is kept.
            run_folder.prepare(folder, force=force)
        writer = RunWriter(
            folder,
            schema=env.schema,
            config=settings.as_config(),
            simulator_command=env.simulator.command,
            ns3_folder=env.simulator.ns3_folder,
        )
        writer.note(agent=settings.agent, oracle="exact" if judged.judge.exact else "best found")
        world = EnvWorld(env)
        learner = make_agent(
            settings.agent, env.schema, world.problem, settings.seed, settings.agent_config
        )
        evaluator = OracleEvaluator(judged.judge, learner)
        run = InferenceRun(folder, settings, world, learner, writer, evaluator)
        if checkpoint is not None:
            run.resume(checkpoint)
        done, goal = run.training.interactions, settings.interactions
        name = f"{settings.agent} · {settings.scenario}"
        bar = stack.enter_context(
            progress(name, goal, "interactions", console=console, quiet=quiet, done=done)
        )
        run.watch(TerminalMonitor(bar, console, quiet=quiet))
        board = stack.enter_context(tensorboard(folder, done, console))
        if board is not None:
            run.watch(board)
        play_to_the_end(run, writer)
    return run, evaluator
