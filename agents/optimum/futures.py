# SPDX-License-Identifier: MIT
"""The optimum that a policy can reach: best on average over what chance may still do.

A policy sees the state and not the backoffs and errors to come, so the optimum that it can be asked
for is the joint action with the least *expected* cost. M futures of a state estimate it:

- **hindsight**: in each future its own best joint action. Nobody can reach that.
- **best on average**: one joint action for all M, chosen and judged in the same futures. It knows
  their luck as well, the less so the more there are; no single joint action costs less in them.
- **held out**: for each future, the joint action that is best on average over the M - 1 others,
  judged in the one that did not choose it. Its mean is an unbiased estimate of what choosing by
  M - 1 futures costs, so an optimum that can be had; a policy may come out below it.

The three come in that order on average, and close in on each other as M grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from tandem.agents.evaluation import Evaluation, Policy
from tandem.agents.optimum.outcome_table import CostRule, OutcomeTable
from tandem.agents.optimum.prober import OracleError

#: One future chooses, another one judges.
MIN_FUTURES: Final = 2


def mean_table(tables: Sequence[OutcomeTable]) -> OutcomeTable:
    """Response times and shares of answers, averaged over futures of one state.

    Args:
        tables: of the same patterns in the same order, as exhaustion gives them.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    return replace(
        first,
        response_s=np.mean([table.response_s for table in tables], axis=0),
        answered=np.mean([table.answered for table in tables], axis=0),
        rows=None,
    )


class FuturesJudge:
    """Judges policies by their mean cost over futures; a `tandem.agents.evaluation.Judge`.

    Args:
        states: for each state its complete table in each of M futures, ``[S][M]``.
        rule: what an epoch costs.

    Attributes:
        oracle_s: mean cost of the held-out choice, seconds; ratios and regret refer to it.
        best_on_average_s: of the choice in the very futures that judge.
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
        self.hindsight_s = float(
            np.mean([table.optimum(rule).cost_s for tables in states for table in tables])
        )
        self.best_on_average_s = float(np.mean([self._best(tables, tables) for tables in states]))
        self.oracle_s = float(
            np.mean(
                [
                    self._best([*tables[:held], *tables[held + 1 :]], [tables[held]])
                    for tables in self._states
                    for held in range(len(tables))
                ]
            )
        )

    @property
    def exact(self) -> bool:
        """Every joint action was covered; what is left is that futures are few."""
        return True

    def evaluate(self, policy: Policy) -> Evaluation:
        """Ask a policy for its action at every state, and look up what it costs in all futures."""
        costs, actions, accuracies, responses, violated = [], [], [], [], []
        for tables in self._states:
            observation = {name: block.copy() for name, block in tables[0].observation.items()}
            action = np.asarray(policy(observation), dtype=np.int32)
            outcomes = [table.outcome(action) for table in tables]
            costs.append(np.mean([self._rule.cost_s(*outcome) for outcome in outcomes]))
            accuracies.append(np.mean([accuracy for _, accuracy in outcomes]))
            responses.append(np.mean([response_s for response_s, _ in outcomes]))
            violated.append(np.mean([not self._rule.accurate(a)[0] for _, a in outcomes]))
            actions.append(action)
        return Evaluation(
            cost_s=float(np.mean(costs)),
            oracle_s=self.oracle_s,
            accuracy_percent=float(np.mean(accuracies)),
            violated=float(np.mean(violated)),
            costs_s=np.array(costs, dtype=np.float64),
            actions=np.array(actions),
            response_s=float(np.mean(responses)),
        )

    def _best(self, choosing: Sequence[OutcomeTable], judging: Sequence[OutcomeTable]) -> float:
        """Mean cost in some futures of the joint action that others choose, seconds."""
        action = mean_table(choosing).optimum(self._rule).action
        return float(np.mean([table.costs_s(action, self._rule) for table in judging]))
