# SPDX-License-Identifier: MIT
"""Whole episodes of a trained agent beside those of simple policies and the oracle played on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.episodes import (
    DECISIONS,
    EpisodeScores,
    episode_seeds,
    play_episodes,
)
from tandem.agents.evaluation.fixed_actions import best_elsewhere
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.players import (
    FixedPlayer,
    LearningPlayer,
    OraclePlayer,
    Player,
    PolicyPlayer,
    unchanged,
)
from tandem.agents.inference.heuristics import FixedPolicy, GreedyPolicy
from tandem.agents.inference.problem import JointProblem
from tandem.agents.registry import make_agent, make_learner
from tandem.agents.training.world import joint_problem
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.parts.api import Executor
from tandem.scripts.app.common.place import open_env
from tandem.scripts.app.progress import progress
from tandem.scripts.app.training.checkpoints import read_checkpoint
from tandem.scripts.app.training.oracle_parts import PlayedEpisode, measure_parts
from tandem.scripts.app.training.settings import TrainSettings

#: Futures other than the one that comes, by which the oracle chooses.
ORACLE_FUTURES: Final = 3
ORACLE: Final = "oracle played on"
BEST_FIXED: Final = "best fixed, of other episodes"
LEARNING: Final = ", learning on"
#: The agent's knowledge alone.
PRIOR: Final = "prior"


@dataclass(frozen=True)
class EpisodeComparison:
    """All players in the same episodes.

    Attributes:
        lines: scores by player, the agent first; the oracle last, if it is within reach.
        interactions: what the agent was trained with.
        threshold_percent: mean accuracy to reach.
    """

    lines: Mapping[str, EpisodeScores]
    interactions: int
    threshold_percent: float

    @property
    def oracle(self) -> EpisodeScores | None:
        """The oracle's scores; ``None`` with so many users that it can only search."""
        return self.lines.get(ORACLE)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "interactions": self.interactions,
            "threshold_percent": self.threshold_percent,
            "players": {name: scores.as_dict() for name, scores in self.lines.items()},
        }


def reference_episodes(
    env: TandemEnv,
    seeds: Sequence[int],
    decisions: int = DECISIONS,
    *,
    cache: OracleCache | None = None,
    futures: int = ORACLE_FUTURES,
    parallel: int | None = None,
    on_decision: Callable[[], None] | None = None,
) -> dict[str, EpisodeScores]:
    """Episodes of everybody who learns nothing: fixed choices, greedy, the prior, the oracle last.

    The oracle plays first: the states that it measured on its way say which fixed joint action is
    best in the other episodes. With more users than it can do exactly, both are left out.

    Args:
        env: its objective has a cost rule.
        cache: keeps what the oracle measures, so that a second time costs little.
        futures: by which the oracle chooses, at least 1.
        parallel: branches at the same time; default: one per available core.
        on_decision: called after each decision, for a progress bar.
    """
    problem = joint_problem(env)

    def scores(player: Player) -> EpisodeScores:
        return play_episodes(env, player, seeds, decisions, on_decision)

    last: dict[str, EpisodeScores] = {}
    result: dict[str, EpisodeScores] = {}
    oracle = Oracle(env, cache=cache, futures=futures, parallel=parallel)
    if oracle.is_exhaustive:
        player = OraclePlayer(oracle)
        last[ORACLE] = scores(player)
        fixed = best_elsewhere(player.tables, problem.rule)
        if fixed:
            result[BEST_FIXED] = scores(FixedPlayer(fixed))
    for name, policy in simple_policies(problem).items():
        result[name] = scores(PolicyPlayer(policy))
    result[PRIOR] = scores(PolicyPlayer(make_learner(PRIOR, problem, seed=0)))
    return result | last


def _reference_count(exact: bool, problem: JointProblem, episodes: int) -> int:
    """How many players `reference_episodes` lets play."""
    return len(simple_policies(problem)) + 1 + exact * (1 + (episodes > 1))


def simple_policies(problem: JointProblem) -> dict[str, FixedPolicy | GreedyPolicy]:
    """Everybody at one site with its most accurate variant, and each user on its own."""
    options = problem.options
    policies: dict[str, FixedPolicy | GreedyPolicy] = {}
    for site, label in enumerate(options.sites.labels):
        if (options.site == site).any():
            option = options.most_accurate_each(site, problem.users)
            policies[f"all {label}"] = FixedPolicy(label, problem.users, option)
    policies["greedy"] = GreedyPolicy(options, problem.user_columns, problem.threshold_percent)
    return policies


def compare_episodes(
    settings: TrainSettings,
    checkpoint: Path,
    episodes: int,
    decisions: int,
    first_seed: int,
    *,
    cache: Path | None,
    console: Console,
    target: Target | None = None,
    futures: int = ORACLE_FUTURES,
    executor: Executor | None = None,
) -> EpisodeComparison:
    """Let the agent of a checkpoint and the others play whole episodes.

    The agent plays twice: its greedy policy as it is; and in service, where it explores and learns
    on (from the checkpoint again).

    Args:
        executor: lets the oracle play episodes as parts before; ``None``: its branches in parallel.

    Raises:
        RunFolderError: the checkpoint cannot be read.
        EpisodeError: the scenario's episodes are shorter.
    """
    training = read_checkpoint(checkpoint)["training"]
    seeds = episode_seeds(episodes, first_seed)
    with open_env(
        settings.scenario, settings.arguments, target, objective=settings.objective
    ) as env:
        problem = joint_problem(env)
        agent = make_agent(
            settings.agent, env.schema, problem, settings.seed, settings.agent_config
        )
        agent.load_state_dict(training["learner"])
        exact = Oracle(env).is_exhaustive
        store = OracleCache() if cache is None else OracleCache(cache)
        if exact and executor is not None:
            given = tuple(settings.arguments.items())
            parts = [
                PlayedEpisode(
                    settings.scenario,
                    given,
                    settings.objective,
                    futures,
                    seed,
                    decisions=decisions,
                )
                for seed in seeds
            ]
            measure_parts(executor, env, parts, store, console)
        players = 2 + _reference_count(exact, problem, episodes)
        lines: dict[str, EpisodeScores] = {}
        title, total = f"{episodes} episodes", players * episodes * decisions
        with progress(title, total, "decisions", console=console) as bar:
            own: dict[str, Player] = {
                settings.agent: PolicyPlayer(agent),
                settings.agent + LEARNING: LearningPlayer(agent),
            }
            for name, player in own.items():
                with unchanged(agent):
                    lines[name] = play_episodes(env, player, seeds, decisions, bar.advance)
            lines |= reference_episodes(
                env,
                seeds,
                decisions,
                cache=store,
                futures=futures,
                on_decision=bar.advance,
            )
    return EpisodeComparison(
        lines, len(training["history"]["interaction"]), problem.threshold_percent
    )
