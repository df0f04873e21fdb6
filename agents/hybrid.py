# SPDX-License-Identifier: MIT
"""The hybrid agent: direct RL, a learned system model, planning, suggestions.

After each real decision the branching DQN learns from it (direct RL). At intervals the system model
is fitted, and joint actions imagined in the model train the DQN further (planning). The planner's
best joint actions in the model are the suggestions that choose the next real action. Exploration
follows plans: most training decisions are optimal for *one* member of the ensemble, drawn at random
(Thompson sampling), so members that disagree about a good plan get it tried.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field

from tandem.agents.api import Decision, JointAction, Lesson, Observation, Transition
from tandem.agents.baselines.branching_dqn import BranchingDqn, BranchingDqnConfig
from tandem.agents.common.replay import ReplayBuffer
from tandem.agents.common.schedule import LinearSchedule
from tandem.agents.common.settings import Count, CountOrZero, NotNegative, Settings, Share
from tandem.agents.inference.config import ModelConfig, PlannerConfig, PriorConfig
from tandem.agents.inference.exploration import Explorer
from tandem.agents.inference.imagination import imagine
from tandem.agents.inference.model.staleness import StalenessDetector
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.system_model import ModelView, SystemModel

#: Joint actions imagined at each state: the one that was played, a mutated and a random one.
ACTIONS_PER_STATE: Final = 3
#: Shorter times count as this when their ratio is taken, seconds.
LEAST_S: Final = 1e-9


class HybridConfig(Settings):
    """The loop: real decisions, direct RL, model fit, planning, suggestions."""

    warmup: CountOrZero = 8
    """First interactions, in which users are spread over the sites at random."""
    fit_every: Count = 4
    """Interactions between two fits of the system model."""
    imagine_every: Count = 4
    """Interactions between two rounds of imagined updates of the DQN."""
    imagined_epochs: CountOrZero = 48
    """Joint actions imagined per round, at states that were met."""
    rollout_length: Count = 1
    """Decisions that an imagined trajectory runs through predicted states."""
    imagined_updates: CountOrZero = 8
    """Gradient steps of the DQN on imagined transitions per round."""
    real_updates: CountOrZero = 1
    """Gradient steps of the DQN on real transitions per interaction (direct RL)."""
    optimism: NotNegative = 1.0
    """Imagined cost = mean - this many standard deviations between elites."""
    thompson_share: Share = 0.7
    """Share of decisions planned with one elite drawn at random; the others use their mean."""
    thompson_interactions: Count = 300
    """Interactions over which that share falls linearly to its end."""
    thompson_end: Share = 0.1
    """Share of such decisions in the end; above 0 so that a change is noticed."""
    mutation_share: Share = 0.1
    """Share of training decisions in which one user's site is drawn at random."""
    dqn_share: Share = 0.05
    """Share of training decisions that the DQN takes itself (feedback on its own values)."""
    use_planning: bool = True
    """Plan in the model; without it the DQN decides alone (ablation)."""
    stale_window: Count = 12
    """Last interactions whose median surprise is compared with the one before."""
    stale_after: Count = 60
    """Interactions since the start or the last alarm before the model can be found stale."""
    stale_factor: Annotated[float, Field(gt=1.0)] = 2.0
    """The model is stale when that median exceeds the earlier one by this factor."""
    stale_weight: Share = 0.05
    """Weight that transitions before the change keep after an alarm."""
    real_capacity: Count = 20_000
    """Real transitions kept."""
    imagined_capacity: Count = 4_000
    """Imagined transitions kept; the oldest, from older models, go first."""

    prior: PriorConfig = PriorConfig()
    model: ModelConfig = ModelConfig()
    planner: PlannerConfig = PlannerConfig()
    dqn: BranchingDqnConfig = BranchingDqnConfig()

    @property
    def thompson(self) -> LinearSchedule:
        """Share of decisions planned with one elite, by interactions since the last alarm."""
        return LinearSchedule(
            start=self.thompson_share,
            end=self.thompson_end,
            interactions=self.thompson_interactions,
        )


