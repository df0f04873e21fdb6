# SPDX-License-Identifier: MIT
"""How far a policy is from the oracle, and after how many interactions it is near for good.

States of evaluation come from the process that training sees: they are reached by playing, from
seeds of their own. Each one is measured once by the oracle; from then on any policy's joint action
there is looked up, so that an evaluation costs no simulation and no interaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Agent, JointAction, Observation
from tandem.agents.evaluation.aggregate import Bounded
from tandem.agents.evaluation.oracle import Oracle, Solution
from tandem.agents.evaluation.outcome_table import CostRule
from tandem.agents.evaluation.prober import Advance, OracleError
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.options import OptionTable
from tandem.bridge.core.schema import Schema

#: A policy has arrived when it costs at most this much times the oracle …
TARGET_RATIO: Final = 1.05
#: … in this many evaluations in a row.
SUSTAINED: Final = 3

#: The greedy action of a policy: what it would play without exploring.
Policy: TypeAlias = Callable[[Observation], JointAction]


class SiteExplorer:
    """Behaviour that sees the whole network: each user draws a site, then an option there.

    Uniform draws over options would leave nearly all users on their device, where most options
    are.
    """

    name = "explorer"

    def __init__(self, schema: Schema) -> None:
        site = OptionTable.from_meta(schema.meta).site
        self._users = int(schema.meta["users"])
        self._options = [np.flatnonzero(site == code) for code in np.unique(site)]
        self._rng = np.random.default_rng(0)

    def begin_episode(self, seed: int) -> None:
        """Restart the draws."""
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> JointAction:
        sites = self._rng.integers(len(self._options), size=self._users)
        return np.array([self._rng.choice(self._options[site]) for site in sites], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class StateDraw:
    """Which states are evaluated.

    Attributes:
        count: how many.
        first_seed: of the first episode; the following ones count up. Training must use others.
        per_episode: states taken from one episode.
        stride: decisions from one such state to the next. Neighbours are alike, so that each adds
            little; the first decision of an episode is not taken.
        follow_oracle: at a state, go on with the oracle's joint action instead of the behaviour's,
            as a policy does that has learned. The behaviour plays in between.
    """

    count: int = 30
    first_seed: int = 1_000_000
    per_episode: int = 5
    stride: int = 3
    follow_oracle: bool = True


@dataclass(frozen=True)
class Evaluation:
    """A policy over all states of a set; S states.

    Attributes:
        cost_s: mean cost, seconds.
        oracle_s: the oracle's mean cost.
        accuracy_percent: mean top-5 accuracy of the answers.
        violated: share of the states in which the policy missed the accuracy threshold.
        costs_s: cost at each state, ``[S]``.
        actions: what was played, ``[S, N]``.
        response_s: mean response time of all requests, whether accurate or not, seconds.
    """

    cost_s: float
    oracle_s: float
    accuracy_percent: float
    violated: float
    costs_s: NDArray[np.float64] = field(repr=False)
    actions: NDArray[np.int32] = field(repr=False)
    response_s: float = float("nan")

    @property
    def ratio(self) -> float:
        """Mean cost over the oracle's mean cost; 1 is optimal."""
        return self.cost_s / self.oracle_s

    @property
    def regret_s(self) -> float:
        """Mean cost above the oracle, seconds."""
        return self.cost_s - self.oracle_s


class Judge(Protocol):
    """States at which any policy can be compared with the best joint action known."""

    @property
    def exact(self) -> bool:
        """Whether the best known is the optimum."""
        ...

    @property
    def oracle_s(self) -> float:
        """Mean cost of the best joint actions known, seconds."""
        ...

    def evaluate(self, policy: Policy) -> Evaluation:
        """The policy at every state."""
        ...


