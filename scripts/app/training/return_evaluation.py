# SPDX-License-Identifier: MIT
"""A trained agent of any scenario beside random and constant actions, in episodes new to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import gymnasium
import numpy as np
from rich.console import Console
from rich.table import Table

from tandem.agents.api import Agent
from tandem.agents.common.action_coding import codings
from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.returns import Act, Returns, random_policy
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.return_envs import evaluation_judge, rewarded_env
from tandem.scripts.app.training.return_settings import ReturnSettings

#: Constant actions that are tried: all, where there are no more than these.
MOST_CONSTANT: Final = 32
BEST_CONSTANT: Final = "best constant action"
RANDOM: Final = "random actions"


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


@single_threaded
def compare_returns(
    settings: ReturnSettings,
    checkpoint: Path,
    trained: Callable[[TandemEnv], Agent],
    first_seed: int,
    episodes: int,
    *,
    console: Console,
    target: Target | None = None,
) -> ReturnComparison:
    """Play the trained policy, random actions and constant ones.

    Args:
        settings: of the run.
        checkpoint: that is judged.
        trained: the agent of that checkpoint, to play in an environment.
        first_seed: of the episodes.
        episodes: how many.
        console: for progress.
        target: the server on which simulators run; ``None``: here.

    Raises:
        RunFolderError: this version cannot read the checkpoint.
    """
    with rewarded_env(settings, target) as env:
        agent = trained(env)
        judge = evaluation_judge(env, settings, first_seed, episodes)
        constants = list(_constants(env))
        players = 2 + len(constants)
        with progress("evaluation", players * episodes, "episodes", console=console) as bar:
            lines = {
                settings.agent: judge.judge(agent.act, bar.advance, agent.begin_episode),
                RANDOM: judge.judge(random_policy(env.action_space, settings.seed), bar.advance),
            }
            found = [judge.judge(_always(action), bar.advance) for action in constants]
    constant = None
    if found:
        best = int(np.argmax([line.mean for line in found]))
        lines[BEST_CONSTANT] = found[best]
        constant = _flat(constants[best])
    return ReturnComparison(int(checkpoint.stem), lines, constant, len(found))


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


def _constants(env: gymnasium.Env[Any, Any]) -> Iterator[Any]:
    """Every joint action, where there are few."""
    for coding in codings(env.action_space):
        count = getattr(coding.space, "n", None)
        if count is not None and count <= MOST_CONSTANT:
            yield from (coding.action(number) for number in range(count))


def _always(action: Any) -> Act:
    return lambda observation: action


def _flat(action: Any) -> list[float]:
    blocks = action.values() if isinstance(action, dict) else [action]
    return [float(value) for block in blocks for value in np.ravel(block)]
