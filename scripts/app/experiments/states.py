# SPDX-License-Identifier: MIT
"""The states that judge: measured episode by episode, shared by all settings of one truth.

An episode is a part of its own, so that processes measure side by side and a killed run loses one
episode's simulation at most; what was measured of it is in the oracle's cache.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.agents.evaluation.judge import Judge, SiteExplorer
from tandem.agents.evaluation.oracle import Oracle, solution_of
from tandem.agents.evaluation.played_evaluation import FoundState, PlayedEvaluationSet
from tandem.agents.evaluation.search import SearchConfig
from tandem.agents.evaluation.seeds import JUDGING, TUNING, SeedRange
from tandem.agents.evaluation.state_pool import (
    StatePool,
    load_states,
    measure_episode,
    save_states,
)
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.truth import CHOICES, PER_EPISODE, STRIDE, Threshold, Truth

#: Where there are too many network patterns to run them all.
SEARCH: Final = SearchConfig(max_branches=480)

#: Kept by each process for further runs; a pool takes some ten megabytes.
KEPT_POOLS, KEPT_JUDGES = 16, 64


@dataclass(frozen=True, slots=True, order=True)
class Episode:
    """Some states of one episode.

    Attributes:
        truth: the scenario.
        seed: of the episode.
        states: how many.
        futures: in how many futures each is measured, 2 or more.
        searched_for: the accuracy threshold where states are searched; exhaustion serves all.
    """

    truth: Truth
    seed: int
    states: int
    futures: int
    searched_for: Threshold | None

    @property
    def name(self) -> str:
        """For files and progress."""
        return f"{self.truth.name}-e{self.seed}"

    @property
    def weight(self) -> int:
        """Roughly, how long it takes beside others: network patterns and futures."""
        patterns: int = CHOICES**self.truth.users
        if self.truth.is_searched:
            patterns = SEARCH.max_branches // self.futures
        return self.states * self.futures * patterns


@dataclass(frozen=True, slots=True)
class JudgingStates:
    """How many states judge.

    Attributes:
        count: states.
        futures: of each.
        tuning: whether they are those for tuning agents, not those that judge.
    """

    count: int = 24
    futures: int = 4
    tuning: bool = False

    @property
    def seeds(self) -> SeedRange:
        """Of their episodes."""
        return TUNING if self.tuning else JUDGING

    def episodes(self, truth: Truth, threshold: Threshold) -> Iterator[Episode]:
        """The episodes that they are taken from."""
        for number, first in enumerate(range(0, self.count, PER_EPISODE)):
            searched_for = threshold if truth.is_searched else None
            states = min(PER_EPISODE, self.count - first)
            yield Episode(truth, self.seeds.first + number, states, self.futures, searched_for)


#: Enough to judge by: 24 states in 4 futures.
JUDGES: Final = JudgingStates()


def measure(episode: Episode, places: Places) -> float:
    """Measure an episode's states, as far as the cache lacks them; returns the seconds it took."""
    started_s = time.monotonic()
    path = places.file("states", episode.name, episode)
    if load_states(path, places.store) is not None:
        return 0.0
    objective = PaperObjective()
    if episode.searched_for is not None:
        objective = PaperObjective(episode.searched_for)
    with TandemEnv(episode.truth.scenario, episode.truth.arguments, objective=objective) as env:
        # One branch at a time: episodes are measured side by side.
        oracle = Oracle(
            env,
            cache=places.store,
            search_config=SEARCH,
            parallel=1,
            futures=episode.futures,
        )
        explorer = SiteExplorer(env.schema)
        states = measure_episode(Walk(env), oracle, explorer, episode.seed, episode.states, STRIDE)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_states(path, env.simulator.schema_text, states)
    return time.monotonic() - started_s


def states_digest(truth: Truth, threshold: Threshold, states: JudgingStates, places: Places) -> str:
    """Digest of the lists of states, which name each table and with it the simulator's build.

    Raises:
        OSError: a list is missing.
    """
    digest = hashlib.sha256()
    for episode in states.episodes(truth, threshold):
        digest.update(places.file("states", episode.name, episode).read_bytes())
    return digest.hexdigest()


@functools.lru_cache(maxsize=KEPT_POOLS)
def pool_of(truth: Truth, threshold: Threshold, states: JudgingStates, places: Places) -> StatePool:
    """The states that judge in a scenario; measured now where that has not been done.

    Raises:
        TandemError: a table disappeared from the oracle's cache.
    """
    pools = []
    for episode in states.episodes(truth, threshold):
        measure(episode, places)
        pool = load_states(places.file("states", episode.name, episode), places.store)
        if pool is None:
            raise TandemError(
                f"the measured states of {episode.name} are not in the oracle's cache any more: "
                "run the same command again to measure them"
            )
        pools.append(pool)
    return StatePool(pools[0].schema, tuple(state for pool in pools for state in pool.states))


@functools.lru_cache(maxsize=KEPT_JUDGES)
def judge_of(truth: Truth, threshold: Threshold, states: JudgingStates, places: Places) -> Judge:
    """Compares policies with the optimum, or with the best found where states were searched.

    Finding optima takes seconds, so judges are kept for other runs in this process; one that plays
    joint actions keeps its simulator.
    """
    pool = pool_of(truth, threshold, states, places)
    objective = PaperObjective(threshold)
    if pool.is_complete:
        return pool.judge(objective)
    env = TandemEnv(truth.scenario, truth.arguments, objective=objective)
    rule = objective.cost_rule(pool.schema.meta)
    found = [FoundState(state.history, solution_of(state.tables[0], rule)) for state in pool.states]
    futures = range(1, states.futures + 1)
    return PlayedEvaluationSet(env, found, futures, Path(places.work) / "played")
