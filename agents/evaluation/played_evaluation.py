# SPDX-License-Identifier: MIT
"""Evaluation where the oracle can only search: a policy's joint action is played in a branch.

With many users the cost of each joint action is not known beforehand. Where the search has run an
action's network pattern, its cost is looked up. Else the simulator is brought back to the state and
runs the joint action in a forked copy. Costs are compared with the best that the search found,
which need not be the optimum: a good policy may cost less.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tandem.agents.api import JointAction
from tandem.agents.evaluation.cache import SimulationKey
from tandem.agents.evaluation.judge import Evaluation, Optima, Policy, StateScore, answer
from tandem.agents.evaluation.oracle import Solution
from tandem.agents.evaluation.outcome_table import UnmeasuredPattern
from tandem.agents.evaluation.prober import THE_FUTURE, OracleError
from tandem.agents.evaluation.states import History, Walk
from tandem.agents.inference.cost import cost_rule_of
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder


@dataclass(frozen=True)
class FoundState:
    """A state, how to get there, and what is known about it."""

    history: History
    solution: Solution


class PlayedEvaluationSet:
    """States of an environment that only this set uses: evaluations move it.

    Args:
        env: its objective gives the cost.
        states: as `with_histories` gives them, in the order in which they were reached.
        futures: in which joint actions are played; costs are means over them. The search has to
            have met the same ones.
        notes: folder in which the scores of played joint actions are kept, for other evaluations
            and other processes; ``None``: each one is played again.

    Raises:
        OracleError: there are no states.
        PolicyError: the objective has no cost rule.
    """

    def __init__(
        self,
        env: TandemEnv,
        states: Sequence[FoundState],
        futures: Sequence[int] = THE_FUTURE,
        notes: Path | None = None,
    ) -> None:
        if not states:
            raise OracleError("an evaluation needs at least 1 state")
        self._walk = Walk(env)
        self._rule = cost_rule_of(env.objective, env.schema.meta)
        self.states = tuple(states)
        self._futures = tuple(futures)
        self._notes = notes
        self._key = SimulationKey.of(env)

    @property
    def exact(self) -> bool:
        """Whether the best known is the optimum at every state."""
        return all(state.solution.exact for state in self.states)

    @property
    def oracle_s(self) -> float:
        """Mean cost of the best joint actions found, seconds."""
        return float(np.mean([state.solution.best.cost_s for state in self.states]))

    @property
    def optima(self) -> Optima:
        """The best found: with hindsight if there is one future, else on average."""
        if self._futures == THE_FUTURE:
            return Optima(hindsight_s=self.oracle_s)
        return Optima(best_on_average_s=self.oracle_s)

    @property
    def lower_bound_s(self) -> float:
        """Mean lower bound on the cost of any joint action, seconds."""
        return float(np.mean([state.solution.lower_bound_s for state in self.states]))

    def evaluate(self, policy: Policy) -> Evaluation:
        """Score a policy's joint action at every state; may simulate, takes no interactions."""
        return Evaluation.of([self._score(policy, state) for state in self.states], self.oracle_s)

    def _score(self, policy: Policy, state: FoundState) -> StateScore:
        table = state.solution.table
        action = answer(policy, table.observation)
        try:
            return StateScore.of(action, [table.outcome(action)], self._rule)
        except UnmeasuredPattern:
            return self._noted(action, state.history)

    def _noted(self, action: JointAction, history: History) -> StateScore:
        """The score of a joint action that was played before, or is played now."""
        if self._notes is None:
            return self._play(action, history)
        request = f"{action.tolist()} under {self._rule} in futures {self._futures}"
        key = self._key.at(history, request)
        path = self._notes / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        try:
            known: dict[str, Any] = read_json(path)
            return StateScore(action, **known)
        except (OSError, ValueError, TypeError):
            score = self._play(action, history)
        self._notes.mkdir(parents=True, exist_ok=True)
        content = {
            "cost_s": score.cost_s,
            "accuracy_percent": score.accuracy_percent,
            "response_s": score.response_s,
            "violated": score.violated,
        }
        run_folder.write_json(path, content)
        return score

    def _play(self, action: JointAction, history: History) -> StateScore:
        self._walk.go_to(history)
        met = [self._walk.env.branch([action], future=future)[0] for future in self._futures]
        costs = [outcome.info["cost"] for outcome in met]
        accuracies = np.array([cost["mean_accuracy_percent"] for cost in costs])
        return StateScore(
            action=action,
            cost_s=-float(np.mean([outcome.reward for outcome in met])),
            accuracy_percent=float(accuracies.mean()),
            response_s=float(np.mean([cost["mean_response_time_s"] for cost in costs])),
            violated=float(not self._rule.accurate(accuracies)),
        )


def with_histories(walk: Walk, solutions: Iterable[Solution]) -> list[FoundState]:
    """Note where each solution was found, while `draw_states` walks on."""
    return [FoundState(walk.history, solution) for solution in solutions]
