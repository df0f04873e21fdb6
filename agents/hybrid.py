# SPDX-License-Identifier: MIT
"""The hybrid agent: direct RL, a learned system model, planning, suggestions.

After each real epoch the branching DQN learns from it (direct RL) and the system model is fitted
now and then; joint actions imagined in the model train the DQN further (planning); and the
planner's joint actions in the model are the suggestions that choose the next real action.
Exploration goes where plans go: most training decisions are optimal for *one* member of the
ensemble, drawn at random (Thompson sampling), so members that disagree about a good plan get it
tried.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.agents.baselines.branching_dqn import BranchingDqn
from tandem.agents.inference.config import HybridConfig
from tandem.agents.inference.model.staleness import StalenessDetector
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.system_model import ModelView, SystemModel
from tandem.agents.learner import Decision, Lesson
from tandem.agents.training.replay import Epoch, EpochBuffer


class HybridAgent:
    """Plans in what it has learned; a `tandem.agents.learner.Learner`.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides everything that is drawn.
        name: for tables; ablations have names of their own.
    """

    def __init__(
        self, problem: JointProblem, config: HybridConfig, seed: int, name: str = "hybrid"
    ) -> None:
        self.name = name
        seeds = np.random.SeedSequence(seed).generate_state(3)
        self.problem = problem
        self.config = config
        self.model = SystemModel(problem, config.model, config.prior, int(seeds[0]))
        self.dqn = BranchingDqn(problem, config.dqn, int(seeds[1]))
        self.planner = Planner(problem, config.planner)
        self.real = EpochBuffer(config.real_capacity)
        self.imagined = EpochBuffer(config.imagined_capacity)
        self._detector = StalenessDetector(
            config.stale_window, config.stale_after, config.stale_factor
        )
        self._rng = np.random.default_rng(int(seeds[2]))
        self._interactions = 0
        self._last_alarm = 0
        self._validation_loss = float("nan")
        self._last_action: JointAction | None = None

    # Acting

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare; what was learned stays."""

    def act(self, observation: Observation) -> JointAction:
        """The greedy joint action: the best plan by the mean of the elites."""
        if not self.config.use_planning:
            return self.planner.project(-self.dqn.values(observation))
        return self._plan(self.model.view(observation))

    def decide(self, observation: Observation) -> Decision:
        """A joint action to learn from."""
        if self._interactions < self.config.warmup:
            source, action = "warmup", self._spread(observation)
        elif not self.config.use_planning or self._rng.random() < self.config.dqn_share:
            source, action = "dqn", self._dqn_action(observation)
        elif self._rng.random() < self._thompson_share():
            member = self.model.elites[int(self._rng.integers(len(self.model.elites)))]
            source = "thompson"
            action = self._plan(self.model.view(observation, (member,)))
        else:
            source, action = "plan", self._plan(self.model.view(observation))
        if source != "warmup" and self._rng.random() < self.config.mutation_share:
            action = self._mutate(self.model.view(observation), action)
        self._last_action = action
        prediction = self.model.predict(observation, action[None])
        return Decision(action, source, prediction.response_s.mean(axis=0)[0])

    # Learning

    def learn(self, decision: Decision, epoch: Epoch) -> Lesson:
        """Take in what came of a decision."""
        config = self.config
        self._interactions += 1
        self.real.add(epoch)
        self.model.add(epoch)
        surprise = self._surprise(decision, epoch)
        stale = self._detector.add(surprise)
        if stale:
            self._start_over()
        due = self._interactions % config.fit_every == 0
        fitted = stale or (due and config.use_planning)
        if fitted:
            self._validation_loss = self.model.fit().validation_loss
        for _ in range(config.real_updates):
            self.dqn.update(self.real.sample(config.dqn.batch, self._rng))
        if config.use_planning and self._interactions % config.imagine_every == 0:
            self._imagine()
        return Lesson(surprise, self._validation_loss, fitted, stale)

    # State

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included: enough to go on as if never stopped."""
        last = self._last_action
        return {
            "model": self.model.state_dict(),
            "dqn": self.dqn.state_dict(),
            "real": self.real.state_dict(),
            "imagined": self.imagined.state_dict(),
            "detector": self._detector.state_dict(),
            "rng": self._rng.bit_generator.state,
            "interactions": self._interactions,
            "last_alarm": self._last_alarm,
            "validation_loss": self._validation_loss,
            "last_action": None if last is None else last.copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, on an agent with the same problem and settings."""
        self.model.load_state_dict(state["model"])
        self.dqn.load_state_dict(state["dqn"])
        self.real.load_state_dict(state["real"])
        self.imagined.load_state_dict(state["imagined"])
        self._detector.load_state_dict(state["detector"])
        self._rng.bit_generator.state = state["rng"]
        self._interactions = int(state["interactions"])
        self._last_alarm = int(state["last_alarm"])
        self._validation_loss = float(state["validation_loss"])
        last = state["last_action"]
        self._last_action = None if last is None else np.array(last, dtype=np.int32)

    # Inside

    def _plan(self, view: ModelView) -> JointAction:
        hints = None if self._last_action is None else self._last_action[None]
        return self.planner.plan(view, hints).action

    def _thompson_share(self) -> float:
        config = self.config
        since = self._interactions - self._last_alarm
        done = min(since / config.thompson_interactions, 1.0)
        return config.thompson_share + done * (config.thompson_end - config.thompson_share)

    def _spread(self, observation: Observation) -> JointAction:
        """Users spread over the sites, in proportions that differ from epoch to epoch."""
        groups = len(self.problem.network_options) + 1
        share = self._rng.dirichlet(np.ones(groups))
        pattern = self._rng.choice(groups, size=self.problem.users, p=share)
        return self.planner.complete(self.model.view(observation), pattern)

    def _mutate(self, view: ModelView, action: JointAction) -> JointAction:
        """The action with one user sent somewhere at random."""
        pattern = self.planner.pattern_of(action)
        user = int(self._rng.integers(self.problem.users))
        pattern[user] = self._rng.integers(len(self.problem.network_options) + 1)
        return self.planner.complete(view, pattern)

    def _dqn_action(self, observation: Observation) -> JointAction:
        """Least costly by the DQN's values under the threshold; some users explore."""
        config = self.config.dqn
        done = min(self._interactions / config.epsilon_interactions, 1.0)
        epsilon = config.epsilon_start + done * (config.epsilon_end - config.epsilon_start)
        values = self.dqn.values(observation)
        explores = self._rng.random(self.problem.users) < epsilon
        spread = max(float(np.ptp(values)), 1.0)
        values[explores] = spread * self._rng.random((int(explores.sum()), values.shape[1]))
        return self.planner.project(values.max() - values)

    def _surprise(self, decision: Decision, epoch: Epoch) -> float:
        offloaded = np.isin(epoch.action, self.problem.network_options) & epoch.answered
        if decision.predicted_s is None or not offloaded.any():
            return float("nan")
        ratio = epoch.response_s[offloaded] / np.maximum(decision.predicted_s[offloaded], 1e-9)
        return float(np.abs(np.log(np.maximum(ratio, 1e-9))).mean())

    def _start_over(self) -> None:
        """The system has changed: believe only what was seen since, and explore again."""
        self.model.fade(self.config.stale_window, self.config.stale_weight)
        self.imagined.clear()
        self._last_alarm = self._interactions

    def _imagine(self) -> None:
        """Imagined trajectories from real states train the DQN."""
        config = self.config
        if not config.imagined_epochs:
            return
        per_state = 3
        states = self.real.sample(-(-config.imagined_epochs // per_state), self._rng)
        for state in states:
            observation = state.observation
            view = self.model.view(observation)
            actions = np.stack(
                [self._mutate(view, state.action), self._spread(observation), state.action]
            )
            for epoch in self._imagine_at(observation, actions):
                self.imagined.add(epoch)
                self._roll_out(epoch)
        for _ in range(config.imagined_updates):
            self.dqn.update(self.imagined.sample(config.dqn.batch, self._rng))

    def _roll_out(self, epoch: Epoch) -> None:
        """Go on from an imagined epoch through states that are imagined too."""
        for _ in range(self.config.rollout_length - 1):
            action = self._dqn_action(epoch.next_observation)
            (epoch,) = self._imagine_at(epoch.next_observation, action[None])
            self.imagined.add(epoch)

    def _imagine_at(self, observation: Observation, actions: NDArray[np.int32]) -> list[Epoch]:
        """What the model says would come of joint actions ``[B, N]``.

        The cost is a lower confidence bound: what the elites disagree about looks cheap, so that
        the DQN goes and sees. The next state is one elite's. Sites and cells stay as they are.
        """
        prediction = self.model.predict(observation, actions)
        response_s = prediction.response_s
        cost_s = self.problem.cost_s(response_s, np.broadcast_to(actions, response_s.shape))
        bound_s = cost_s.mean(axis=0) - self.config.optimism * cost_s.std(axis=0)
        elite = self._rng.integers(len(response_s), size=len(actions))
        everybody = np.ones(self.problem.users, dtype=np.bool_)
        return [
            Epoch(
                observation=observation,
                action=action,
                components_s=prediction.components_s[:, case].mean(axis=0),
                answered=everybody,
                cost_s=max(float(bound_s[case]), 0.0),
                next_observation={
                    **observation,
                    "users": prediction.next_users[elite[case], case],
                },
                ended=False,
            )
            for case, action in enumerate(actions)
        ]
