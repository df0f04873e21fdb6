# SPDX-License-Identifier: MIT
"""Stable-Baselines3's DQN as a learner: a network with an output per joint action.

Unlike `tandem.agents.baselines.joint_dqn` it trains all outputs at each step and has no part of
its own for what joint actions have in common.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import DictReplayBuffer
from stable_baselines3.common.type_aliases import DictReplayBufferSamples

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
from tandem.agents.baselines.joint_actions import JointSpace
from tandem.agents.baselines.sb3_parts import (
    BlockInputs,
    Logger,
    Spaces,
    learned,
    load_learned,
    own_draws,
    reward,
    updates_of,
)
from tandem.agents.baselines.sb3_settings import DqnLearnerConfig
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.problem import JointProblem

#: All outputs are trained at each step; 10 options allow 4 users.
LARGEST_SPACE: Final = 10_000


class DqnLearner:
    """Deep Q-learning; a `tandem.agents.api.Learner`.

    Mnih et al., "Human-level control through deep reinforcement learning", Nature 518, 2015.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides initial weights and all draws.

    Raises:
        PolicyError: more than `LARGEST_SPACE` joint actions.
    """

    def __init__(
        self, problem: JointProblem, config: DqnLearnerConfig, seed: int, name: str = "sb3-dqn"
    ) -> None:
        self.name = name
        self.config = config
        self.space = JointSpace(problem, config.obey_threshold)
        if len(self.space) > LARGEST_SPACE:
            raise PolicyError(
                f"{problem.users} users have {len(self.space)} joint actions, and SB3's DQN trains "
                f"an output for each: at most {LARGEST_SPACE}; use fewer users, sb3-ppo, or "
                "joint-dqn, which trains only the outputs that were played"
            )
        self._rng = np.random.default_rng(seed)
        self.inputs = BlockInputs(problem)
        self._interactions = 0
        self.memory = ReplayBuffer(config.capacity)
        with own_draws(self._rng):
            self.model = DQN(
                "MultiInputPolicy",
                Spaces(self.inputs.space, spaces.Discrete(len(self.space))),
                learning_rate=config.learning_rate,
                gamma=config.gamma,
                buffer_size=1,
                device="cpu",
            )
        self.model.set_logger(Logger(None, []))
        self.model.replay_buffer = _Remembered(self)

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The joint action of the greatest value."""
        return self.space.action(self._greedy(observation))

    def decide(self, observation: Observation) -> Decision:
        """The greedy joint action or, with probability epsilon, another one."""
        index = self._greedy(observation)
        if self._rng.random() < self.config.epsilon.at(self._interactions):
            index = self.space.explore(index, self.config.neighbour_share, self._rng)
            return Decision(self.space.action(index), "explore")
        return Decision(self.space.action(index), "greedy")

    @single_threaded
    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Remember the transition and take gradient steps on remembered ones."""
        config, model = self.config, self.model
        self._interactions += 1
        if self.space.index(transition.action) >= 0:
            self.memory.add(transition)
        if self._interactions > config.learning_starts and len(self.memory):
            model.train(config.updates, config.batch)
        if self._interactions % config.target_every == 0:
            model.q_net_target.load_state_dict(model.q_net.state_dict())
        return Lesson()

    @single_threaded
    def _greedy(self, observation: Observation) -> int:
        with torch.no_grad():
            return int(self.model.q_net(self.inputs.of([observation]))[0].argmax())

    def sample(self, count: int) -> DictReplayBufferSamples:
        """Remembered transitions as SB3's ``train`` takes them."""
        config = self.config
        drawn = self.memory.sample(count, self._rng)
        gained = [reward(one.cost_s, config.cost_limit_s, config.cost_scale_s) for one in drawn]
        return DictReplayBufferSamples(
            observations=self.inputs.of([one.observation for one in drawn]),
            actions=torch.tensor([[self.space.index(one.action)] for one in drawn]),
            next_observations=self.inputs.of([one.next_observation for one in drawn]),
            dones=torch.tensor([[float(one.ended)] for one in drawn]),
            rewards=torch.tensor([[value] for value in gained]),
        )

    @property
    def policy_version(self) -> int:
        """SB3's count of updates."""
        return updates_of(self.model)

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        return {
            **learned(self.model),
            "memory": self.memory.state_dict(),
            "interactions": self._interactions,
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        load_learned(self.model, state)
        self.memory.load_state_dict(state["memory"])
        self._interactions = int(state["interactions"])
        self._rng.bit_generator.state = state["rng"]


class _Remembered(DictReplayBuffer):
    """Lets SB3's ``train`` draw from the learner's memory, which checkpoints hold."""

    def __init__(self, learner: DqnLearner) -> None:
        space = learner.model.action_space
        super().__init__(1, learner.inputs.space, space, device="cpu")
        self._learner = learner

    def sample(self, batch_size: int, env: Any = None) -> Any:
        return self._learner.sample(batch_size)
