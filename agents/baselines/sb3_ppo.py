# SPDX-License-Identifier: MIT
"""Stable-Baselines3's PPO as a learner: one option per user, drawn from a policy network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import DictRolloutBuffer

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
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
from tandem.agents.baselines.sb3_settings import PpoLearnerConfig
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.common.threads import single_threaded
from tandem.agents.inference.problem import JointProblem


class PpoLearner:
    """Proximal policy optimisation; a `tandem.agents.api.Learner`.

    Schulman et al., "Proximal Policy Optimization Algorithms", arXiv 1707.06347. The accuracy
    threshold reaches it only through the cost of missing it.

    Args:
        problem: users, options, columns.
        config: settings.
        seed: decides initial weights and all draws.

    Raises:
        PolicyError: some user cannot take every option, and PPO draws any.
    """

    def __init__(
        self, problem: JointProblem, config: PpoLearnerConfig, seed: int, name: str = "sb3-ppo"
    ) -> None:
        lacking = int((~problem.allowed.all(axis=1)).sum())
        if lacking:
            raise PolicyError(
                f"{name} draws any option, and {lacking} of {problem.users} users lack the path of "
                "some: use hybrid, branching-dqn or bandit, or no users with two interfaces"
            )
        self.name = name
        self.config = config
        self._rng = np.random.default_rng(seed)
        self._inputs = BlockInputs(problem)
        actions = spaces.MultiDiscrete([len(problem.options)] * problem.users)
        with own_draws(self._rng):
            self.model = PPO(
                "MultiInputPolicy",
                Spaces(self._inputs.space, actions),
                device="cpu",
                **config.ppo.model_dump(),
            )
        self.model.set_logger(Logger(None, []))
        self._buffer = DictRolloutBuffer(
            config.ppo.n_steps,
            self._inputs.space,
            actions,
            device="cpu",
            gamma=config.ppo.gamma,
            gae_lambda=self.model.gae_lambda,
        )
        self.model.rollout_buffer = self._buffer
        #: What was met since the last update, and which of it began an episode.
        self._met = ReplayBuffer(config.ppo.n_steps)
        self._begins: list[bool] = []
        self._beginning = True

    def begin_episode(self, seed: int) -> None:
        """What comes next does not follow from what was."""
        self._beginning = True

    @single_threaded
    def act(self, observation: Observation) -> JointAction:
        """The most likely joint action."""
        with torch.no_grad():
            chosen = self.model.policy._predict(self._inputs.of([observation]), deterministic=True)
        return np.asarray(chosen.numpy()[0], dtype=np.int32)

    @single_threaded
    def decide(self, observation: Observation) -> Decision:
        """A draw of the policy."""
        with own_draws(self._rng), torch.no_grad():
            chosen = self.model.policy._predict(self._inputs.of([observation]))
        return Decision(np.asarray(chosen.numpy()[0], dtype=np.int32), "policy")

    @single_threaded
    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Remember the transition; after ``n_steps`` of them, update the policy."""
        self._met.add(transition)
        self._begins.append(self._beginning)
        self._beginning = False
        if len(self._met) == self.config.ppo.n_steps:
            self._fill()
            with own_draws(self._rng):
                self.model.train()
            self._met.clear()
            self._begins.clear()
        return Lesson()

    def _fill(self) -> None:
        """Put what was met into SB3's buffer; the policy has not changed since."""
        met, policy = list(self._met), self.model.policy
        config, buffer = self.config, self._buffer
        observations = self._inputs.of([one.observation for one in met])
        actions = torch.from_numpy(np.stack([one.action for one in met]))
        with torch.no_grad():
            values, log_probabilities, _ = policy.evaluate_actions(observations, actions)
            following = policy.predict_values(
                self._inputs.of([one.next_observation for one in met])
            )
        buffer.reset()
        for index, one in enumerate(met):
            gained = reward(one.cost_s, config.cost_limit_s, config.cost_scale_s)
            cut_off = index + 1 < len(met) and self._begins[index + 1] and not one.ended
            if cut_off:
                # The episode could have gone on: as SB3 does, add what that would be worth.
                gained += config.ppo.gamma * float(following[index])
            buffer.add(
                {name: block[index : index + 1].numpy() for name, block in observations.items()},
                one.action[None].astype(np.float32),
                np.array([gained]),
                np.array([self._begins[index]]),
                values[index],
                log_probabilities[index : index + 1],
            )
        buffer.compute_returns_and_advantage(following[-1], np.array([met[-1].ended]))

    @property
    def policy_version(self) -> int:
        """SB3's count of updates."""
        return updates_of(self.model)

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        return {
            **learned(self.model),
            "met": self._met.state_dict(),
            "begins": list(self._begins),
            "beginning": self._beginning,
            "rng": self._rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        load_learned(self.model, state)
        self._met.load_state_dict(state["met"])
        self._begins = [bool(begins) for begins in state["begins"]]
        self._beginning = bool(state["beginning"])
        self._rng.bit_generator.state = state["rng"]
