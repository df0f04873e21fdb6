# SPDX-License-Identifier: MIT
"""Training data of the system model: one row per user and decision, in arrays that grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
FIRST_CAPACITY: Final = 256


@dataclass(frozen=True)
class RowBatch:
    """Rows of one decision; R rows, F features, C components, X values of the next state.

    Attributes:
        features: ``[R, F]``.
        target: what the network should say per component, ``[R, C]``.
        weight: 0 where a component does not exist for the row's option, ``[R, C]``.
        change: change of the user's encoded state, ``[R, X]``.
    """

    features: Array
    target: Array
    weight: Array
    change: Array


class TrainingRows:
    """Rows in the order of arrival, with the share of each that every member sees.

    Resamples are drawn as rows arrive: how often a member sees a decision is a Poisson number of
    mean 1 (Oza and Russell, "Online Bagging and Boosting", AISTATS 2001).

    Args:
        members: networks in the ensemble; each sees its own bootstrap resample of decisions.
        held_out_share: share of decisions that no member trains on.
        rng: draws resamples and held-out decisions; shared with the owner.
    """

    def __init__(self, members: int, held_out_share: float, rng: np.random.Generator) -> None:
        self._members = members
        self._held_out_share = held_out_share
        self._rng = rng
        self._arrays: dict[str, NDArray[Any]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The filled part of an array: ``features``, ``target``, ``weight``, ``change``,
        ``share`` (``[R, E]``, how much each member sees of a row), ``recent`` (``[R]``, false
        for rows from before a change of the system)."""
        return self._arrays[name][: self._length]

    def add(self, batch: RowBatch) -> None:
        """Append one decision's rows; all of them share a resample."""
        rows = len(batch.features)
        share = self._rng.poisson(1.0, self._members).astype(np.float32)
        if self._rng.random() < self._held_out_share:
            share[:] = 0.0
        values: dict[str, NDArray[Any]] = {
            "features": batch.features,
            "target": batch.target,
            "weight": batch.weight,
            "change": batch.change,
            "share": np.broadcast_to(share, (rows, self._members)),
            "recent": np.ones(rows, dtype=np.bool_),
        }
        for name, value in values.items():
            self._reserve(name, value, rows)
            self._arrays[name][self._length : self._length + rows] = value
        self._length += rows

    def fade(self, keep_rows: int, factor: float) -> None:
        """Fade all but the last ``keep_rows`` rows by ``factor``; they judge no member then."""
        old = max(self._length - keep_rows, 0)
        if old:
            self._arrays["share"][:old] *= np.float32(factor)
            self._arrays["recent"][:old] = False

    def unseen(self) -> NDArray[np.bool_]:
        """Recent rows that a member did not train on, ``[R, E]``."""
        return np.asarray((self["share"] == 0.0) & self["recent"][:, None])

    def draw(self, steps: int, batch: int) -> NDArray[np.intp]:
        """Row indices per step and member, ``[steps, E, batch]``, in proportion to ``share``."""
        share = self["share"].astype(np.float64)
        # A member whose resample is empty so far sees every row instead.
        share[:, share.sum(axis=0) == 0.0] = 1.0
        cumulative = np.cumsum(share, axis=0)
        uniform = self._rng.random((steps, self._members, batch))
        index = np.empty(uniform.shape, dtype=np.intp)
        for member in range(self._members):
            edges = cumulative[:, member]
            index[:, member] = np.searchsorted(edges, uniform[:, member] * edges[-1], side="right")
        return np.minimum(index, self._length - 1)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the generator, as arrays."""
        return {name: np.array(self[name]) for name in self._arrays}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._arrays = {name: np.array(value) for name, value in state.items()}
        self._length = len(next(iter(self._arrays.values()))) if self._arrays else 0

    def _reserve(self, name: str, value: NDArray[Any], rows: int) -> None:
        array = self._arrays.get(name)
        needed = self._length + rows
        if array is not None and needed <= len(array):
            return
        grown = np.zeros((max(FIRST_CAPACITY, 2 * needed), *value.shape[1:]), dtype=value.dtype)
        if array is not None:
            grown[: self._length] = array[: self._length]
        self._arrays[name] = grown
