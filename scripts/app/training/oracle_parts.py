# SPDX-License-Identifier: MIT
"""The oracle's work in parts: episodes at whose states it measures.

Episodes are independent, and each is a simulator of its own. What parts measure goes into the
oracle's cache. The command then does what it does without parts and finds everything there, so
its results cannot differ.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.episodes import play_episodes
from tandem.agents.evaluation.judge import SiteExplorer, StateDraw, draw_states
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.players import OraclePlayer
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import CostObjective
from tandem.agents.inference.options import OptionTable
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError
from tandem.bridge.parts.api import Executor, Folders, Task, results_of
from tandem.scripts.app.common.parts import run_parts

CACHE: Final = "cache"
Arguments: TypeAlias = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class OracleEpisode(ABC):
    """An episode at whose states the oracle measures.

    Attributes:
        scenario, arguments, objective: of the simulator.
        futures: as for `Oracle`.
        seed: of the episode.
        known: files of tables that were measured before, in the cache's folder.
    """

    scenario: str
    arguments: Arguments
    objective: CostObjective
    futures: int
    seed: int
    known: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.scenario}, episode {self.seed}"

    @property
    @abstractmethod
    def weight(self) -> float:
        """States at most."""

    @abstractmethod
    def play(self, env: TandemEnv, oracle: Oracle) -> None:
        """Go through the episode, and let the oracle measure on the way."""


@dataclass(frozen=True)
class DrawnEpisode(OracleEpisode):
    """States that judge.

    Attributes:
        draw: those of this episode.
    """

    draw: StateDraw = field(default_factory=StateDraw)

    @property
    def weight(self) -> float:
        """States."""
        return self.draw.count

    def play(self, env: TandemEnv, oracle: Oracle) -> None:
        """As `draw_states`."""
        for _ in draw_states(Walk(env), oracle, SiteExplorer(env.schema), self.draw):
            pass


@dataclass(frozen=True)
class PlayedEpisode(OracleEpisode):
    """An episode that the oracle plays on.

    Attributes:
        decisions: of it.
    """

    decisions: int = 1

    @property
    def weight(self) -> float:
        """Each decision is a state."""
        return self.decisions

    def play(self, env: TandemEnv, oracle: Oracle) -> None:
        """As `play_episodes`."""
        play_episodes(env, OraclePlayer(oracle), [self.seed], self.decisions)


class MeasuringEpisodes(Task[OracleEpisode, int]):
    """Measures into the cache; returns how many tables are new.

    On another node a state after a missing one is measured again even if its table is at home:
    which state that is, only the missing table tells.
    """

    def __init__(self, scenario: str) -> None:
        self._scenario = scenario

    @property
    def programs(self) -> tuple[str, ...]:
        """The scenario."""
        return (self._scenario,)

    def run(self, part: OracleEpisode, folders: Folders) -> int:
        """Play the episode in a simulator of its own, one branch at a time."""
        cache = OracleCache(folders[CACHE])
        with TandemEnv(part.scenario, dict(part.arguments), objective=part.objective) as env:
            part.play(env, Oracle(env, cache=cache, futures=part.futures, parallel=1))
        return cache.misses

    def reads(self, part: OracleEpisode, folders: Folders) -> Iterable[Path]:
        """The tables that are known."""
        return [folders[CACHE] / name for name in part.known]


def drawn_episodes(
    scenario: str,
    arguments: Mapping[str, object],
    objective: CostObjective,
    futures: int,
    draw: StateDraw,
) -> list[OracleEpisode]:
    """The episodes of states that judge."""
    given = tuple(arguments.items())
    firsts = range(0, draw.count, draw.per_episode)
    draws = [
        replace(
            draw,
            count=min(draw.per_episode, draw.count - first),
            first_seed=draw.first_seed + number,
        )
        for number, first in enumerate(firsts)
    ]
    return [
        DrawnEpisode(scenario, given, objective, futures, one.first_seed, draw=one) for one in draws
    ]


def measure_parts(
    executor: Executor,
    env: TandemEnv,
    episodes: Sequence[OracleEpisode],
    cache: OracleCache,
    console: Console,
) -> int:
    """Measure what the cache lacks, episode by episode; returns how many tables are new.

    Args:
        env: of the scenario; it is moved.

    Raises:
        PartsFailed: some episodes failed, after the others have finished.
    """
    missing = [part for episode in episodes if (part := _unknown(env, episode, cache))]
    if not missing:
        return 0
    done = run_parts(
        executor,
        MeasuringEpisodes(missing[0].scenario),
        missing,
        {CACHE: cache.folder},
        title=f"oracle · {len(missing)} episodes",
        unit="states",
        console=console,
    )
    return sum(results_of(done))


class _NotMeasured(TandemError):
    """A table is not in the cache."""


class _Known(OracleCache):
    """Gives what is there, and notes it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: list[str] = []

    def get(self, key: str, options: OptionTable) -> OutcomeTable:
        """As `OracleCache.get`; raises `_NotMeasured` where there is none."""
        table = super().get(key, options)
        if table is None:
            raise _NotMeasured("not measured")
        self.names.append(self.path(key).name)
        return table


def _unknown(env: TandemEnv, episode: OracleEpisode, cache: OracleCache) -> OracleEpisode | None:
    """The episode with what is known of it; ``None``: everything is."""
    known = _Known(cache.folder)
    try:
        episode.play(env, Oracle(env, cache=known, futures=episode.futures))
    except _NotMeasured:
        return replace(episode, known=tuple(known.names))
    return None
