# SPDX-License-Identifier: MIT
"""Scenarios whose participants each get a share of a network.

Each has a record table with a row per participant (station, flow, UE) and decision. A utility says
what a row is worth; the reward is the mean over the rows. With the logarithm of a throughput as
utility this is proportional fairness: a share that is doubled counts the same whoever gets it, and
nobody is left with nothing.

Proportional fairness: Kelly, "Charging and rate control for elastic traffic", European
Transactions on Telecommunications 8(1), 1997.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.block import Column
from tandem.bridge.core.objective import EpochResult, Objective

#: Rows of a record table → what each is worth, ``[rows]``.
Utility: TypeAlias = Callable[[NDArray[np.void]], NDArray[np.float64]]
#: Throughputs are counted in this unit: a utility of 0 is 1 Mbit/s.
UNIT_BPS: Final = 1e6
#: A participant that got less counts as if it had got this much: the logarithm of 0 has no value.
FLOOR_BPS: Final = 1e5

_SUMMARY: Final = (
    Column("utility", "", "mean utility of the participants; of a share of 1 Mbit/s: 0"),
    Column("equivalent_bps", "bit/s", "share that, if all had it, would be worth as much"),
)


def log_share(throughput_bps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm of throughputs in Mbit/s, not less than that of `FLOOR_BPS`."""
    return np.asarray(np.log(np.maximum(throughput_bps, FLOOR_BPS) / UNIT_BPS))


def fair_share(rows: NDArray[np.void]) -> NDArray[np.float64]:
    """Utility of each row's throughput, ``[rows]``: proportional fairness as their mean."""
    return log_share(rows["throughput_bps"])


def equivalent_bps(utility: float) -> float:
    """The share (bit/s) that has this utility: what a mean utility is in familiar terms."""
    return float(UNIT_BPS * np.exp(utility))


@dataclass(frozen=True)
class MeanUtility:
    """The mean utility of a decision's rows as the reward.

    Attributes:
        table: name of the record table.
        utility: what its rows are worth.
    """

    table: str
    utility: Utility

    def __call__(self, result: EpochResult) -> float:
        """The reward; 0 where an episode ended before there was a row."""
        return _mean(self.utility, result.records[self.table])


@dataclass(frozen=True)
class NetworkDomain:
    """What the core asks about such a scenario (`tandem.bridge.core.domain`).

    Attributes:
        table: name of the record table.
        participant: its column that says which agent a row belongs to.
        columns: its columns that the utility reads.
        name: of the objective.
        utility: what a row is worth.
    """

    table: str
    participant: str
    columns: tuple[str, ...]
    name: str
    utility: Utility

    summary_key = "network"
    result_type = EpochResult
    decision_columns = _SUMMARY
    episode_columns = _SUMMARY
    label_keys: tuple[str, ...] = ()

    @property
    def default_objective(self) -> Objective[EpochResult]:
        """`MeanUtility`."""
        return MeanUtility(self.table, self.utility)

    @property
    def objectives(self) -> Mapping[str, Objective[EpochResult]]:
        """The default one by its name."""
        return {self.name: self.default_objective}

    @property
    def summary_tables(self) -> tuple[str, ...]:
        """The record table."""
        return (self.table,)

    def matches(self, tables: Mapping[str, Collection[str]]) -> bool:
        """Whether the table has every column that is needed."""
        return {self.participant, *self.columns} <= set(tables.get(self.table, ()))

    def node_attributes(self, node: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is known of nodes."""
        return {}

    def decision_summary(self, records: Mapping[str, NDArray[np.void]]) -> dict[str, float | int]:
        """Mean utility, and the share that is worth as much."""
        utility = _mean(self.utility, records[self.table])
        return {"utility": utility, "equivalent_bps": equivalent_bps(utility)}

    def episode_summary(self, records: Mapping[str, NDArray[np.void]]) -> dict[str, float | int]:
        """The same over an episode."""
        return self.decision_summary(records)

    def agent_rewards(
        self, records: Mapping[str, NDArray[np.void]], agents: int
    ) -> NDArray[np.float64]:
        """Mean utility of each agent's own rows, ``[agents]``; 0 where it has none."""
        rows = records[self.table]
        own = [rows[rows[self.participant] == agent] for agent in range(agents)]
        return np.array([_mean(self.utility, part) for part in own])


def _mean(utility: Utility, rows: NDArray[np.void]) -> float:
    return float(utility(rows).mean()) if len(rows) else 0.0
