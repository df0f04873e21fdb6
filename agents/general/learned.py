# SPDX-License-Identifier: MIT
"""What the hybrid agent plans in where a scenario has no model of its own: one that it learns.

Real decisions teach a model of the next observation and of the reward. Plans in it are all
sequences of actions over a short horizon where they are few, else what the cross-entropy method
finds. Exploration: a plan that is best for one member of the ensemble alone (Thompson sampling by
bootstrap: Osband et al., NeurIPS 2016), and a few random actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from tandem.agents.api import Decision, Lesson, Observation
from tandem.agents.common.threads import single_threaded
from tandem.agents.general.api import Declared, Step
from tandem.agents.general.model.accuracy import Accuracy
from tandem.agents.general.model.world_model import WorldModel
from tandem.agents.general.sequences import (
    ActionCodes,
    Array,
    Found,
    Proposal,
    search,
    shifted,
)
from tandem.agents.general.value_trust import ValueTrust
from tandem.bridge.core.masks import flat_masks
from tandem.bridge.core.packages import require

if TYPE_CHECKING:
    from tandem.agents.general.hybrid import HybridConfig
    from tandem.agents.general.model_free import ModelFreeHalf

#: Of a normal distribution 90 % lies within so many standard deviations.
WITHIN_90: Final = 1.645
#: Keeps the draws of this model's plans apart from those of episodes.
STREAM: Final = 13


class LearnedModel:
    """See the module; a `tandem.agents.hybrid.PlanningModel`.

    Args:
        env: of the scenario.
        config: settings.
        seed: decides everything that is drawn.
        name: of the agent, for messages.

    Raises:
        UnfitActions: the actions have no bounds.
    """

    learns = True

    def __init__(
        self, env: Declared, config: HybridConfig, seed: int, name: str = "hybrid"
    ) -> None:
        self.config = config
        self._schema = env.schema
        self._codes = ActionCodes(env.action_space)
        self.world = WorldModel(env.schema, self._codes, config.model, seed)
        self.accuracy = Accuracy(self.world, config.accuracy, config.planning.horizon)
        self.half = self._model_free_half(seed, name)
        self.trust = self._value_trust(seed)
        self._rng = np.random.default_rng([seed, STREAM])
        self._rest: Array | None = None
        self._held: Array | None = None
        self._left = 0
        self._begins = True
        self._chosen = np.zeros(self._codes.size)
        self._expected = (float("nan"), float("nan"), float("nan"))
        self._loss = float("nan")

    def begin_episode(self) -> None:
        """Forget the plan under way."""
        self._rest = None
        self._begins = True
        self._left = 0
        if self.trust is not None:
            self.trust.begin_episode()

    @single_threaded
    def plan(self, observation: Observation) -> Any:
        """The best plan by all members together; draws nothing and changes nothing."""
        return self._codes.action(self._planned(observation, np.random.default_rng(0))[0])

    @single_threaded
    def propose(self, observation: Observation) -> Decision:
        """An action to learn from."""
        config = self.config
        if not self.world.fits or self.world.memory.added < config.warmup:
            source, self._chosen = "random", self._random(observation)
            self._rest = None
        elif self._rng.random() < config.random_share:
            source, self._chosen = "random", self._random(observation)
        else:
            alone = self._rng.random() < config.thompson_share
            member = int(self._rng.integers(config.model.members)) if alone else None
            share = self.value_share if self.trust is None else self.trust.share_now
            plan = self._planned(observation, self._rng, member, share)
            self._rest = shifted(plan)
            source, self._chosen = ("thompson" if alone else "plan"), plan[0]
        mean, variance, between = self._foreseen(observation, self._chosen)
        self._expected = (mean, variance, between)
        return Decision(self._codes.action(self._chosen), source, predicted=mean)

    @single_threaded
    def learn(self, decision: Decision, step: Step) -> Lesson:
        """Keep the outcome; fit the model now and then."""
        mean, variance, between = self._expected
        self.world.add(
            step.observation,
            self._chosen,
            step.reward,
            step.following,
            ended=step.ended,
            begins=self._begins,
        )
        self._begins = False
        if self.trust is not None:
            self.trust.end_decision()
        if self.world.memory.added % self.config.model.fit_every == 0:
            if self.world.fits:
                self.accuracy.measure(self.config.model.fit_every)
                if self.trust is not None:
                    self.trust.measure(self.config.model.fit_every)
            scalings = self.world.scalings
            self._loss = self.world.fit()
            if self.half is not None:
                if self.world.scalings > scalings:
                    self.half.rescaled()
                self.half.learn(self.accuracy.length)
        error = step.reward - mean
        within = abs(error) <= WITHIN_90 * np.sqrt(variance)
        return Lesson(
            figures={
                "model_loss": self._loss,
                "reward_error": abs(error),
                "reward_covered": np.nan if np.isnan(mean) else float(within),
                "rollout_length": float(self.accuracy.length),
                "ensemble_sd": between,
                "imagined_reward": np.nan if self.half is None else self.half.imagined_reward,
                "value_share": self.value_share,
            }
        )

    @single_threaded
    def proposals(self, observation: Observation, horizon: int, count: int) -> Array:
        """See `tandem.agents.general.api.Guide`; what is beyond the model's reach is held."""
        found = self._search(observation, np.random.default_rng(0), None, horizon)
        best = found.best(count)
        missing = horizon - best.shape[1]
        return np.concatenate([best, *[best[:, -1:]] * missing], axis=1)

    @single_threaded
    def worth(self, rewards: Sequence[float], end: Observation, *, ended: bool) -> float:
        """See `tandem.agents.general.api.Guide`; a reward counts as far as it is above the mean."""
        discount = self.config.discount
        centre, sd = self.world.reward_scale
        met = (np.array(rewards) - centre) @ discount ** np.arange(len(rewards))
        if self.half is None or ended:
            return float(met)
        follows = self.value_share * float(self.half.value(self.world.state(end)[None])[0])
        return float(met + discount ** len(rewards) * follows * sd)

    @property
    def value_share(self) -> float:
        """How much values count in plans, from 0 to 1."""
        if self.half is None:
            return 0.0
        return 1.0 if self.trust is None else self.trust.share

    def _model_free_half(self, seed: int, name: str) -> ModelFreeHalf | None:
        """The half that learns values, if it is asked for.

        Raises:
            MissingPackage: Stable-Baselines3 is not installed.
        """
        config = self.config
        if not config.model_free.use:
            return None
        require(
            "stable_baselines3",
            f"{name}'s model-free half",
            ", or do without it by `model_free: {use: false}` in --config",
        )
        from tandem.agents.general.model_free import ModelFreeHalf

        return ModelFreeHalf(self.world, self._codes, config.model_free, config.discount, seed)

    def _value_trust(self, seed: int) -> ValueTrust | None:
        """What says how far plans trust values, if it is to be measured."""
        config = self.config
        trust = config.model_free.trust
        if self.half is None or not trust.measured:
            return None
        return ValueTrust(self.world, self.half, self._codes, trust, config.discount, seed)

    def _planned(
        self,
        observation: Observation,
        rng: np.random.Generator,
        member: int | None = None,
        share: float | None = None,
    ) -> Array:
        """The best sequence by all members together, or by one."""
        horizon = self.config.planning.horizon
        return self._search(observation, rng, member, horizon, share).sequence

    def _search(
        self,
        observation: Observation,
        rng: np.random.Generator,
        member: int | None,
        horizon: int,
        share: float | None = None,
    ) -> Found:
        """Sequences as long as the horizon, or as far as the model is right enough.

        Args:
            share: how much values count; default: as far as they are trusted.
        """
        planning = self.config.planning
        start = self.world.spread(self.world.state(observation)[None])
        discount = self.config.discount
        centre, sd = self.world.reward_scale
        counts = self.value_share if share is None else share

        def rate(sequences: Array) -> Array:
            states = start.expand(-1, len(sequences), -1)
            if member is not None:
                states = states[member : member + 1]
            total = torch.zeros(states.shape[:2])
            for epoch in range(sequences.shape[1]):
                states, reward, _ = self.world.predict(states, sequences[:, epoch], member=member)
                total += discount**epoch * (reward - centre) / sd
            if self.half is not None and counts > 0.0:
                total += discount ** sequences.shape[1] * counts * self.half.value(states)
            return np.asarray(total.mean(0).double())

        length = min(self.accuracy.length, horizon)
        rest = None if self._rest is None or len(self._rest) < length else self._rest[None, :length]
        return search(
            rate,
            self._codes,
            length,
            planning.budget,
            rng,
            planning.cross_entropy,
            first=rest,
            allowed=self._allowed(observation),
        )

    def _foreseen(self, observation: Observation, codes: Array) -> tuple[float, float, float]:
        """Mean and variance of the reward, and the members' standard deviation."""
        if not self.world.fits:
            nan = float("nan")
            return nan, nan, nan
        states = self.world.spread(self.world.state(observation)[None])
        _, reward, variance = self.world.predict(states, codes[None])
        between = float(reward.std(0).item()) if len(reward) > 1 else 0.0
        return float(reward.mean()), float(variance.mean()) + between**2, between

    def _random(self, observation: Observation) -> Array:
        """A random action, held for a while so that slow effects show."""
        if self._left == 0 or self._held is None:
            proposal = Proposal.even(self._codes, 1, self._allowed(observation))
            self._held = proposal.draw(1, self._rng)[0, 0]
            self._held = np.where(
                self._codes.is_choice, self._held, self._rng.random(self._codes.size)
            )
            self._left = int(self._rng.integers(1, self.config.hold + 1))
            if self._schema.masks:
                self._left = 1
        self._left -= 1
        return self._held

    def _allowed(self, observation: Observation) -> Any:
        return flat_masks(self._schema, observation) if self._schema.masks else None

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {
            "model": self.world.state_dict(),
            "accuracy": self.accuracy.state_dict(),
            "half": None if self.half is None else self.half.state_dict(),
            "trust": None if self.trust is None else self.trust.state_dict(),
            "rng": self._rng.bit_generator.state,
            "rest": None if self._rest is None else self._rest.copy(),
            "held": None if self._held is None else self._held.copy(),
            "left": self._left,
            "begins": self._begins,
            "loss": self._loss,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.world.load_state_dict(state["model"])
        self.accuracy.load_state_dict(state["accuracy"])
        if self.half is not None:
            self.half.load_state_dict(state["half"])
        if self.trust is not None:
            self.trust.load_state_dict(state["trust"])
        self._rng.bit_generator.state = state["rng"]
        self._rest = None if state["rest"] is None else np.array(state["rest"])
        self._held = None if state["held"] is None else np.array(state["held"])
        self._left = int(state["left"])
        self._begins = bool(state["begins"])
        self._loss = float(state["loss"])
