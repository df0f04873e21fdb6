# SPDX-License-Identifier: MIT
"""Memories of epochs; real and imagined ones are kept in buffers of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation
from tandem.agents.inference.model.prior import COMPONENT_COLUMNS, COMPONENTS
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Epoch:
    """One decision and what came of it; N users.

    Attributes:
        observation, next_observation: blocks before and after.
        action: the joint action, ``[N]``.
        components_s: response-time components of each user, seconds, ``[N, 4]``.
        answered: whether a request of the user ended in the epoch, ``[N]``.
        cost_s: negative reward.
        ended: whether the episode terminated (a truncated one goes on in principle).
    """

    observation: Observation
    action: JointAction
    components_s: Array
    answered: NDArray[np.bool_]
    cost_s: float
    next_observation: Observation
    ended: bool

    @property
    def response_s(self) -> Array:
        """Response time of each user, seconds, ``[N]``; 0 where nothing ended."""
        return np.asarray(self.components_s.sum(axis=1))


def read_components(
    problem: JointProblem, action: JointAction, requests: NDArray[np.void]
) -> tuple[Array, NDArray[np.bool_]]:
    """Mean components of each user's requests that ran under the option it chose.

    Requests that an earlier decision sent elsewhere and that end only now teach nothing about
    this one, so they are left out.

    Returns:
        Seconds ``[N, 4]`` and whether there was any such request ``[N]``.
    """
    sums = np.zeros((problem.users, len(COMPONENTS)))
    user = requests["user"]
    valid = requests["option"] == np.asarray(action)[user]
    user = user[valid]
    counts = np.bincount(user, minlength=problem.users)
    for index, columns in enumerate(COMPONENT_COLUMNS.values()):
        for column in columns:
            sums[:, index] += np.bincount(user, requests[column][valid], problem.users)
    return sums / np.maximum(counts, 1)[:, None], counts > 0


class EpochBuffer:
    """A ring of the last ``capacity`` epochs, drawn from uniformly."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, at least 1 epoch is needed")
        self._capacity = capacity
        self._epochs: list[Epoch] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._epochs)

    def __iter__(self) -> Iterator[Epoch]:
        """Oldest first."""
        yield from self._epochs[self._next :]
        yield from self._epochs[: self._next]

    def add(self, epoch: Epoch) -> None:
        """Keep an epoch; the oldest one goes when the buffer is full."""
        if len(self._epochs) < self._capacity:
            self._epochs.append(epoch)
            return
        self._epochs[self._next] = epoch
        self._next = (self._next + 1) % self._capacity

    def clear(self) -> None:
        """Forget everything."""
        self._epochs.clear()
        self._next = 0

    def sample(self, count: int, rng: np.random.Generator) -> list[Epoch]:
        """Draw ``count`` epochs with replacement.

        Raises:
            ValueError: the buffer is empty.
        """
        if not self._epochs:
            raise ValueError("an empty buffer has no epochs to draw: add one first")
        # Counted from the oldest, so that draws do not depend on where the ring begins.
        drawn = self._next + rng.integers(len(self._epochs), size=count)
        return [self._epochs[i % len(self._epochs)] for i in drawn]

    def state_dict(self) -> dict[str, Any]:
        """Everything, as plain arrays by name (for a checkpoint)."""
        epochs = list(self)
        state: dict[str, Any] = {"capacity": self._capacity, "length": len(epochs)}
        if not epochs:
            return state
        for field in fields(Epoch):
            values = [getattr(epoch, field.name) for epoch in epochs]
            if isinstance(values[0], dict):
                for block in values[0]:
                    state[f"{field.name}.{block}"] = np.stack([v[block] for v in values])
            else:
                state[field.name] = np.stack([np.asarray(value) for value in values])
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.clear()
        self._capacity = int(state["capacity"])

        def blocks(name: str, index: int) -> Observation:
            prefix = f"{name}."
            return {
                key.removeprefix(prefix): np.array(values[index])
                for key, values in state.items()
                if key.startswith(prefix)
            }

        for i in range(int(state["length"])):
            self.add(
                Epoch(
                    observation=blocks("observation", i),
                    action=np.array(state["action"][i]),
                    components_s=np.array(state["components_s"][i]),
                    answered=np.array(state["answered"][i]),
                    cost_s=float(state["cost_s"][i]),
                    next_observation=blocks("next_observation", i),
                    ended=bool(state["ended"][i]),
                )
            )
