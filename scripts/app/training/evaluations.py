# SPDX-License-Identifier: MIT
"""Evaluations of a run by the returns of whole episodes, beside random actions in the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from tandem.agents.evaluation.returns import Act, ReturnJudge, random_policy
from tandem.scripts.app.training.return_rows import ReturnRow


class ReturnEvaluations:
    """All evaluations of a run so far.

    Args:
        judge: plays the episodes.
        seed: of the random actions, which are judged once.

    Attributes:
        rows: one per evaluation, in order.
    """

    def __init__(self, judge: ReturnJudge, seed: int) -> None:
        self.rows: list[ReturnRow] = []
        self._judge = judge
        self._seed = seed

    def add(
        self, interaction: int, act: Act, begin: Callable[[int], None] | None = None
    ) -> ReturnRow:
        """Evaluate a policy after so many interactions; ``begin`` as for `ReturnJudge.judge`."""
        random_return = self._random_return()
        found = self._judge.judge(act, begin=begin)
        row = ReturnRow(
            interaction=interaction,
            episodes=len(found.seeds),
            return_mean=found.mean,
            return_sd=found.sd,
            reward_mean=found.reward,
            random_return=random_return,
        )
        self.rows.append(row)
        return row

    def state(self) -> list[dict[str, Any]]:
        """The rows, for checkpoints and tables."""
        return [asdict(row) for row in self.rows]

    def load(self, rows: Sequence[dict[str, Any]]) -> None:
        """The inverse of `state`."""
        self.rows = [ReturnRow(**row) for row in rows]

    def _random_return(self) -> float:
        if self.rows:
            return self.rows[-1].random_return
        chance = random_policy(self._judge.env.action_space, self._seed)
        return self._judge.judge(chance).mean
