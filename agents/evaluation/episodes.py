# SPDX-License-Identifier: MIT
"""Whole episodes in the simulator: what a policy costs when it lives with what it has done.

Judges (`tandem.agents.evaluation.judge`) look at single decisions. Here every decision leaves
queues, windows and rates to the next one. All players meet episodes of the same seeds, so that
their costs can be compared in pairs; from the second decision on each is where its own actions led.

    seeds = episode_seeds(6)
    with TandemEnv("wifi-edge", {"users": 3}, objective=PaperObjective(85.0)) as env:
        agent = play_episodes(env, PolicyPlayer(learner), seeds)
        oracle = play_episodes(env, OraclePlayer(Oracle(env, futures=3)), seeds)
    agent.ratio_to(oracle)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation, Transition
from tandem.agents.evaluation.aggregate import ratio_interval
from tandem.agents.evaluation.players import Player
from tandem.agents.evaluation.seeds import EPISODES
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.components import read_answers
from tandem.agents.inference.cost import cost_rule_of
from tandem.agents.inference.objective import EpochCost
from tandem.agents.inference.request_table import TABLE
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError

#: Decisions of an episode that are played and scored.
DECISIONS: Final = 50


class EpisodeError(TandemError):
    """Episodes that cannot be played or compared."""


@dataclass(frozen=True)
class Ratio:
    """A player's mean cost over another one's, with its bootstrap 95 % interval over episodes.

    The ends are NaN where there is only one episode.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class EpisodeScores:
    """One player in some episodes, S of them.

    Attributes:
        seeds: of the episodes.
        decisions: how many were played in each, ``[S]``.
        costs_s: mean cost per decision, seconds, ``[S]``.
        accuracy_percent: mean top-5 accuracy of the answers, ``[S]``.
        violated: share of the decisions that missed the accuracy threshold, ``[S]``.
        timeouts: requests that timed out, ``[S]``.
    """

    seeds: tuple[int, ...]
    decisions: NDArray[np.int64]
    costs_s: NDArray[np.float64]
    accuracy_percent: NDArray[np.float64]
    violated: NDArray[np.float64]
    timeouts: NDArray[np.int64]

    @property
    def cost_s(self) -> float:
        """Mean cost per decision, each episode counted alike, seconds."""
        return float(self.costs_s.mean())

    def ratio_to(self, other: EpisodeScores) -> Ratio:
        """This mean cost over the other one's; episodes are resampled in pairs.

        Raises:
            EpisodeError: the two did not play the same episodes.
        """
        if self.seeds != other.seeds or not np.array_equal(self.decisions, other.decisions):
            raise EpisodeError(
                f"episodes {self.seeds} of {self.decisions.tolist()} decisions cannot be paired "
                f"with {other.seeds} of {other.decisions.tolist()}: play the same ones"
            )
        low, high = ratio_interval(self.costs_s, other.costs_s)
        return Ratio(self.cost_s / other.cost_s, low, high)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, one list entry per episode."""
        return {
            "seeds": list(self.seeds),
            "decisions": self.decisions.tolist(),
            "costs_s": self.costs_s.tolist(),
            "accuracy_percent": self.accuracy_percent.tolist(),
            "violated": self.violated.tolist(),
            "timeouts": self.timeouts.tolist(),
        }


def episode_seeds(count: int, first: int = EPISODES.first) -> tuple[int, ...]:
    """Seeds of ``count`` episodes; by default of those that train nobody and judge nothing else."""
    return tuple(range(first, first + count))


def play_episodes(
    env: TandemEnv,
    player: Player,
    seeds: Sequence[int],
    decisions: int = DECISIONS,
    on_decision: Callable[[], None] | None = None,
) -> EpisodeScores:
    """Let a player play episodes, the first ``decisions`` of each.

    Args:
        env: an inference scenario whose objective has a cost rule; its episodes are reset.
        player: chooses; told of each episode's begin and of what its actions led to.
        seeds: of the episodes.
        decisions: played in each episode; fewer only if the simulator ends it at its time limit.
        on_decision: called after each decision, for a progress bar.

    Raises:
        EpisodeError: no episode, no decision, or the scenario's episodes are shorter.
        PolicyError: the objective has no cost rule.
    """
    length = int(str(env.arguments.get("epochs", 0)))
    if not seeds or decisions < 1:
        raise EpisodeError(f"{len(seeds)} episodes of {decisions} decisions: play at least 1 of 1")
    if 0 < length < decisions:
        raise EpisodeError(
            f"{decisions} decisions per episode were asked for, and the scenario ends its episodes "
            f"after {length}: ask for fewer, or give it --epochs={decisions}"
        )
    walk = Walk(env)
    rows = [_play(walk, player, seed, decisions, on_decision) for seed in seeds]
    return EpisodeScores(tuple(seeds), *(np.array(column) for column in zip(*rows, strict=True)))


def _play(
    walk: Walk,
    player: Player,
    seed: int,
    decisions: int,
    on_decision: Callable[[], None] | None,
) -> tuple[int, float, float, float, int]:
    """One episode: decisions, mean cost (s), mean accuracy (%), share violated, time-outs."""
    rule = cost_rule_of(walk.env.objective, walk.env.schema.meta)
    costs_s: list[float] = []
    accuracies: list[float] = []
    timeouts = 0
    before = walk.reset(seed)
    player.begin_episode(seed)
    while len(costs_s) < decisions and not walk.over:
        action = player.choose(walk)
        reward = walk.step(action)
        requests = walk.records[TABLE]
        player.saw(_transition(before, action, requests, reward, walk))
        cost = EpochCost.of(requests)
        costs_s.append(-reward)
        accuracies.append(cost.mean_accuracy_percent)
        timeouts += cost.timeouts
        before = walk.observation
        if on_decision is not None:
            on_decision()
    accurate = np.array(accuracies) >= rule.least_percent
    return (
        len(costs_s),
        float(np.mean(costs_s)),
        float(np.mean(accuracies)),
        float(np.mean(~accurate)),
        timeouts,
    )


def _transition(
    before: Observation,
    action: JointAction,
    requests: NDArray[np.void],
    reward: float,
    walk: Walk,
) -> Transition:
    answers = read_answers(action, requests)
    return Transition(
        observation=before,
        action=action,
        components_s=answers.components_s,
        answered=answers.answered,
        upload_bytes=answers.upload_bytes,
        cost_s=-reward,
        next_observation=walk.observation,
        ended=walk.terminated,
    )
