# SPDX-License-Identifier: MIT
"""A trained agent of any scenario beside random and constant actions, in episodes new to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from tandem.agents.evaluation.returns import Returns
from tandem.bridge.backends.remote import Target
from tandem.bridge.parts.api import Executor, results_of
from tandem.scripts.app.common.parts import run_parts
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.checkpoints import last_checkpoint
from tandem.scripts.app.training.return_envs import rewarded_env
from tandem.scripts.app.training.return_players import (
    MOST_CONSTANT,
    RUN,
    Kind,
    PlayedPart,
    Player,
    PlayingEpisodes,
    Trained,
    constants,
    joined,
    play,
)
from tandem.scripts.app.training.return_settings import ReturnSettings

BEST_CONSTANT: Final = "best constant action"
RANDOM: Final = Kind.RANDOM.value


@dataclass(frozen=True)
class ReturnComparison:
    """What policies got in the same episodes.

    Attributes:
        interactions: after which the policy was saved.
        lines: by name of the player; the trained policy first.
        constant: the action of `BEST_CONSTANT`, flat; none where no constant was tried.
        constants: how many constant actions were tried.
    """

    interactions: int
    lines: Mapping[str, Returns]
    constant: list[float] | None
    constants: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "interactions": self.interactions,
            "constant": self.constant,
            "constants_tried": self.constants,
            "players": {
                name: {
                    "return_mean": line.mean,
                    "return_sd": None if math.isnan(line.sd) else line.sd,
                    "reward_mean": line.reward,
                    "seeds": line.seeds.tolist(),
                    "returns": line.returns.tolist(),
                    "decisions": line.decisions.tolist(),
                }
                for name, line in self.lines.items()
            },
        }


def compare_returns(
    folder: Path,
    settings: ReturnSettings,
    trained: Trained,
    first_seed: int,
    episodes: int,
    *,
    console: Console,
    target: Target | None = None,
    executor: Executor | None = None,
) -> ReturnComparison:
    """Play the trained policy, random actions and constant ones.

    Args:
        folder: of the run; its last checkpoint is judged.
        settings: of the run, or with another objective or length of episodes.
        trained: makes its agent.
        first_seed: of the episodes.
        episodes: how many.
        console: for progress.
        target: the server on which simulators run; ``None``: here.
        executor: plays parts, each in a simulator of its own; ``None``: all play in one.

    Raises:
        RunFolderError: this version cannot read the checkpoint.
        PartsFailed: some parts failed, after the others have finished.
    """
    with rewarded_env(settings, target) as env:
        actions = constants(env)
        players = [Player(Kind.TRAINED), Player(Kind.RANDOM)]
        players += [Player(Kind.CONSTANT, number) for number in range(len(actions))]
        wholes = [PlayedPart(settings, player, first_seed, episodes) for player in players]
        if executor is None:
            total = len(players) * episodes
            with progress("evaluation", total, "episodes", console=console) as bar:
                found = [play(env, whole, folder, trained, bar.advance) for whole in wholes]
        else:
            found = _in_parts(executor, wholes, folder, trained, console)
    lines = {settings.agent: found[0], RANDOM: found[1]}
    constant = None
    if actions:
        best = int(np.argmax([line.mean for line in found[2:]]))
        lines[BEST_CONSTANT] = found[2:][best]
        constant = _flat(actions[best])
    return ReturnComparison(int(last_checkpoint(folder).stem), lines, constant, len(actions))


def _in_parts(
    executor: Executor,
    wholes: Sequence[PlayedPart],
    folder: Path,
    trained: Trained,
    console: Console,
) -> list[Returns]:
    """What each player got."""
    divided = [list(whole.divided()) for whole in wholes]
    done = run_parts(
        executor,
        PlayingEpisodes(wholes[0].settings, trained),
        [part for parts in divided for part in parts],
        {RUN: folder},
        title="evaluation",
        unit="episodes",
        console=console,
    )
    results = iter(results_of(done))
    return [joined([next(results) for _ in parts]) for parts in divided]


def print_returns(console: Console, title: str, result: ReturnComparison) -> None:
    """Print the table."""
    first = next(iter(result.lines.values()))
    console.print(
        f"{title}, after {result.interactions} interactions; {len(first.seeds)} episodes of up to "
        f"{first.decisions.max()} decisions"
    )
    table = Table()
    for heading in ("player", "mean return", "sd over episodes", "reward per decision"):
        table.add_column(heading, justify="left" if heading == "player" else "right")
    for name, line in result.lines.items():
        shown = f"{name} {result.constant}" if name == BEST_CONSTANT else name
        sd = "one episode" if math.isnan(line.sd) else f"{line.sd:.6g}"
        table.add_row(shown, f"{line.mean:.6g}", sd, f"{line.reward:.6g}")
    console.print(table)
    if result.constant is not None:
        console.print(
            f"Best constant action: the best of {result.constants} in these very episodes."
        )
    else:
        console.print(f"Constant actions: none tried, there are more than {MOST_CONSTANT}.")


def _flat(action: Any) -> list[float]:
    blocks = action.values() if isinstance(action, dict) else [action]
    return [float(value) for block in blocks for value in np.ravel(block)]
