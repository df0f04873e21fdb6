# SPDX-License-Identifier: MIT
"""PettingZoo's parallel interface: each row of the action blocks is an agent.

Needs the extra ``multiagent``.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from tandem.bridge.core.accounting import Observation
from tandem.bridge.core.agents import Player, players_of
from tandem.bridge.core.domain import Domain
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.reset import RESET_OPTIONS

AgentObservation: TypeAlias = dict[str, NDArray[np.float64]]


class TandemParallelEnv(ParallelEnv[str, AgentObservation, Any]):
    """One scenario with several agents.

    Agents are named after the rows of the action blocks (``user_0``, ``user_1``, …); who they are
    where the scenario does not name them is said in `tandem.bridge.core.agents`. Everything not
    said here is as for `TandemEnv`.

    ## Action space

    A ``Discrete`` or ``MultiDiscrete`` (integers) or a ``Box`` (real numbers): an agent plays its
    row of the action block. A ``Dict`` of these where several action blocks have such a row.

    ## Observation space

    A ``Dict`` of ``Box`` blocks. An agent sees its own row of every observation block that the
    scenario declares to have the same rows as its action blocks, and all of every other block.
    `state` returns everything, for centralised training. Masks of its choices (1: allowed) are also
    in its ``info["action_mask"]``, int8.

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
        reward: ``"shared"``: every agent gets the environment's objective, summed up if it gives
            each agent its own; ``"own"``: what the scenario's domain gives each agent (inference:
            minus the mean response time (s) of the agent's own requests that finished in the
            epoch). Default: what the objective gives each agent, if it does, else shared.
        **options: every other keyword of `TandemEnv`.

    Raises:
        ValueError: ``reward="own"`` on a scenario that has no domain, or blocks with the same rows
            have different numbers of them.

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
        reward: Literal["shared", "own"] | None = None,
        **options: Any,
    ) -> None:
        if reward not in ("shared", "own", None):
            raise ValueError(f'reward={reward!r} is unknown: "shared" or "own"')
        self._env = TandemEnv(scenario, arguments, **options)
        try:
            self._own_reward = _domain_of(self._env) if reward == "own" else None
            if self._own_reward is not None and not options.get("records_in_info", True):
                raise ValueError('reward="own" reads the record tables: keep records_in_info=True')
            self._players = {player.name: player for player in players_of(self._env.schema)}
        except BaseException:
            self._env.close()
            raise
        self._shared = reward == "shared"
        self.metadata = {
            "name": f"tandem_{self._env.schema.scenario}",
            "render_modes": [],
            "is_parallelizable": True,
        }
        self.render_mode = None
        self.possible_agents = list(self._players)
        self.agents: list[str] = []
        self._rows = {block.name: block.rows for block in self._env.schema.observation}
        self._action_spaces = {
            name: player.action_space() for name, player in self._players.items()
        }
        blocks = self._env.observation_space
        self._observation_spaces = {
            name: self._agent_space(blocks, player) for name, player in self._players.items()
        }
        self._last: Observation = {}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The agent's own ``Dict`` of ``Box`` blocks; always the same object."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """See `TandemParallelEnv`; always the same object."""
        return self._action_spaces[agent]

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
        return self._split(observation), self._infos(info, self.agents)

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
        observation, reward, terminated, truncated, info = self._env.step(self._joint(actions))
        self._last = observation
        agents = self.agents
        rewards = dict.fromkeys(agents, reward)
        if self._own_reward is not None:
            own = self._own_reward.agent_rewards(info, len(self.possible_agents))
            rewards = dict(zip(self.possible_agents, map(float, own), strict=True))
        elif not self._shared and "rewards" in info:
            rewards = dict(info["rewards"])
        if terminated or truncated:
            self.agents = []
        return (
            self._split(observation),
            rewards,
            dict.fromkeys(agents, terminated),
            dict.fromkeys(agents, truncated),
            self._infos(info, agents),
        )

    def fork(self, *, future: int = 0) -> TandemParallelEnv:
        """An environment of its own that goes on from the present state (`TandemEnv.fork`)."""
        twin = copy.copy(self)
        twin.agents = list(self.agents)
        twin._last = copy.deepcopy(self._last)
        twin._env = self._env.fork(future=future)
        return twin

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

    def _joint(self, actions: Mapping[str, Any]) -> Any:
        blocks = self._env.schema.actions
        joint = {
            block.name: np.empty(block.shape, np.float64 if block.is_real else np.int64)
            for block in blocks
        }
        for name, player in self._players.items():
            player.write(actions[name], joint)
        return joint[blocks[0].name] if len(blocks) == 1 else joint

    def _own_row(self, player: Player, block: str) -> int | None:
        """The agent's row of an observation block; ``None``: it sees all of it."""
        return player.row if player.kind and self._rows[block] == player.kind else None

    def _agent_space(self, blocks: spaces.Dict, player: Player) -> spaces.Dict:
        own: dict[str, spaces.Space[Any]] = {}
        for name, box in blocks.items():
            assert isinstance(box, spaces.Box)
            row = self._own_row(player, name)
            low, high = (box.low, box.high) if row is None else (box.low[row], box.high[row])
            own[name] = spaces.Box(low, high, dtype=np.float64)
        return spaces.Dict(own)

    def _split(self, observation: Observation) -> dict[str, AgentObservation]:
        seen: dict[str, AgentObservation] = {}
        for agent, player in self._players.items():
            rows = {name: self._own_row(player, name) for name in observation}
            seen[agent] = {
                name: block.copy() if rows[name] is None else block[rows[name]].copy()
                for name, block in observation.items()
            }
        return seen

    def _infos(self, info: Mapping[str, Any], agents: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The environment's ``info`` for each agent, with its own mask."""
        shared = {key: value for key, value in info.items() if key != "action_mask"}
        return {agent: {**shared, **self._own_mask(info, self._players[agent])} for agent in agents}

    def _own_mask(self, info: Mapping[str, Any], player: Player) -> dict[str, Any]:
        if "action_mask" not in info:
            return {}
        masks = info["action_mask"]
        if self._env.schema.joint_action.is_single:
            masks = {self._env.schema.actions[0].name: masks}
        own = {
            block.name: masks[block.name] if player.row is None else masks[block.name][player.row]
            for block in player.blocks
            if block.name in masks
        }
        if not own:
            return {}
        return {"action_mask": own if len(player.blocks) > 1 else own[player.blocks[0].name]}


def _domain_of(env: TandemEnv) -> Domain:
    if env.domain is None:
        raise ValueError(
            f'reward="own" needs a scenario with rewards by agent, {env.schema.scenario!r} has '
            'none: use reward="shared"'
        )
    return env.domain