@dataclass(frozen=True)
class EvaluationSet:
    """States with everything that the oracle measured at them.

    Raises:
        OracleError: a state was only searched, so that a policy's cost there may be unknown.
    """

    solutions: Sequence[Solution]
    rule: CostRule

    def __post_init__(self) -> None:
        if not self.solutions:
            raise OracleError("an evaluation needs at least 1 state")
        for solution in self.solutions:
            if not solution.exact:
                raise OracleError(
                    f"with {solution.table.users} users the oracle searches and cannot look up "
                    "the cost of any joint action: evaluate with fewer users, or play episodes"
                )

    @property
    def exact(self) -> bool:
        """Always: searched states are refused."""
        return True

    @property
    def oracle_s(self) -> float:
        """The oracle's mean cost, seconds."""
        return float(np.mean([solution.best.cost_s for solution in self.solutions]))

    def evaluate(self, policy: Policy) -> Evaluation:
        """Ask a policy for its action at every state and look up what it costs."""
        actions, costs, accuracies, responses, violated = [], [], [], [], 0
        for solution in self.solutions:
            table = solution.table
            observation = {name: block.copy() for name, block in table.observation.items()}
            action = np.asarray(policy(observation), dtype=np.int32)
            response_s, accuracy = table.outcome(action)
            costs.append(float(self.rule.cost_s(response_s, accuracy)[0]))
            accuracies.append(float(accuracy.mean()))
            responses.append(float(response_s.mean()))
            violated += not self.rule.accurate(accuracy)[0]
            actions.append(action)
        return Evaluation(
            cost_s=float(np.mean(costs)),
            oracle_s=self.oracle_s,
            accuracy_percent=float(np.mean(accuracies)),
            violated=violated / len(costs),
            costs_s=np.array(costs),
            actions=np.array(actions),
            response_s=float(np.mean(responses)),
        )


def draw_states(
    walk: Walk,
    oracle: Oracle,
    behaviour: Agent,
    draw: StateDraw,
    advance: Advance | None = None,
) -> Iterator[Solution]:
    """Play, and let the oracle measure states on the way.

    Args:
        walk: over the environment of the oracle; the scenario's ``epochs`` must suffice for
            ``per_episode`` × ``stride`` decisions, or episodes give fewer states.
        oracle: measures.
        behaviour: plays.
        draw: which states.
        advance: progress in branches.

    Raises:
        OracleError: episodes end before their first state.
    """
    found, seed = 0, draw.first_seed
    while found < draw.count:
        before = found
        last: Solution | None = None
        walk.reset(seed)
        behaviour.begin_episode(seed)
        for decision in range(1, draw.per_episode * draw.stride + 1):
            action = behaviour.act(walk.observation)
            if draw.follow_oracle and last is not None and (decision - 1) % draw.stride == 0:
                action = last.best.action
            walk.step(action)
            if walk.over:
                break
            if decision % draw.stride == 0:
                last = oracle.solve(walk, advance)
                found += 1
                yield last
                if found == draw.count:
                    return
        if found == before:
            raise OracleError(
                f"the episode of seed {seed} ended before decision {draw.stride}, the first to "
                "be evaluated: give the scenario more epochs"
            )
        seed += 1


@dataclass
class Convergence:
    """Interactions until a policy's mean cost stays within a ratio of the oracle's.

    Attributes:
        target_ratio: what counts as arrived.
        sustained: evaluations in a row that must meet it.
    """

    target_ratio: float = TARGET_RATIO
    sustained: int = SUSTAINED
    _streak: int = 0
    _streak_began: int = 0
    _reached: int | None = None
    _last: int = 0
    _missed: int = 0

    def add(self, interactions: int, evaluation: Evaluation) -> bool:
        """Note an evaluation after so many interactions; returns `reached`.

        Raises:
            ValueError: fewer interactions than at the evaluation before.
        """
        return self.add_ratio(interactions, evaluation.ratio)

    def add_ratio(self, interactions: int, ratio: float) -> bool:
        """`add` of an evaluation of which only its ratio is at hand."""
        if interactions < self._last:
            raise ValueError(
                f"an evaluation after {interactions} interactions follows one after {self._last}: "
                "give them in order"
            )
        self._last = interactions
        if ratio <= self.target_ratio:
            if self._streak == 0:
                self._streak_began = interactions
            self._streak += 1
            if self._streak >= self.sustained and self._reached is None:
                self._reached = self._streak_began
        else:
            self._streak = 0
            self._missed = interactions
        return self.reached

    @property
    def reached(self) -> bool:
        """Whether enough evaluations in a row met the target."""
        return self._reached is not None

    @property
    def interactions(self) -> Bounded:
        """Interactions at the first evaluation of that row.

        Not reached: more than at the last evaluation that missed the target. A row that was cut
        short may have become one, so that its evaluations bound nothing.
        """
        if self._reached is None:
            return Bounded(float(self._missed), censored=True)
        return Bounded(float(self._reached))
