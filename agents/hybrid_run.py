# SPDX-License-Identifier: MIT
"""Training the hybrid agent on an environment, with a state that can be put away and resumed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from tandem.agents.agent import Observation
from tandem.agents.config import HybridConfig
from tandem.agents.hybrid import HybridAgent
from tandem.agents.options import PolicyError
from tandem.agents.problem import JointProblem
from tandem.agents.replay import Epoch, read_components
from tandem.agents.threads import single_threaded
from tandem.bridge.env import SEED_LIMIT, TandemEnv
from tandem.bridge.objective import PaperObjective
from tandem.bridge.request_table import TABLE


@dataclass(frozen=True)
class HistoryRow:
    """One interaction.

    Attributes:
        interaction: from 1.
        source: who chose the joint action (see `tandem.agents.learner.Decision`).
        cost_s: negative reward.
        predicted_s: mean response time that the model predicted.
        model_error: mean absolute error of log response times of offloaders, NaN without any.
        validation_loss: of the last fit.
        stale: whether the model was found stale.
        wall_s: wall-clock time of the interaction, simulation included, seconds.
    """

    interaction: int
    source: str
    cost_s: float
    predicted_s: float
    model_error: float
    validation_loss: float
    stale: bool
    wall_s: float


@dataclass
class HybridRun:
    """A training run: the agent, its history, and where the environment stands.

    Attributes:
        agent: the agent.
        history: one row per interaction.
        episode_seed: seed of the running episode.
        episode_actions: joint actions played in it so far.
        rng: draws the seeds of episodes.
    """

    agent: HybridAgent
    rng: np.random.Generator
    history: list[HistoryRow] = field(default_factory=list)
    episode_seed: int = 0
    episode_actions: list[list[int]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """Everything that is needed to go on with the same results (see
        `tandem.agents.checkpoint`)."""
        return {
            "agent": self.agent.state_dict(),
            "rng": self.rng.bit_generator.state,
            "history": [asdict(row) for row in self.history],
            "episode_seed": self.episode_seed,
            "episode_actions": [list(action) for action in self.episode_actions],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.agent.load_state_dict(state["agent"])
        self.rng.bit_generator.state = state["rng"]
        self.history = [HistoryRow(**row) for row in state["history"]]
        self.episode_seed = int(state["episode_seed"])
        self.episode_actions = [list(action) for action in state["episode_actions"]]

    @property
    def mean_cost_s(self) -> float:
        """Mean cost over all interactions, seconds."""
        return math.fsum(row.cost_s for row in self.history) / max(len(self.history), 1)


#: Keeps the seeds of episodes apart from the agent's draws.
EPISODE_STREAM: Final = 1

OnInteraction = Callable[[HybridRun, HistoryRow], None]


def joint_problem(env: TandemEnv) -> JointProblem:
    """The problem that an environment with the paper's objective poses.

    Raises:
        PolicyError: the environment has another objective or no inference requests.
    """
    if not isinstance(env.objective, PaperObjective):
        raise PolicyError(
            f"the hybrid agent plans for PaperObjective, not for {env.objective!r}: make the "
            "environment with objective=PaperObjective(...)"
        )
    return JointProblem.from_schema(env.schema, env.objective)


@single_threaded
def run_hybrid(
    env: TandemEnv,
    config: HybridConfig,
    interactions: int,
    seed: int,
    *,
    state: dict[str, Any] | None = None,
    on_interaction: OnInteraction | None = None,
) -> HybridRun:
    """Train a hybrid agent until it has had ``interactions`` real epochs.

    Episodes that end are followed by others; with ``--epochs=0`` there is one that never ends.

    Args:
        env: a scenario with users, under `PaperObjective`; its episode is reset.
        config: settings of the agent.
        interactions: real epochs in total, those before ``state`` included.
        seed: decides everything: the agent's draws and the episodes' seeds.
        state: `HybridRun.state_dict` of an earlier run with the same environment, config and
            seed. The run goes on as if it had not been interrupted; the epochs of the episode
            that was running are simulated once more to get there, without being counted.
        on_interaction: called after each interaction, for progress and checkpoints.

    Raises:
        PolicyError: the environment does not fit (see `joint_problem`).
    """
    problem = joint_problem(env)
    run = HybridRun(
        HybridAgent(problem, config, seed), np.random.default_rng([seed, EPISODE_STREAM])
    )
    if state is None:
        observation: Observation = _begin_episode(env, run)
    else:
        run.load_state_dict(state)
        observation = _return_to(env, run)
    while len(run.history) < interactions:
        row, observation = _interact(env, run, observation)
        run.history.append(row)
        if on_interaction is not None:
            on_interaction(run, row)
    return run


def _interact(
    env: TandemEnv, run: HybridRun, observation: Observation
) -> tuple[HistoryRow, Observation]:
    """One real epoch: decide, simulate, learn."""
    start = time.perf_counter()
    agent = run.agent
    decision = agent.decide(observation)
    following, reward, terminated, truncated, info = env.step(decision.action)
    next_observation: Observation = following
    run.episode_actions.append(decision.action.tolist())
    components_s, answered = read_components(agent.problem, decision.action, info[TABLE])
    lesson = agent.learn(
        decision,
        Epoch(
            observation=observation,
            action=decision.action,
            components_s=components_s,
            answered=answered,
            cost_s=-float(reward),
            next_observation=following,
            ended=terminated,
        ),
    )
    if terminated or truncated:
        next_observation = _begin_episode(env, run)
    row = HistoryRow(
        interaction=len(run.history) + 1,
        source=decision.source,
        cost_s=-float(reward),
        predicted_s=decision.predicted_mean_s,
        model_error=lesson.surprise,
        validation_loss=lesson.validation_loss,
        stale=lesson.stale,
        wall_s=time.perf_counter() - start,
    )
    return row, next_observation


def _begin_episode(env: TandemEnv, run: HybridRun) -> Observation:
    run.episode_seed = int(run.rng.integers(1, SEED_LIMIT))
    run.episode_actions = []
    run.agent.begin_episode(run.episode_seed)
    return env.reset(seed=run.episode_seed)[0]


def _return_to(env: TandemEnv, run: HybridRun) -> Observation:
    """Bring the environment to where a run was: episodes are reproducible from their seeds."""
    observation = env.reset(seed=run.episode_seed)[0]
    for action in run.episode_actions:
        observation, *_ = env.step(action)
    return observation
