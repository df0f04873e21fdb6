# SPDX-License-Identifier: MIT
"""Evaluation where the oracle can only search: a policy's joint action is played in a branch.

With many users the cost of each joint action is not known beforehand. So the simulator is brought
back to each state and runs the policy's joint action in a forked copy. Costs are compared with the
best that the search found, which need not be the optimum: a good policy may cost less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tandem.agents.evaluation.judge import Evaluation, Policy, StateScore, answer
from tandem.agents.evaluation.oracle import Solution
from tandem.agents.evaluation.prober import THE_FUTURE, OracleError
from tandem.agents.evaluation.states import History, Walk
from tandem.agents.inference.cost import cost_rule_of
from tandem.bridge.core.env import TandemEnv


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
        futures: in which joint actions are played; costs are means over them.

    Raises:
        OracleError: there are no states.
        PolicyError: the objective has no cost rule.
    """

    def __init__(
        self, env: TandemEnv, states: Sequence[FoundState], futures: Sequence[int] = THE_FUTURE
    ) -> None:
        if not states:
            raise OracleError("an evaluation needs at least 1 state")
        self._walk = Walk(env)
        self._rule = cost_rule_of(env.objective, env.schema.meta)
        self.states = tuple(states)
        self._futures = tuple(futures)

    @property
    def exact(self) -> bool:
        """Whether the best known is the optimum at every state."""
        return all(state.solution.exact for state in self.states)

    @property
    def oracle_s(self) -> float:
        """Mean cost of the best joint actions found, seconds."""
        return float(np.mean([state.solution.best.cost_s for state in self.states]))

    @property
    def lower_bound_s(self) -> float:
        """Mean lower bound on the cost of any joint action, seconds."""
        return float(np.mean([state.solution.lower_bound_s for state in self.states]))

    def evaluate(self, policy: Policy) -> Evaluation:
        """Play a policy's joint action at every state; takes simulation, but no interactions."""
        return Evaluation.of([self._play(policy, state) for state in self.states], self.oracle_s)

    def _play(self, policy: Policy, state: FoundState) -> StateScore:
        self._go_to(state.history)
        action = answer(policy, self._walk.observation)
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

    def _go_to(self, history: History) -> None:
        """Bring the environment to a state, from where it stands if that is on the way."""
        here = self._walk.history
        played = len(here.actions)
        if self._walk.over or here.seed != history.seed or here.actions != history.actions[:played]:
            self._walk.reset(history.seed)
            played = 0
        for action in history.actions[played:]:
            self._walk.step(np.array(action, dtype=np.int32))


def with_histories(walk: Walk, solutions: Iterable[Solution]) -> list[FoundState]:
    """Note where each solution was found, while `draw_states` walks on."""
    return [FoundState(walk.history, solution) for solution in solutions]
