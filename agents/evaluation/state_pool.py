# SPDX-License-Identifier: MIT
"""States that the oracle measured, kept by name: how each was reached and where its tables are.

A file lists the states of one episode. The measurements themselves stay in the oracle's cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.agents.api import Agent
from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.futures import known_judge
from tandem.agents.evaluation.judge import Judge
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.prober import Advance, OracleError
from tandem.agents.evaluation.states import History, Walk
from tandem.agents.inference.objective import CostObjective
from tandem.agents.inference.options import OptionTable
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder

FORMAT: Final = "tandem-states"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True)
class PooledState:
    """A state with what was measured there.

    Attributes:
        history: how it was reached.
        tables: one per future; a single one of means where the oracle only searched.
    """

    history: History
    tables: tuple[OutcomeTable, ...]


@dataclass(frozen=True)
class StatePool:
    """Measured states of one scenario.

    Attributes:
        schema: of the scenario.
        states: in the order in which they were reached.
    """

    schema: Schema
    states: tuple[PooledState, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every network pattern was run at every state."""
        return all(table.is_complete for state in self.states for table in state.tables)

    def judge(self, objective: CostObjective) -> Judge:
        """The states under an objective, with their optima.

        With one future the reference is the optimum in hindsight; with more, the held-out optimum
        (see `tandem.agents.evaluation.futures`).

        Raises:
            OracleError: a state was only searched.
        """
        rule = objective.cost_rule(self.schema.meta)
        return known_judge([state.tables for state in self.states], rule)


@dataclass(frozen=True)
class MeasuredState:
    """A state and the names of its tables.

    Attributes:
        history: how it was reached.
        keys: of its tables in the oracle's cache.
    """

    history: History
    keys: tuple[str, ...]


def measure_episode(
    walk: Walk,
    oracle: Oracle,
    behaviour: Agent,
    seed: int,
    count: int,
    stride: int,
    advance: Advance | None = None,
) -> list[MeasuredState]:
    """Measure some states of an episode, as far as the oracle's cache lacks them.

    The behaviour alone decides where the episode goes, so that the states serve every objective.

    Args:
        walk: over the environment of the oracle.
        oracle: measures; it has a cache.
        behaviour: plays.
        seed: of the episode.
        count: how many states.
        stride: decisions before the first state and from one to the next.
        advance: progress in branches.

    Raises:
        OracleError: the episode is too short.
    """
    found: list[MeasuredState] = []
    walk.reset(seed)
    behaviour.begin_episode(seed)
    for decision in range(1, count * stride + 1):
        walk.step(behaviour.act(walk.observation))
        if walk.over:
            raise OracleError(
                f"the episode of seed {seed} ended after {decision} decisions: give the "
                f"scenario more epochs than {count * stride}"
            )
        if decision % stride == 0:
            oracle.table(walk, advance)
            found.append(MeasuredState(walk.history, oracle.keys(walk)))
    return found


def save_states(path: Path, schema_text: str, states: Sequence[MeasuredState]) -> None:
    """Write which states there are; their tables stay in the oracle's cache."""
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "schema": schema_text,
        "states": [
            {
                "seed": state.history.seed,
                "actions": state.history.actions,
                "keys": state.keys,
            }
            for state in states
        ],
    }
    run_folder.write_json(path, content)


def state_files(path: Path, cache: OracleCache) -> tuple[Path, ...]:
    """A file of states and the files of their tables, as far as they are there."""
    try:
        states = read_json(path)["states"]
    except (OSError, ValueError, KeyError):
        return ()
    return path, *(cache.path(key) for state in states for key in state["keys"])


def load_states(path: Path, cache: OracleCache) -> StatePool | None:
    """The states of a file, or ``None`` where it or one of its tables is missing."""
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return None
    if content.get("version") != FORMAT_VERSION:
        return None
    schema = Schema.parse(content["schema"])
    options = OptionTable.from_meta(schema.meta)
    states: list[PooledState] = []
    for one in content["states"]:
        tables = [cache.get(key, options) for key in one["keys"]]
        known = tuple(table for table in tables if table is not None)
        if len(known) < len(tables):
            return None
        actions = tuple(tuple(int(option) for option in action) for action in one["actions"])
        states.append(PooledState(History(int(one["seed"]), actions), known))
    return StatePool(schema, tuple(states))
