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
from typing import Final, TypeAlias

import numpy as np

from tandem.agents.api import JointAction
from tandem.agents.evaluation.judge import Evaluation, Policy
from tandem.agents.evaluation.mean_table import mean_table
from tandem.agents.evaluation.outcome_table import CostRule, OutcomeTable
from tandem.agents.evaluation.prober import OracleError

#: One future chooses, another one judges.
MIN_FUTURES: Final = 2
#: A joint action at one state, and the futures in which it is judged.
Judged: TypeAlias = tuple[JointAction, Sequence[OutcomeTable]]


class FuturesJudge:
    """Judges policies by their mean cost over futures; a `tandem.agents.evaluation.judge.Judge`.

    Args:
        states: for each state its complete table in each of M futures, ``[S][M]``.
        rule: what an epoch costs.

    Attributes:
        held_out: what the held-out choice comes to; its ``actions`` are those of first futures.
        best_on_average: what the choice in the very futures that judge comes to.
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
        self.held_out = self._evaluation(
            [
                [
                    (self._choice([*tables[:held], *tables[held + 1 :]]), [tables[held]])
                    for held in range(len(tables))
                ]
                for tables in self._states
            ]
        )
        self.best_on_average = self._evaluation(
            [[(self._choice(tables), tables)] for tables in self._states], self.oracle_s
        )
        self.hindsight_s = float(
            np.mean([table.optimum(rule).cost_s for tables in states for table in tables])
        )

    @property
    def exact(self) -> bool:
        """Every joint action was covered; what is left is that futures are few."""
        return True

    @property
    def oracle_s(self) -> float:
        """Mean cost of the held-out choice, seconds; ratios and regret refer to it."""
        return self.held_out.cost_s

    @property
    def best_on_average_s(self) -> float:
        """Mean cost of the best on average, seconds."""
        return self.best_on_average.cost_s

    def evaluate(self, policy: Policy) -> Evaluation:
        """Ask a policy for its action at every state, and look up what it costs in all futures."""
        judged: list[list[Judged]] = []
        for tables in self._states:
            observation = {name: block.copy() for name, block in tables[0].observation.items()}
            judged.append([(np.asarray(policy(observation), dtype=np.int32), tables)])
        return self._evaluation(judged, self.oracle_s)

    def _choice(self, tables: Sequence[OutcomeTable]) -> JointAction:
        """The joint action that is best on average over some futures."""
        return mean_table(tables).optimum(self._rule).action

    def _evaluation(
        self, states: Sequence[Sequence[Judged]], oracle_s: float | None = None
    ) -> Evaluation:
        """Means over states of the means over the futures in which their actions are judged; what
        has no ``oracle_s`` is the oracle itself."""
        costs, accuracies, responses, violated = [], [], [], []
        for judged in states:
            outcomes = [table.outcome(action) for action, tables in judged for table in tables]
            costs.append(np.mean([self._rule.cost_s(*outcome) for outcome in outcomes]))
            accuracies.append(np.mean([accuracy for _, accuracy in outcomes]))
            responses.append(np.mean([response_s for response_s, _ in outcomes]))
            violated.append(np.mean([not self._rule.accurate(a)[0] for _, a in outcomes]))
        cost_s = float(np.mean(costs))
        return Evaluation(
            cost_s=cost_s,
            oracle_s=cost_s if oracle_s is None else oracle_s,
            accuracy_percent=float(np.mean(accuracies)),
            violated=float(np.mean(violated)),
            costs_s=np.array(costs, dtype=np.float64),
            actions=np.array([judged[0][0] for judged in states]),
            response_s=float(np.mean(responses)),
        )
