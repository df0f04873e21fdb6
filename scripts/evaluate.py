# SPDX-License-Identifier: MIT
"""``tandem evaluate``: a trained agent against fixed policies and the optimum, at new states."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tandem.agents.evaluation.seeds import EPISODES, TRAINED
from tandem.bridge.backends.remote import Target
from tandem.bridge.parts.api import Executor
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.judging_futures import HELP, judging_futures
from tandem.scripts.app.common.named import absolute_name
from tandem.scripts.app.common.place import target_of
from tandem.scripts.app.common.runner import Runner, executor_if_asked
from tandem.scripts.app.common.stop_request import sigterm_as_interrupt
from tandem.scripts.app.tables import wide_console
from tandem.scripts.app.training.comparison_table import print_comparison
from tandem.scripts.app.training.episode_table import print_episodes
from tandem.scripts.app.training.return_settings import (
    GeneralSettings,
    ReturnSettings,
    has_settings,
    read_settings,
)
from tandem.scripts.app.training.sb3_settings import Sb3TrainSettings
from tandem.scripts.app.training.settings import load_settings, state_draw
from tandem.scripts.options import Cache, Connect, Key, OwnJobs, PartsRunner, Quiet, ServerKey

OUTPUT: Final = "evaluate.json"
EPISODES_OUTPUT: Final = "episodes.json"
#: Episodes that a run on any scenario is evaluated on.
RETURN_EPISODES: Final = 20


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of a training run.")],
    states: Annotated[
        int | None, typer.Option(min=1, help="Number of states; default: as during training.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of the first episode [1500000; with --episodes 5000000]."),
    ] = None,
    cache: Cache = None,
    futures: Annotated[
        int,
        typer.Option(min=0, help=HELP),
    ] = 0,
    episodes: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Play so many whole episodes instead of judging single decisions; --futures then "
            "says by how many futures the oracle chooses [3]. Runs that returns judge (search, "
            "sb3:, scenarios without inference) always play episodes [20].",
        ),
    ] = None,
    decisions: Annotated[
        int | None,
        typer.Option(
            min=1, help="With --episodes: decisions of each [50; any scenario: as in the training]."
        ),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.py:NAME",
            help="Runs on any scenario: the reward to compare by; default: that of the training.",
        ),
    ] = None,
    runner: PartsRunner = Runner.LOCAL,
    jobs: OwnJobs = None,
    connect: Connect = None,
    key: Key = None,
    server_key: ServerKey = None,
    quiet: Quiet = False,
) -> None:
    """Compare a trained agent with other policies and the optimum, at new states.

    The greedy policy of the last checkpoint is evaluated, at states that it was not trained on.
    With few users the oracle is the packet-level optimum, and the best fixed joint action is found
    in hindsight. With many users both are out of reach: the best that a search found stands for
    the optimum, and a bound says how far it can be off.

    With --episodes, all play whole episodes instead, so that what one decision leaves behind counts
    in the next. The oracle then plays what is best on average over a few futures other than the one
    that comes, decision by decision: with 3 users it takes about 5 s per decision, with 5 about
    45 s; what it measured is kept in the cache.

    A run of search, of an sb3: agent, or on a scenario without inference plays whole episodes,
    beside random actions and, where there are at most 32, the best constant one.

    Example: tandem evaluate runs/h

    Example: tandem evaluate runs/h --episodes 5
    """
    from tandem.scripts.app.training.checkpoints import last_checkpoint

    target = target_of(connect, key, server_key)
    console, bars = wide_console(), Console(quiet=True) if quiet else Console(stderr=True)
    kinds: tuple[type[ReturnSettings], ...] = (Sb3TrainSettings, GeneralSettings)
    by_returns = [kind for kind in kinds if has_settings(folder, kind)]
    if by_returns:
        _refuse(states=states, cache=cache, futures=futures or None)
        ours = read_settings(folder, by_returns[0])
        if decisions is not None:
            ours = ours.model_copy(update={"arguments": {**ours.arguments, "epochs": decisions}})
        if objective is not None:
            ours = ours.model_copy(update={"objective": absolute_name(objective)})
        who = executor_if_asked(runner, jobs, target)
        first = EPISODES.first if seed is None else seed
        _evaluate_returns(folder, ours, episodes, first, console, bars, target, who)
        return
    if objective is not None:
        raise OptionError(
            "--objective is for runs that returns of episodes judge: this run is judged by the "
            "cost that its agent minimises, leave the option out"
        )
    executor = executor_if_asked(runner, jobs, target)
    settings = load_settings(folder)
    checkpoint = last_checkpoint(folder)
    if episodes is not None:
        from tandem.agents.evaluation.episodes import DECISIONS
        from tandem.scripts.app.training.whole_episodes import ORACLE_FUTURES, compare_episodes

        with sigterm_as_interrupt():
            played = compare_episodes(
                settings,
                checkpoint,
                episodes,
                decisions or DECISIONS,
                EPISODES.first if seed is None else seed,
                cache=cache,
                console=bars,
                target=target,
                futures=judging_futures(futures) or ORACLE_FUTURES,
                executor=executor,
            )
        print_episodes(console, f"[bold]{folder}[/]: {settings.scenario}", played)
        run_folder.write_json(folder / EPISODES_OUTPUT, played.as_dict())
        return
    if decisions is not None:
        raise OptionError("--decisions goes with --episodes")
    from tandem.scripts.app.training.comparison import compare

    with sigterm_as_interrupt():
        result = compare(
            settings,
            checkpoint,
            state_draw(states or settings.draw.count, TRAINED.first if seed is None else seed),
            cache=cache,
            futures=judging_futures(futures),
            console=bars,
            target=target,
            executor=executor,
        )
    console.print(
        f"[bold]{folder}[/]: {settings.agent} in {settings.scenario} after {result.interactions} "
        f"interactions, {result.states} states, mean top-5 accuracy ≥ "
        f"{result.threshold_percent:g} %"
    )
    print_comparison(console, result)
    run_folder.write_json(folder / OUTPUT, result.as_dict())


def _evaluate_returns(
    folder: Path,
    settings: ReturnSettings,
    episodes: int | None,
    first_seed: int,
    console: Console,
    bars: Console,
    target: Target | None,
    executor: Executor | None,
) -> None:
    """Play whole episodes with the agent of a run on any scenario, and with other policies."""
    from tandem.scripts.app.policies.trained import trained_agent
    from tandem.scripts.app.training.return_evaluation import compare_returns, print_returns

    with sigterm_as_interrupt():
        played = compare_returns(
            folder,
            settings,
            trained_agent,
            first_seed,
            episodes or RETURN_EPISODES,
            console=bars,
            target=target,
            executor=executor,
        )
    print_returns(console, f"[bold]{folder}[/]: {settings.scenario}", played)
    run_folder.write_json(folder / EPISODES_OUTPUT, played.as_dict())


def _refuse(**options: object) -> None:
    """Refuse options that need an oracle."""
    for name, value in options.items():
        if value is not None:
            raise OptionError(
                f"--{name} is for runs that are judged by an oracle: leave it out for a run on any "
                "scenario, whose agent plays whole episodes"
            )
