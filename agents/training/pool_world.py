# SPDX-License-Identifier: MIT
"""A world that replays what the simulator measured before: episodes of one decision, from a pool.

A pool holds packet-level states at which the oracle has run every network pattern, so that what
any joint action leaves behind is known to the last bit (`OutcomeTable.requests`). An episode starts
at one of these states, which its seed picks, and ends after one decision. Agents that need
thousands of interactions can then be trained in minutes; what is counted stays the same: one
interaction per decision.

What this leaves out: nothing carries over from one decision to the next, and training meets a
finite number of states again and again (others judge it). The observation after the decision
depends on the device variants and is not known. The state's own observation takes its place; since
the episode has terminated, learners do not use it.
"""

from __future__ import annotations

from tandem.agents.api import JointAction, Observation
from tandem.agents.evaluation.state_pool import StatePool
from tandem.agents.inference.objective import CostObjective, InferenceResult
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import TABLE
from tandem.agents.training.world import Feedback, RequestWorld
from tandem.bridge.core.objective import forget


class PoolWorld(RequestWorld):
    """A `tandem.agents.training.world.World` of a pool's states, each in its first future.

    Args:
        pool: complete states; measured in the future that comes, so that rows are known.
        objective: gives the reward.
    """

    def __init__(self, pool: StatePool, objective: CostObjective) -> None:
        self._schema = pool.schema
        self._objective = objective
        self._problem = JointProblem.from_schema(pool.schema, objective)
        self._tables = [state.tables[0] for state in pool.states]
        self._table = self._tables[0]

    @property
    def problem(self) -> JointProblem:
        """The problem that the objective poses."""
        return self._problem

    def reset(self, seed: int) -> Observation:
        """Go to the state that the seed picks."""
        self._table = self._tables[seed % len(self._tables)]
        forget(self._objective)
        return self._observation()

    def step(self, action: JointAction) -> Feedback:
        """Look up what the simulator does; the episode is over."""
        requests = self._table.requests(action)
        observation = self._observation()
        records = {TABLE: requests}
        result = InferenceResult(0, action, observation, records, self._schema, self._observation())
        return Feedback(observation, self._objective(result), True, False, result.records)

    def _observation(self) -> Observation:
        return {name: block.copy() for name, block in self._table.observation.items()}
