# SPDX-License-Identifier: MIT
"""The two ways to judge the agent of a run: at states that the oracle solved, or by returns.

Both are `tandem.scripts.app.training.run.Evaluator`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tandem.agents.api import Learner
from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.convergence import SUSTAINED, TARGET_RATIO, Convergence
from tandem.agents.evaluation.judge import Judge
from tandem.agents.evaluation.returns import ReturnJudge
from tandem.agents.general.api import GeneralLearner
from tandem.scripts.app.training.evaluations import ReturnEvaluations
from tandem.scripts.app.training.return_rows import ReturnRow


@dataclass(frozen=True)
class EvaluationRow:
    """One evaluation of the greedy policy beside the oracle.

    Attributes:
        interaction: after how many.
        cost_s: mean cost over the evaluation states.
        oracle_s: mean cost of the best joint actions known there.
        ratio: one over the other.
        accuracy_percent: mean top-5 accuracy.
        violated: share of the states in which the accuracy threshold was missed.
        policy_version: of the learner (see `tandem.agents.api.AnyLearner`).
    """

    interaction: int
    cost_s: float
    oracle_s: float
    ratio: float
    accuracy_percent: float
    violated: float
    policy_version: int


class OracleEvaluator:
    """Judges a learner of inference scenarios at states that the oracle solved.

    Args:
        judge: knows the states.
        learner: is judged.

    Attributes:
        rows: one per evaluation, in order.
    """

    on_the_way = True

    def __init__(self, judge: Judge, learner: Learner) -> None:
        self.rows: list[EvaluationRow] = []
        self._judge = judge
        self._learner = learner

    @property
    def judged_at(self) -> int | None:
        """Interactions at the last evaluation."""
        return self.rows[-1].interaction if self.rows else None

    @property
    def convergence(self) -> Convergence:
        """Interactions until the greedy policy stayed near the oracle."""
        convergence = Convergence()
        for row in self.rows:
            convergence.add_ratio(row.interaction, row.ratio, row.policy_version)
        return convergence

    @property
    def facts(self) -> Mapping[str, object]:
        """When the policy had reached its aim, and what that is."""
        return {
            "target_ratio": TARGET_RATIO,
            "sustained_evaluations": SUSTAINED,
            "interactions_to_target": str(self.convergence.interactions),
        }

    def evaluate(self, interactions: int) -> EvaluationRow:
        """Judge the greedy policy."""
        result = self._judge.evaluate(self._learner.act)
        row = EvaluationRow(
            interaction=interactions,
            cost_s=result.cost_s,
            oracle_s=result.oracle_s,
            ratio=result.ratio,
            accuracy_percent=result.accuracy_percent,
            violated=result.violated,
            policy_version=self._learner.policy_version,
        )
        self.rows.append(row)
        return row

    def state(self) -> list[dict[str, Any]]:
        """All rows."""
        return [asdict(row) for row in self.rows]

    def load(self, rows: list[dict[str, Any]], every: int) -> None:
        """Take earlier rows over, but for one after the last interaction of a run that is now
        prolonged: it is not on the schedule."""
        earlier = [EvaluationRow(**row) for row in rows]
        self.rows = [row for row in earlier if row.interaction % every == 0]


class ReturnEvaluator:
    """Judges a learner of any scenario by the returns of whole episodes.

    Args:
        judge: plays the episodes, in an environment of its own.
        learner: is judged.
        seed: of the random actions that stand beside it.
    """

    facts: Mapping[str, object] = {}

    def __init__(self, judge: ReturnJudge, learner: GeneralLearner, seed: int) -> None:
        self._judge = judge
        self._learner = learner
        self._evaluations = ReturnEvaluations(judge, seed)

    @property
    def rows(self) -> list[ReturnRow]:
        """One per evaluation, in order."""
        return self._evaluations.rows

    @property
    def judged_at(self) -> int | None:
        """Interactions at the last evaluation."""
        return self.rows[-1].interaction if self.rows else None

    @property
    def on_the_way(self) -> bool:
        """Whether the agent learns."""
        return self._learner.learns

    @single_threaded
    def evaluate(self, interactions: int) -> ReturnRow:
        """Let the agent play the episodes."""
        player = self._learner.player_in(self._judge.tandem_env)
        return self._evaluations.add(interactions, player.act, player.begin_episode)

    def state(self) -> list[dict[str, Any]]:
        """All rows."""
        return self._evaluations.state()

    def load(self, rows: list[dict[str, Any]], every: int) -> None:
        """Take all earlier rows over."""
        self._evaluations.load(rows)
