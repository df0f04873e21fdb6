# SPDX-License-Identifier: MIT
"""Inference scenarios, as the bridge's core asks about them (`tandem.bridge.core.domain`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference import request_table
from tandem.agents.inference.objective import (
    OBJECTIVES,
    EpochCost,
    InferenceResult,
    PaperObjective,
)
from tandem.bridge.core.block import Column
from tandem.bridge.core.objective import Objective

_COST: Final = (
    Column("timeouts", "", "those of them that timed out"),
    Column(
        "mean_response_time_s",
        "s",
        "mean response time of the requests that ended, and of those open for longer",
    ),
    Column("max_response_time_s", "s", "their longest response time"),
    Column("mean_accuracy_percent", "%", "their mean top-5 accuracy; 0 for a time-out"),
    Column("open", "", "requests that were open when the episode ended"),
)


class InferenceDomain:
    """Scenarios whose users issue inference requests: those that publish `request_table`."""

    summary_key: Final = "cost"
    result_type: Final = InferenceResult
    objectives: Final[Mapping[str, Objective[InferenceResult]]] = OBJECTIVES
    default_objective: Final[Objective[InferenceResult]] = PaperObjective()
    decision_columns: Final = (Column("finished", "", "requests that ended"), *_COST)
    episode_columns: Final = (Column("requests", "", "requests that ended in it"), *_COST)

    summary_tables: Final = (request_table.TABLE,)
    label_keys: Final = ("users", "variants", "sites", "cells", "options", "paths")

    def matches(self, tables: Mapping[str, Collection[str]]) -> bool:
        """Whether the scenario's request table has every column that is needed."""
        return not request_table.missing_columns(tables.get(request_table.TABLE))

    def node_attributes(self, node: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
        """Of a user's node: ``user``, its number, and ``cell``, the name of its cell."""
        if node["kind"] != "user":
            return {}
        user = int(node["name"].rpartition("-")[2])
        return {"user": user, "cell": meta["cells"][meta["user_cells"][user]]["name"]}

    def decision_summary(self, records: Mapping[str, NDArray[np.void]]) -> dict[str, float | int]:
        """The fields of `EpochCost`."""
        return EpochCost.of(records[request_table.TABLE]).as_dict()

    def episode_summary(self, records: Mapping[str, NDArray[np.void]]) -> dict[str, float | int]:
        """The fields of `EpochCost` over the episode; the number of requests as ``requests``."""
        cost = self.decision_summary(records)
        return {"requests": cost.pop("finished"), **cost}

    def agent_rewards(
        self, records: Mapping[str, NDArray[np.void]], agents: int
    ) -> NDArray[np.float64]:
        """Minus the mean response time (s) of each user's requests; 0 where none finished.

        A request that is open when the episode ends counts as it does in objectives.
        """
        requests = records[request_table.TABLE]
        rewards = np.zeros(agents)
        for user in range(agents):
            own = requests[requests["user"] == user]
            charged_s = own["response_time_s"][request_table.counted(own)]
            if len(charged_s):
                rewards[user] = -float(charged_s.mean())
        return rewards


INFERENCE: Final = InferenceDomain()
