# SPDX-License-Identifier: MIT
"""PettingZoo's parallel interface: each entry of the joint action is an agent.

Needs the extra ``multiagent``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from tandem.bridge.core.accounting import Observation
from tandem.bridge.core.domain import Domain
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.reset import RESET_OPTIONS

AgentObservation: TypeAlias = dict[str, NDArray[np.float64]]


class TandemParallelEnv(ParallelEnv[str, AgentObservation, Any]):
    """One scenario with one agent per entry of the action block.

    Agents are named after the rows of the action block (``user_0``, ``user_1``, …; ``agent_0``, …
    where the scenario does not name them). Everything not said here is as for `TandemEnv`.

    ## Action space

    A ``Discrete`` (options) or a ``Box`` (real numbers): agent ``i`` plays entry ``i`` of the joint
    action.

    ## Observation space

    A ``Dict`` of ``Box`` blocks. Agent ``i`` sees row ``i`` of every observation block that the
    scenario declares to have the same rows as its action block, and all of every other block.
    `state` returns everything, for centralised training.

    ## Rewards

    Shared by all agents, or each agent's own: see ``reward``.

    ## Starting state

    As for `TandemEnv`; all agents start together.

    ## Episode end

    All agents end together; ``agents`` is then empty until the next reset.

    ## Arguments

    Args:
        scenario: as for `TandemEnv`.
        arguments: as for `TandemEnv`.
        reward: ``"shared"``: every agent gets the environment's objective; ``"own"``: what the
            scenario's domain gives each agent (inference: minus the mean response time (s) of the
            agent's own requests that finished in the epoch).
        **options: every other keyword of `TandemEnv`.

    Raises:
        ValueError: the action block is not one row of entries, or ``reward="own"`` on a scenario
            that has no domain.

    Examples:
        >>> from tandem.bridge.core.parallel_env import TandemParallelEnv
        >>> env = TandemParallelEnv("wifi-edge", users=2, epochs=3)
        >>> observations, infos = env.reset(seed=1)
        >>> env.agents
        ['user_0', 'user_1']
        >>> actions = {agent: env.action_space(agent).sample() for agent in env.agents}
        >>> observations, rewards, terminated, truncated, infos = env.step(actions)
        >>> sorted(rewards)
        ['user_0', 'user_1']
        >>> env.close()
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        reward: Literal["shared", "own"] = "shared",
        **options: Any,
    ) -> None:
        if reward not in ("shared", "own"):
            raise ValueError(f'reward={reward!r} is unknown: "shared" or "own"')
        self._env = TandemEnv(scenario, arguments, **options)
        try:
            self._own_reward = None if reward == "shared" else _domain_of(self._env)
            if self._own_reward is not None and not options.get("records_in_info", True):
                raise ValueError('reward="own" reads the record tables: keep records_in_info=True')
            self._action_spaces = split_action_space(self._env.action_space)
            self._rows = self._env.schema.agent_blocks()
        except BaseException:
            self._env.close()
            raise
        count = len(self._action_spaces)
        self.metadata = {
            "name": f"tandem_{self._env.schema.scenario}",
            "render_modes": [],
            "is_parallelizable": True,
        }
        self.render_mode = None
        kind = self._env.schema.action.rows or "agent"
        self.possible_agents = [f"{kind}_{index}" for index in range(count)]
        self.agents: list[str] = []
        self._index = {agent: index for index, agent in enumerate(self.possible_agents)}
        blocks = self._env.observation_space
        self._observation_spaces: list[spaces.Space[Any]] = [
            self._agent_space(blocks, row) for row in range(count)
        ]
        self._last: Observation = {}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The agent's own ``Dict`` of ``Box`` blocks; always the same object."""
        return self._observation_spaces[self._index[agent]]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """``Discrete`` (options) or ``Box`` (real actions); always the same object."""
        return self._action_spaces[self._index[agent]]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, AgentObservation], dict[str, dict[str, Any]]]:
        """Start an episode. Options that `TandemEnv` does not know are ignored.

        PettingZoo's conformance test passes such options, so they cannot be refused here.
        """
        known = {k: v for k, v in (options or {}).items() if k in RESET_OPTIONS}
        observation, info = self._env.reset(seed=seed, options=known)
        self.agents = list(self.possible_agents)
        self._last = observation
        return self._split(observation), {agent: dict(info) for agent in self.agents}

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[
        dict[str, AgentObservation],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Play one decision epoch; every agent must have an action.

        Raises:
            ValueError: an agent has no action.
        """
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            raise ValueError(f"no action for {', '.join(missing)}: every agent acts at each epoch")
        joint = np.asarray([actions[agent] for agent in self.possible_agents])
        observation, reward, terminated, truncated, info = self._env.step(
            joint.reshape(self._env.action_space.shape)
        )
        self._last = observation
        agents = self.agents
        rewards = dict.fromkeys(agents, reward)
        if self._own_reward is not None:
            own = self._own_reward.agent_rewards(info, len(self.possible_agents))
            rewards = {agent: float(own[self._index[agent]]) for agent in agents}
        if terminated or truncated:
            self.agents = []
        return (
            self._split(observation),
            rewards,
            dict.fromkeys(agents, terminated),
            dict.fromkeys(agents, truncated),
            {agent: dict(info) for agent in agents},
        )

    def state(self) -> NDArray[np.float64]:
        """The whole observation as one flat vector, blocks in the schema's order."""
        return np.concatenate([block.ravel() for block in self._last.values()])

    def render(self) -> None:
        """Nothing to draw."""

    def close(self) -> None:
        """End the simulator."""
        self.agents = []
        self._env.close()

    @property
    def env(self) -> TandemEnv:
        """The environment underneath (for branching)."""
        return self._env

    def _agent_space(self, blocks: spaces.Dict, row: int) -> spaces.Dict:
        own: dict[str, spaces.Space[Any]] = {}
        for name, box in blocks.items():
            assert isinstance(box, spaces.Box)
            if name in self._rows:
                own[name] = spaces.Box(box.low[row], box.high[row], dtype=np.float64)
            else:
                own[name] = spaces.Box(box.low, box.high, dtype=np.float64)
        return spaces.Dict(own)

    def _split(self, observation: Observation) -> dict[str, AgentObservation]:
        return {
            agent: {
                name: block[index].copy() if name in self._rows else block.copy()
                for name, block in observation.items()
            }
            for agent, index in self._index.items()
        }


def _domain_of(env: TandemEnv) -> Domain:
    if env.domain is None:
        raise ValueError(
            f'reward="own" needs a scenario with rewards by agent, {env.schema.scenario!r} has '
            'none: use reward="shared"'
        )
    return env.domain


def split_action_space(joint: spaces.Space[Any]) -> list[spaces.Space[Any]]:
    """One space per entry of a one-dimensional joint action space.

    Raises:
        ValueError: the joint space has another shape.
    """
    if isinstance(joint, spaces.MultiDiscrete) and joint.nvec.ndim == 1:
        return [spaces.Discrete(int(count)) for count in joint.nvec]
    if isinstance(joint, spaces.Box) and len(joint.shape) == 1:
        return [
            spaces.Box(joint.low[i : i + 1], joint.high[i : i + 1], dtype=np.float64)
            for i in range(joint.shape[0])
        ]
    raise ValueError(f"{joint} cannot be split into one action per agent: it is not one row")
