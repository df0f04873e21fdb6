# SPDX-License-Identifier: MIT
"""How far a policy is from the oracle.

Evaluation states are reached by playing, as in training, but from seeds of their own. The oracle
measures each one once. From then on the cost of any policy's joint action is looked up, so an
evaluation takes no simulation and no interaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Agent, JointAction, Observation
from tandem.agents.evaluation.oracle import Oracle, Solution, solution_of
from tandem.agents.evaluation.outcome_table import Outcomes, OutcomeTable
from tandem.agents.evaluation.prober import Advance, OracleError
from tandem.agents.evaluation.seeds import RUNS
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.options import OptionTable
from tandem.bridge.core.schema import Schema

#: The greedy action of a policy: what it would play without exploring.
Policy: TypeAlias = Callable[[Observation], JointAction]


class SiteExplorer:
    """Behaviour that uses the whole network: each user draws a site, then an option there.

    Uniform draws over options would leave nearly all users on their device, where most options
    are.
    """

    name = "explorer"

    def __init__(self, schema: Schema) -> None:
        table = OptionTable.from_meta(schema.meta)
        self._users = int(schema.meta["users"])
        self._allowed = table.allowed(self._users)
        self._options = [np.flatnonzero(table.site == code) for code in np.unique(table.site)]
        self._rng = np.random.default_rng(0)

    def begin_episode(self, seed: int) -> None:
        """Restart the draws."""
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> JointAction:
        sites = self._rng.integers(len(self._options), size=self._users)
        drawn = [
            self._rng.choice(self._options[site][self._allowed[user, self._options[site]]])
            for user, site in enumerate(sites)
        ]
        return np.array(drawn, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class StateDraw:
    """Which states are evaluated.

    Attributes:
        count: how many.
        first_seed: of the first episode; the following ones count up. Training must use others.
        per_episode: states taken from one episode.
        stride: decisions from one such state to the next. Neighbouring states are alike, so each
            adds little. The first decision of an episode is not used.
        follow_oracle: at a state, play the oracle's joint action instead of the behaviour's, as a
            trained policy would. The behaviour plays in between.
    """

    count: int = 30
    first_seed: int = RUNS.first
    per_episode: int = 5
    stride: int = 3
    follow_oracle: bool = True


@dataclass(frozen=True)
class StateScore:
    """A joint action at one state.

    Attributes:
        action: what was played, ``[N]``.
        cost_s: what it cost, seconds; over several futures their mean, as all that follows.
        accuracy_percent: mean top-5 accuracy of the answers.
        response_s: mean response time, seconds.
        violated: whether it missed the accuracy threshold, or the share of futures in which it did.
    """

    action: JointAction
    cost_s: float
    accuracy_percent: float
    response_s: float
    violated: float

    @classmethod
    def of(cls, action: JointAction, outcomes: Sequence[Outcomes], rule: CostRule) -> StateScore:
        """The score of an action with these ``outcomes``, one per future."""
        return cls(
            action=action,
            cost_s=float(np.mean([rule.cost_s(*outcome) for outcome in outcomes])),
            accuracy_percent=float(np.mean([accuracy for _, accuracy in outcomes])),
            response_s=float(np.mean([response_s for response_s, _ in outcomes])),
            violated=float(np.mean([~rule.accurate(accuracy) for _, accuracy in outcomes])),
        )


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

    @classmethod
    def of(cls, states: Sequence[StateScore], oracle_s: float | None = None) -> Evaluation:
        """Means over states.

        Args:
            states: at least one.
            oracle_s: the oracle's mean cost, seconds; ``None``: these states are the oracle's own.
        """
        costs_s = np.array([state.cost_s for state in states])
        cost_s = float(costs_s.mean())
        return cls(
            cost_s=cost_s,
            oracle_s=cost_s if oracle_s is None else oracle_s,
            accuracy_percent=float(np.mean([state.accuracy_percent for state in states])),
            violated=float(np.mean([state.violated for state in states])),
            costs_s=costs_s,
            actions=np.array([state.action for state in states]),
            response_s=float(np.mean([state.response_s for state in states])),
        )

    @property
    def ratio(self) -> float:
        """Mean cost over the oracle's mean cost; 1 is optimal."""
        return self.cost_s / self.oracle_s

    @property
    def regret_s(self) -> float:
        """Mean cost above the oracle, seconds."""
        return self.cost_s - self.oracle_s


@dataclass(frozen=True, slots=True)
class Optima:
    """Mean costs of the best joint actions, by how much whoever chose them knows, seconds.

    See `tandem.agents.evaluation.futures`. ``None``: not known by this judge.

    Attributes:
        held_out_s: of the choice that does not know the future it is judged in.
        best_on_average_s: of one joint action for all futures that judge it.
        hindsight_s: of each future's own best.
    """

    held_out_s: float | None = None
    best_on_average_s: float | None = None
    hindsight_s: float | None = None


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

    @property
    def optima(self) -> Optima:
        """Mean costs of all optima that are known; `oracle_s` is one of them."""
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

    @classmethod
    def of(cls, tables: Iterable[OutcomeTable], rule: CostRule) -> EvaluationSet:
        """The states of complete tables, with their optima under a rule."""
        return cls([solution_of(table, rule) for table in tables], rule)

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

    @property
    def optima(self) -> Optima:
        """Only hindsight: of one future."""
        return Optima(hindsight_s=self.oracle_s)

    def evaluate(self, policy: Policy) -> Evaluation:
        """Ask a policy for its action at every state and look up what it costs."""
        states = []
        for solution in self.solutions:
            action = answer(policy, solution.table.observation)
            states.append(StateScore.of(action, [solution.table.outcome(action)], self.rule))
        return Evaluation.of(states, self.oracle_s)


def answer(policy: Policy, observation: Observation) -> JointAction:
    """A policy's joint action; it gets a copy of the observation."""
    copied = {name: block.copy() for name, block in observation.items()}
    return np.asarray(policy(copied), dtype=np.int32)


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
        oracle: measures the states.
        behaviour: plays between them.
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
