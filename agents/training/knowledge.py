# SPDX-License-Identifier: MIT
"""What an agent is told about the system that it meets, true or not.

The simulator stays as it is; only the agent's own tables and what it gets to see differ. So an
agent with wrong knowledge is judged at the very same measured states as one that knows the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Decision, JointAction, Learner, Lesson, Observation, Transition
from tandem.agents.evaluation.judge import Evaluation, Judge, Optima, Policy
from tandem.agents.inference.hidden_columns import NO_RATE, SITE_FACTS
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.wrapped import WrappedLearner

#: Keeps the draws of a lie apart from those of agents and episodes.
LIE_STREAM: Final = 7


@dataclass(frozen=True)
class Knowledge:
    """An agent's knowledge as factors on the truth; the default is the truth itself.

    Attributes:
        device_factor: the service time of each device option is believed to be this many times the
            true one or, with the same probability, one over this; drawn per option.
        site_factors: labels of sites, each with the factor of all its options; ``1 / 3`` makes the
            agent believe that the site computes three times as fast as it does.
        upload_factor: of all upload sizes.
        hide_site_load: the agent sees every site as if it were idle. What its users remember of
            their own requests stays.
        hide_radio: the agent sees every user as if it had not transmitted yet.
    """

    device_factor: float = 1.0
    site_factors: tuple[tuple[str, float], ...] = ()
    upload_factor: float = 1.0
    hide_site_load: bool = False
    hide_radio: bool = False

    @property
    def is_drawn(self) -> bool:
        """Whether what the agent is told depends on a seed."""
        return self.device_factor != 1.0

    def problem(self, true: JointProblem, seed: int) -> JointProblem:
        """The problem that the agent believes in.

        Args:
            true: the problem that the simulator poses.
            seed: of what is drawn.
        """
        table = true.options
        service_s = table.service_s.copy()
        local = true.device_options
        slower = np.random.default_rng([seed, LIE_STREAM]).random(len(local)) < 1 / 2
        service_s[local] *= np.where(slower, self.device_factor, 1.0 / self.device_factor)
        for label, factor in self.site_factors:
            at_site = table.site == table.sites.labels.index(label)
            service_s[at_site] *= factor
        upload_bytes = table.upload_bytes * self.upload_factor
        return replace(true, options=replace(table, service_s=service_s, upload_bytes=upload_bytes))

    def observation(self, true: JointProblem, observation: Observation) -> Observation:
        """What the agent sees instead of the true observation, which stays as it is."""
        seen = dict(observation)
        if self.hide_site_load:
            seen["sites"] = _replaced(
                observation["sites"],
                true.site_columns,
                {name: 0.0 for name in true.site_columns if name not in SITE_FACTS},
            )
        if self.hide_radio:
            seen["users"] = _replaced(observation["users"], true.user_columns, NO_RATE)
        return seen


#: Nothing but the truth.
TRUE: Final = Knowledge()


class Believer(WrappedLearner):
    """A learner that is shown what it gets to see; a `tandem.agents.api.Learner` itself.

    It plays where nothing but the true system can be had, such as in whole episodes.

    Args:
        learner: of the believed problem.
        knowledge: of the learner.
        problem: the true one.
    """

    def __init__(self, learner: Learner, knowledge: Knowledge, problem: JointProblem) -> None:
        super().__init__(learner)
        self._knowledge = knowledge
        self._problem = problem

    def act(self, observation: Observation) -> JointAction:
        return super().act(self._seen(observation))

    def decide(self, observation: Observation) -> Decision:
        return super().decide(self._seen(observation))

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        seen = replace(
            transition,
            observation=self._seen(transition.observation),
            next_observation=self._seen(transition.next_observation),
        )
        return super().learn(decision, seen)

    def _seen(self, observation: Observation) -> Observation:
        return self._knowledge.observation(self._problem, observation)


class BelievedJudge:
    """A judge that shows agents what they get to see; a `tandem.agents.evaluation.judge.Judge`.

    Args:
        judge: knows the truth.
        knowledge: of the agents.
        problem: the true one.
    """

    def __init__(self, judge: Judge, knowledge: Knowledge, problem: JointProblem) -> None:
        self.truth = judge
        self._knowledge = knowledge
        self._problem = problem

    @property
    def exact(self) -> bool:
        """Whether the best known is the optimum."""
        return self.truth.exact

    @property
    def oracle_s(self) -> float:
        """Mean cost of the best joint actions known, seconds."""
        return self.truth.oracle_s

    @property
    def optima(self) -> Optima:
        """Those of the truth."""
        return self.truth.optima

    def evaluate(self, policy: Policy) -> Evaluation:
        """The policy at every state, as the agent sees it."""
        return self.truth.evaluate(
            lambda observation: policy(self._knowledge.observation(self._problem, observation))
        )


def _replaced(
    block: NDArray[np.float64], columns: Mapping[str, int], values: Mapping[str, float]
) -> NDArray[np.float64]:
    changed = block.copy()
    for name, value in values.items():
        changed[:, columns[name]] = value
    return changed