class HybridAgent:
    """Plans in what it has learned; a `tandem.agents.api.Learner`.

    After Shahhosseini et al., "Hybrid Learning for Orchestrating Deep Learning Inference in
    Multi-user Edge-cloud Networks", ISQED 2022 (arXiv 2202.11098). Learning from real and from
    imagined transitions is that of Dyna (Sutton, "Dyna, an integrated architecture for learning,
    planning, and reacting", SIGART Bulletin 2, 1991). Exploration by plans of single ensemble
    members: Thompson sampling (Russo et al., "A Tutorial on Thompson Sampling", 2018) with an
    ensemble for the posterior (Lu and Van Roy, "Ensemble Sampling", NeurIPS 2017).

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
        self.real = ReplayBuffer(config.real_capacity)
        self.imagined = ReplayBuffer(config.imagined_capacity)
        self._detector = StalenessDetector(
            config.stale_window, config.stale_after, config.stale_factor
        )
        self._rng = np.random.default_rng(int(seeds[2]))
        self._explorer = Explorer(problem, self.planner, self._rng)
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
        source, action = self._choose(observation)
        if source != "warmup" and self._rng.random() < self.config.mutation_share:
            action = self._explorer.mutate(self.model.view(observation), action)
        self._last_action = action
        prediction = self.model.predict(observation, action[None])
        return Decision(action, source, prediction.response_s.mean(axis=0)[0])

    def _choose(self, observation: Observation) -> tuple[str, JointAction]:
        """Who decides, and what it chooses."""
        config, rng = self.config, self._rng
        if self._interactions < config.warmup:
            return "warmup", self._explorer.spread(self.model.view(observation))
        if not config.use_planning or rng.random() < config.dqn_share:
            return "dqn", self._dqn_action(observation)
        if rng.random() < config.thompson.at(self._interactions - self._last_alarm):
            member = self.model.elites[int(rng.integers(len(self.model.elites)))]
            return "thompson", self._plan(self.model.view(observation, (member,)))
        return "plan", self._plan(self.model.view(observation))

    def _plan(self, view: ModelView) -> JointAction:
        hints = None if self._last_action is None else self._last_action[None]
        return self.planner.plan(view, hints).action

    def _dqn_action(self, observation: Observation) -> JointAction:
        epsilon = self.config.dqn.epsilon.at(self._interactions)
        return self._explorer.by_values(self.dqn.values(observation), epsilon)

    # Learning

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Learn from the outcome of a decision."""
        config = self.config
        self._interactions += 1
        self.real.add(transition)
        self.model.add(transition)
        surprise = self._surprise(decision, transition)
        stale = self._detector.add(surprise)
        if stale:
            self._start_over()
        due = self._interactions % config.fit_every == 0
        if stale or (due and config.use_planning):
            self._validation_loss = self.model.fit()
        for _ in range(config.real_updates):
            self.dqn.update(self.real.sample(config.dqn.batch, self._rng))
        if config.use_planning and self._interactions % config.imagine_every == 0:
            self._imagine()
        return Lesson(surprise, self._validation_loss, stale)

    def _surprise(self, decision: Decision, transition: Transition) -> float:
        """Mean absolute error of log response times of those who offloaded; NaN if none did."""
        offloaded = np.isin(transition.action, self.problem.network_options) & transition.answered
        if decision.predicted_s is None or not offloaded.any():
            return float("nan")
        predicted_s = np.maximum(decision.predicted_s[offloaded], LEAST_S)
        ratio = transition.response_s[offloaded] / predicted_s
        return float(np.abs(np.log(np.maximum(ratio, LEAST_S))).mean())

    def _start_over(self) -> None:
        """The system has changed: trust only what was seen since, and explore again."""
        self.model.fade(self.config.stale_window, self.config.stale_weight)
        self.imagined.clear()
        self._last_alarm = self._interactions

    def _imagine(self) -> None:
        """Imagined trajectories from real states train the DQN."""
        config = self.config
        if not config.imagined_epochs:
            return
        states = -(-config.imagined_epochs // ACTIONS_PER_STATE)
        for state in self.real.sample(states, self._rng):
            view = self.model.view(state.observation)
            mutated = self._explorer.mutate(view, state.action)
            actions = np.stack([mutated, self._explorer.spread(view), state.action])
            for transition in imagine(
                self.model, state.observation, actions, config.optimism, self._rng
            ):
                self.imagined.add(transition)
                self._roll_out(transition)
        for _ in range(config.imagined_updates):
            self.dqn.update(self.imagined.sample(config.dqn.batch, self._rng))

    def _roll_out(self, transition: Transition) -> None:
        """Continue from an imagined transition through imagined states."""
        for _ in range(self.config.rollout_length - 1):
            observation = transition.next_observation
            action = self._dqn_action(observation)
            (transition,) = imagine(
                self.model, observation, action[None], self.config.optimism, self._rng
            )
            self.imagined.add(transition)

    # State

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included: enough to resume with equal results."""
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
