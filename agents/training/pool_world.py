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

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.agents.api import Agent, JointAction, Observation
from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.futures import known_judge
from tandem.agents.evaluation.judge import Judge, StateDraw
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import Advance, OracleError
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import CostObjective, InferenceResult
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import TABLE
from tandem.agents.training.world import Feedback
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.objective import forget
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder

FORMAT: Final = "tandem-pool"
FORMAT_VERSION: Final = 2


@dataclass(frozen=True)
class Pool:
    """States with known outcomes, and the scenario that they are of.

    Attributes:
        schema: of the scenario.
        training: the states that episodes start from.
        evaluation: states of other episodes, by which policies are judged; each in one future or
            more.
    """

    schema: Schema
    training: Sequence[OutcomeTable]
    evaluation: Sequence[Sequence[OutcomeTable]]

    def problem(self, objective: CostObjective) -> JointProblem:
        """The problem that an objective poses at these states."""
        return JointProblem.from_schema(self.schema, objective)

    def judge(self, objective: CostObjective) -> Judge:
        """The evaluation states under an objective, with their optima.

        With one future the reference is the optimum in hindsight; with more, the held-out optimum
        (see `tandem.agents.evaluation.futures`).
        """
        return known_judge(self.evaluation, objective.cost_rule(self.schema.meta))


class PoolWorld:
    """A `tandem.agents.training.world.World` of a pool's training states, under an objective."""

    def __init__(self, pool: Pool, objective: CostObjective) -> None:
        self._pool = pool
        self._objective = objective
        self._problem = pool.problem(objective)
        self._table = pool.training[0]

    @property
    def problem(self) -> JointProblem:
        """The problem that the objective poses."""
        return self._problem

    def reset(self, seed: int) -> Observation:
        """Go to the state that the seed picks."""
        self._table = self._pool.training[seed % len(self._pool.training)]
        forget(self._objective)
        return self._observation()

    def step(self, action: JointAction) -> Feedback:
        """Look up what the simulator does; the episode is over."""
        requests = self._table.requests(action)
        observation = self._observation()
        records = {TABLE: requests}
        schema = self._pool.schema
        result = InferenceResult(0, action, observation, records, schema, self._observation())
        return Feedback(observation, self._objective(result), True, False, result.records)

    def _observation(self) -> Observation:
        return {name: block.copy() for name, block in self._table.observation.items()}


def pool_keys(
    walk: Walk,
    oracle: Oracle,
    behaviour: Agent,
    draw: StateDraw,
    advance: Advance | None = None,
) -> list[str]:
    """Measure a pool's states into the oracle's cache and return their keys there.

    Like `tandem.agents.evaluation.judge.draw_states`, but the behaviour alone decides where
    episodes go, so that one pool serves every accuracy threshold.

    Raises:
        OracleError: too many users for exact outcomes, or episodes too short for the draw.
    """
    if not oracle.is_exhaustive:
        raise OracleError("a pool needs few enough users to run every network pattern")
    keys: list[str] = []
    seed = draw.first_seed
    while len(keys) < draw.count:
        walk.reset(seed)
        behaviour.begin_episode(seed)
        for decision in range(1, draw.per_episode * draw.stride + 1):
            walk.step(behaviour.act(walk.observation))
            if walk.over:
                raise OracleError(
                    f"the episode of seed {seed} ended after {decision} decisions: give the "
                    f"scenario more epochs than {draw.per_episode * draw.stride}"
                )
            if decision % draw.stride == 0 and len(keys) < draw.count:
                oracle.table(walk, advance)
                keys.extend(oracle.keys(walk))
        seed += 1
    return keys


def save_pool(
    path: Path, schema_text: str, training: list[str], evaluation: list[list[str]]
) -> None:
    """Write which states a pool is made of; their tables stay in the oracle's cache.

    Args:
        path: the file.
        schema_text: of the scenario.
        training: key of each training state.
        evaluation: keys of each evaluation state, one per future.
    """
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "schema": schema_text,
        "training": training,
        "evaluation": evaluation,
    }
    run_folder.write_json(path, content)


def load_pool(path: Path, cache: OracleCache) -> Pool | None:
    """The pool of a file, or ``None`` where it or one of its tables is missing."""
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return None
    if content.get("version") != FORMAT_VERSION:
        return None
    schema = Schema.parse(content["schema"])
    options = OptionTable.from_meta(schema.meta)

    def tables(keys: Sequence[str]) -> list[OutcomeTable]:
        found = [cache.get(key, options) for key in keys]
        return [table for table in found if table is not None]

    training = tables(content["training"])
    evaluation = [tables(keys) for keys in content["evaluation"]]
    complete = len(training) == len(content["training"]) and all(
        len(mine) == len(keys) for mine, keys in zip(evaluation, content["evaluation"], strict=True)
    )
    return Pool(schema, training, evaluation) if complete else None
