# SPDX-License-Identifier: MIT
"""Evaluation where the oracle can only search: a policy's joint action is played in a branch.

With many users nobody knows what each joint action costs, so the simulator is asked: it is brought
to each state again and runs the policy's joint action in a forked copy. Costs are compared with
the best that the search found, which is no optimum: a good policy may come out below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tandem.agents.evaluation.judge import Evaluation, Policy
from tandem.agents.evaluation.oracle import Solution
from tandem.agents.evaluation.prober import THE_FUTURE, OracleError
from tandem.agents.evaluation.states import History, Walk
from tandem.agents.inference.objective import ACCURACY_TOLERANCE_PERCENT, PaperObjective
from tandem.bridge.core.env import TandemEnv


@dataclass(frozen=True)
class FoundState:
    """A state, how to get there, and what is known about it."""

    history: History
    solution: Solution


class PlayedEvaluationSet:
    """States of an environment that is this set's alone: evaluations move it.

    Args:
        env: its objective says what costs.
        states: as `with_histories` gives them, in the order in which they were reached.
        futures: in which joint actions are played; costs are means over them.

    Raises:
        OracleError: there are no states, or the objective is not the paper's.
    """

    def __init__(
        self, env: TandemEnv, states: Sequence[FoundState], futures: Sequence[int] = THE_FUTURE
    ) -> None:
        if not states:
            raise OracleError("an evaluation needs at least 1 state")
        if not isinstance(env.objective, PaperObjective):
            raise OracleError(f"policies are judged by PaperObjective, not by {env.objective!r}")
        self._walk = Walk(env)
        self._threshold = env.objective.threshold_percent(env.schema.meta)
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
        """Mean of what no joint action can cost less than, seconds."""
        return float(np.mean([state.solution.lower_bound_s for state in self.states]))

    def evaluate(self, policy: Policy) -> Evaluation:
        """Play a policy's joint action at every state; takes simulation, but no interactions."""
        costs, actions, accuracies, responses, violated = [], [], [], [], 0
        for state in self.states:
            self._go_to(state.history)
            observation = {name: block.copy() for name, block in self._walk.observation.items()}
            action = np.asarray(policy(observation), dtype=np.int32)
            met = [self._walk.env.branch([action], future=future)[0] for future in self._futures]
            told = [outcome.info["cost"] for outcome in met]
            costs.append(-float(np.mean([outcome.reward for outcome in met])))
            actions.append(action)
            accuracies.append(float(np.mean([cost["mean_accuracy_percent"] for cost in told])))
            responses.append(float(np.mean([cost["mean_response_time_s"] for cost in told])))
            violated += accuracies[-1] < self._threshold - ACCURACY_TOLERANCE_PERCENT
        return Evaluation(
            cost_s=float(np.mean(costs)),
            oracle_s=self.oracle_s,
            accuracy_percent=float(np.mean(accuracies)),
            violated=violated / len(costs),
            costs_s=np.array(costs),
            actions=np.array(actions),
            response_s=float(np.mean(responses)),
        )

    def _go_to(self, history: History) -> None:
        """Bring the environment there, on the way it already is if that leads there."""
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
