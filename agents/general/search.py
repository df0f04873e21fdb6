# SPDX-License-Identifier: MIT
"""Plans in ns-3 itself: tries sequences of actions in branches of the running simulation.

It needs no training and no model, and takes any action space. What it needs is a simulator that can
be copied: no agent can play so in a real network. It shows what there is to gain, teaches others,
and controls simulations.

A trained hybrid agent can guide it: branches then try what that agent believes to be good, and are
worth their rewards and the value of where they end. Fewer and shorter branches do then.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tandem.agents.api import Decision, Lesson, Observation
from tandem.agents.common.settings import Count, CountOrZero, Settings, Share
from tandem.agents.general.api import Guide, Step
from tandem.agents.general.sequences import (
    ActionCodes,
    Array,
    CrossEntropyConfig,
    Found,
    search,
    shifted,
)
from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.masks import flat_masks

#: Keeps the draws of searches apart from those of episodes.
STREAM = 11


class SearchConfig(Settings):
    """How far it looks, and what that may cost."""

    horizon: Count = 2
    """Decisions that a branch plays. At most the environment's ``branch_slots``."""
    budget: Count = 64
    """Branches per decision."""
    futures: CountOrZero = 1
    """Random draws other than the coming ones in which each sequence is rated; the mean counts, and
    each takes a branch of its own. 0: the coming draws themselves, which is to foresee luck.
    Scenarios with one future only are always searched in that."""
    discount: Share = 1.0
    """What a reward counts, compared with that of the decision before. A guide's own counts where
    there is one."""
    guide: str | None = None
    """Folder of a run that trained ``hybrid`` on the same scenario."""
    guided_share: Share = 0.5
    """Share of the budget for what the guide proposes; the rest is for sequences drawn like the
    best of these."""
    cross_entropy: CrossEntropyConfig = CrossEntropyConfig()


class SearchAgent:
    """Plays the first action of the best plan found; a `tandem.agents.general.api.GeneralLearner`.

    The rest of a plan is where the next search begins. Nothing is learned.

    Args:
        env: in which it plays; it must be asked at each decision of an episode.
        config: settings.
        seed: decides, with the seed of the episode, everything that is drawn.
        name: for tables.
        guide: proposes what to try and says what its end is worth; ``None``: nothing is believed.

    Raises:
        UnfitActions: the actions have no bounds.
    """

    learns = False
    policy_version = 0

    def __init__(
        self,
        env: TandemEnv,
        config: SearchConfig,
        seed: int,
        name: str = "search",
        guide: Guide | None = None,
    ) -> None:
        self.name = name
        self.guide = guide
        self.config = config
        #: Epochs of all branches so far.
        self.branch_epochs = 0
        self._env = env
        self._seed = seed
        self._codes = ActionCodes(env.action_space)
        self._rng = np.random.default_rng([seed, STREAM])
        self._rest: Array | None = None
        self._expected = float("nan")

    def begin_episode(self, seed: int) -> None:
        """Forget the last plan."""
        self._rng = np.random.default_rng([self._seed, STREAM, seed])
        self._rest = None

    def act(self, observation: Observation) -> Any:
        """The first action of the best plan."""
        return self.decide(observation).action

    def decide(self, observation: Observation) -> Decision:
        """The same, with what it cost."""
        schema = self._env.schema
        begun = self.branch_epochs
        allowed = flat_masks(schema, observation) if schema.masks else None
        plan = self._search(observation, allowed)
        self._rest = shifted(plan.sequence)
        self._expected = plan.value
        return Decision(
            self._codes.action(plan.sequence[0]),
            "search",
            branch_epochs=self.branch_epochs - begun,
        )

    def learn(self, decision: Decision, step: Step) -> Lesson:
        """Nothing is learned; tells the (discounted) sum of rewards that the plan promised."""
        return Lesson(figures={"plan_return": self._expected})

    def player_in(self, env: TandemEnv) -> SearchAgent:
        """The same search in another environment."""
        return SearchAgent(env, self.config, self._seed, self.name, self.guide)

    def state_dict(self) -> dict[str, Any]:
        """The plan under way, and the generator."""
        return {
            "rng": self._rng.bit_generator.state,
            "rest": None if self._rest is None else self._rest.copy(),
            "branch_epochs": self.branch_epochs,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._rng.bit_generator.state = state["rng"]
        rest = state["rest"]
        self._rest = None if rest is None else np.array(rest)
        self.branch_epochs = int(state["branch_epochs"])

    def _search(self, observation: Observation, allowed: Any) -> Found:
        config = self.config
        budget = max(1, config.budget // len(self._futures))
        first = np.zeros((0, config.horizon, self._codes.size))
        if self._rest is not None:
            first = self._rest[None]
        if self.guide is not None:
            count = max(1, round(config.guided_share * budget))
            proposed = self.guide.proposals(observation, config.horizon, count)
            first = np.concatenate([proposed, first])
        return search(
            self._rated,
            self._codes,
            config.horizon,
            budget,
            self._rng,
            config.cross_entropy,
            first=first,
            allowed=allowed,
        )

    @property
    def _futures(self) -> range:
        """The random draws in which sequences are rated."""
        wanted = self.config.futures if self._env.schema.futures else 0
        return range(1, wanted + 1) if wanted else range(1)

    def _rated(self, sequences: Array) -> Array:
        """What sequences are worth, mean over futures, ``[sequences]``."""
        plays = [[self._codes.action(codes) for codes in sequence] for sequence in sequences]
        total = np.zeros(len(plays))
        for future in self._futures:
            for number, outcome in enumerate(self._env.branch(plays, future=future)):
                total[number] += self._worth(outcome)
                self.branch_epochs += len(outcome.rewards)
        return total / len(self._futures)

    def _worth(self, outcome: Outcome) -> float:
        """Discounted sum of rewards, and what a guide believes to follow."""
        if self.guide is not None:
            ended = outcome.terminated
            return self.guide.worth(outcome.rewards, outcome.observation, ended=ended)
        rewards = np.array(outcome.rewards)
        return float(rewards @ self.config.discount ** np.arange(len(rewards)))
