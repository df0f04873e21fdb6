# SPDX-License-Identifier: MIT
"""The optimum that a policy can reach: the best on average over futures.

A policy sees the state but not the backoffs and errors to come, so its fair reference is the joint
action with the least *expected* cost. M futures of a state estimate it:

- **hindsight**: in each future its own best joint action. Nobody can reach that.
- **best on average**: one joint action for all M, chosen and judged in the same futures. It also
  profits from their luck, less so with more futures; no single joint action costs less in them.
- **held out**: for each future, the joint action that is best on average over the M - 1 others,
  judged in the one that did not choose it. Its mean is an unbiased estimate of the cost of choosing
  by M - 1 futures, so it is an optimum that can be reached; a policy may even cost less.

On average the three come in that order, and they converge as M grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tandem.agents.api import JointAction
from tandem.agents.evaluation.judge import (
    Evaluation,
    EvaluationSet,
    Judge,
    Optima,
    Policy,
    StateScore,
    answer,
)
from tandem.agents.evaluation.mean_table import mean_table
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import OracleError
from tandem.agents.inference.cost import CostRule

#: One future chooses, another one judges.
MIN_FUTURES: Final = 2


class FuturesJudge:
    """Judges policies by their mean cost over futures; a `tandem.agents.evaluation.judge.Judge`.

    Args:
        states: for each state its complete table in each of M futures, ``[S][M]``.
        rule: what an epoch costs.

    Attributes:
        held_out: the score of the held-out choice; its ``actions`` are those for each state's first
            future.
        best_on_average: the score of the choice made in the same futures that judge it.
        hindsight_s: of each future's own best.

    Raises:
        OracleError: no states, fewer than 2 futures, or a table that a search left incomplete.
    """

    def __init__(self, states: Sequence[Sequence[OutcomeTable]], rule: CostRule) -> None:
        if not states:
            raise OracleError("an evaluation needs at least 1 state")
        for tables in states:
            if len(tables) < MIN_FUTURES:
                raise OracleError(
                    f"a state was measured in {len(tables)} future, at least {MIN_FUTURES} are "
                    "needed: one that chooses and one that judges"
                )
            if not all(table.is_complete for table in tables):
                raise OracleError(
                    "a state was only searched, so that a policy's cost there may be unknown: "
                    "evaluate with fewer users"
                )
        self._states = tuple(tuple(tables) for tables in states)
        self._rule = rule
        self.held_out = Evaluation.of([self._held_out(tables) for tables in self._states])
        self.best_on_average = Evaluation.of(
            [self._score(self._choice(tables), tables) for tables in self._states], self.oracle_s
        )
        self.hindsight_s = float(
            np.mean([table.optimum(rule).cost_s for tables in states for table in tables])
        )

    @property
    def exact(self) -> bool:
        """Always: every joint action is covered; only the number of futures limits accuracy."""
        return True

    @property
    def oracle_s(self) -> float:
        """Mean cost of the held-out choice, seconds; ratios and regret refer to it."""
        return self.held_out.cost_s

    @property
    def best_on_average_s(self) -> float:
        """Mean cost of the best on average, seconds."""
        return self.best_on_average.cost_s

    @property
    def optima(self) -> Optima:
        """All three."""
        return Optima(self.oracle_s, self.best_on_average_s, self.hindsight_s)

    def evaluate(self, policy: Policy) -> Evaluation:
        """Ask a policy for its action at every state, and look up what it costs in all futures."""
        return Evaluation.of(
            [self._score(answer(policy, tables[0].observation), tables) for tables in self._states],
            self.oracle_s,
        )

    def _choice(self, tables: Sequence[OutcomeTable]) -> JointAction:
        """The joint action that is best on average over some futures."""
        return mean_table(tables).optimum(self._rule).action

    def _score(self, action: JointAction, tables: Sequence[OutcomeTable]) -> StateScore:
        return StateScore.of(action, [table.outcome(action) for table in tables], self._rule)

    def _held_out(self, tables: Sequence[OutcomeTable]) -> StateScore:
        """Each future judges the choice of the others; the action noted is the first one's."""
        choices = [
            self._choice([*tables[:held], *tables[held + 1 :]]) for held in range(len(tables))
        ]
        outcomes = [table.outcome(choice) for table, choice in zip(tables, choices, strict=True)]
        return StateScore.of(choices[0], outcomes, self._rule)


def known_judge(states: Sequence[Sequence[OutcomeTable]], rule: CostRule) -> Judge:
    """The judge of states with complete tables ``[S][M]``, one per future.

    One future: against its optimum, with hindsight. More: against the held-out optimum.
    """
    if states and len(states[0]) > 1:
        return FuturesJudge(states, rule)
    return EvaluationSet.of([table for tables in states for table in tables], rule)
