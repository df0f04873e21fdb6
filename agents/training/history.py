# SPDX-License-Identifier: MIT
"""What is noted of each decision of a training: rows, and the columns of tables made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple, Protocol

import numpy as np


class Place(NamedTuple):
    """Where in a training a decision was.

    Attributes:
        interaction: interactions so far, this decision and its branches included.
        episode: number of the episode, from 0.
    """

    interaction: int
    episode: int


class Row(Protocol):
    """What is noted of one decision."""

    @property
    def interaction(self) -> int:
        """Interactions so far."""
        ...

    def values(self) -> dict[str, Any]:
        """Values by the name of their column; the same names in each row of a training."""
        ...


@dataclass(frozen=True)
class HistoryRow:
    """One decision for inference requests.

    Attributes:
        interaction: from 1.
        episode: number of the episode, from 0.
        source: who chose the joint action (see `tandem.agents.api.Decision`).
        cost_s: negative reward.
        accuracy_percent: mean top-5 accuracy of the epoch's answers.
        timeouts: requests that timed out.
        predicted_s: mean response time that the agent's model predicted; NaN without a model.
        model_error: mean absolute error of log response times of offloaders; NaN without any.
        validation_loss: of the model's last fit; NaN before the first one.
        stale: whether the model was found stale.
    """

    interaction: int
    episode: int
    source: str
    cost_s: float
    accuracy_percent: float
    timeouts: int
    predicted_s: float
    model_error: float
    validation_loss: float
    stale: bool

    def values(self) -> dict[str, Any]:
        """Its fields."""
        return {name: getattr(self, name) for name in _types(HistoryRow)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> HistoryRow:
        """The inverse of `values`."""
        return cls(**values)


@dataclass(frozen=True)
class DecisionRow:
    """One decision in a scenario of any kind.

    Attributes:
        interaction: interactions so far, this decision and its branches included.
        episode: number of the episode, from 0.
        source: what in the agent chose the action.
        reward: of the decision.
        predicted: reward that the agent expected; NaN without a prediction.
        branch_epochs: epochs of branches simulated to choose it.
        figures: the learner's own numbers by name; a column each.
    """

    interaction: int
    episode: int
    source: str
    reward: float
    predicted: float
    branch_epochs: int
    figures: Mapping[str, float] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Its fields, then the learner's figures."""
        names = [name for name in _types(DecisionRow) if name != _FIGURES]
        return {**{name: getattr(self, name) for name in names}, **self.figures}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> DecisionRow:
        """The inverse of `values`."""
        own = {name: value for name, value in values.items() if name in _types(DecisionRow)}
        figures = {name: value for name, value in values.items() if name not in own}
        return cls(**own, figures=figures)


_FIGURES: Final = "figures"
#: Element types of columns, by the annotation of a row's field.
_DTYPE: Final[Mapping[str, type[np.generic]]] = {
    "int": np.int64,
    "float": np.float64,
    "bool": np.bool_,
}


def history_columns(history: Sequence[Row]) -> dict[str, Any]:
    """Columns of a history by name: arrays, and lists for text columns."""
    if not history:
        return {}
    values = [row.values() for row in history]
    types = _types(type(history[0]))
    return {name: _column([row[name] for row in values], types.get(name)) for name in values[0]}


def history_values(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The inverse of `history_columns`: values by name for each row."""
    plain = [
        column.tolist() if isinstance(column, np.ndarray) else list(column)
        for column in columns.values()
    ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]


def _column(values: list[Any], annotation: str | None) -> Any:
    """A learner's figures, which have no field of their own, are real numbers."""
    return values if annotation == "str" else np.array(values, _DTYPE[annotation or "float"])


def _types(row: type[Any]) -> dict[str, str]:
    return {field.name: str(field.type) for field in fields(row)}
