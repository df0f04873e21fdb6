# SPDX-License-Identifier: MIT
"""Who plays the episodes that returns are compared in, and the playing in parts.

Episodes of the trained agent are independent. Random actions are one stream of draws through all
episodes, so they are one part, and so is each constant action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeAlias

import gymnasium
import numpy as np

from tandem.agents.api import Agent
from tandem.agents.common.action_coding import codings
from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.returns import Returns, random_policy
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.scenarios import fixed_scenario
from tandem.bridge.parts.api import Folders, Task
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.training.checkpoints import last_checkpoint
from tandem.scripts.app.training.return_envs import evaluation_judge, rewarded_env
from tandem.scripts.app.training.return_settings import ReturnSettings

#: Constant actions that are tried: all, where there are no more than these.
MOST_CONSTANT: Final = 32
#: Makes the agent of a training run, to play in an environment.
Trained: TypeAlias = Callable[[Path, TandemEnv], Agent]
#: The folder of the training run, for parts.
RUN: Final = "run"


class Kind(str, Enum):
    """Kinds of players."""

    TRAINED = "trained agent"
    RANDOM = "random actions"
    CONSTANT = "constant action"


@dataclass(frozen=True)
class Player:
    """Who plays.

    Attributes:
        kind: of player.
        number: of the constant action.
    """

    kind: Kind
    number: int = 0


@dataclass(frozen=True)
class PlayedPart:
    """Episodes that one player plays, one after the other.

    Attributes:
        settings: of the training run.
        player: who.
        first_seed: of the first episode; the following ones count up.
        episodes: how many.
    """

    settings: ReturnSettings
    player: Player
    first_seed: int
    episodes: int

    @property
    def name(self) -> str:
        """For people."""
        number = f" {self.player.number}" if self.player.kind is Kind.CONSTANT else ""
        return f"{self.player.kind.value}{number}, episodes from {self.first_seed}"

    @property
    def weight(self) -> float:
        """Episodes."""
        return self.episodes

    def divided(self) -> Iterator[PlayedPart]:
        """The same in independent parts."""
        if self.player.kind is not Kind.TRAINED:
            yield self
            return
        for seed in range(self.first_seed, self.first_seed + self.episodes):
            yield PlayedPart(self.settings, self.player, seed, 1)


class PlayingEpisodes(Task[PlayedPart, Returns]):
    """Plays episodes in a simulator of their own.

    Args:
        settings: of the training run.
        trained: a function of a module, for it is pickled.
    """

    def __init__(self, settings: ReturnSettings, trained: Trained) -> None:
        self._scenario = settings.scenario
        self._trained = trained

    @property
    def programs(self) -> tuple[str, ...]:
        """The scenario."""
        return (fixed_scenario(self._scenario),)

    def run(self, part: PlayedPart, folders: Folders) -> Returns:
        """As `play`."""
        with rewarded_env(part.settings) as env:
            returns = play(env, part, folders[RUN], self._trained)
        return returns

    def reads(self, part: PlayedPart, folders: Folders) -> Iterable[Path]:
        """What the agent is made from."""
        folder = folders[RUN]
        return [folder / run_folder.CONFIG, folder / run_folder.METADATA, last_checkpoint(folder)]


@single_threaded
def play(
    env: TandemEnv,
    part: PlayedPart,
    folder: Path,
    trained: Trained,
    on_episode: Callable[[], None] | None = None,
) -> Returns:
    """Play the episodes of a part.

    Args:
        env: with the objective.
        folder: of the training run.
        trained: makes its agent.
        on_episode: called after each.

    Raises:
        RunFolderError: this version cannot read the checkpoint.
    """
    judge = evaluation_judge(env, part.settings, part.first_seed, part.episodes)
    if part.player.kind is Kind.TRAINED:
        agent = trained(folder, env)
        return judge.judge(agent.act, on_episode, agent.begin_episode)
    if part.player.kind is Kind.RANDOM:
        return judge.judge(random_policy(env.action_space, part.settings.seed), on_episode)
    action = constants(env)[part.player.number]
    return judge.judge(lambda observation: action, on_episode)


def joined(parts: Sequence[Returns]) -> Returns:
    """The returns of one player's episodes, in their order."""
    fields = ("seeds", "returns", "decisions")
    return Returns(*(np.concatenate([getattr(one, name) for one in parts]) for name in fields))


def constants(env: gymnasium.Env[Any, Any]) -> list[Any]:
    """Every joint action, where there are few."""
    return [
        coding.action(number)
        for coding in codings(env.action_space)
        if (count := getattr(coding.space, "n", None)) is not None and count <= MOST_CONSTANT
        for number in range(count)
    ]
