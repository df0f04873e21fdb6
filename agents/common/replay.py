# SPDX-License-Identifier: MIT
"""The memory of learners that learn from batches of earlier transitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from tandem.agents.api import Observation, Transition


class ReplayBuffer:
    """A ring of the last ``capacity`` transitions, drawn from uniformly.

    Experience replay: Lin, "Self-improving reactive agents based on reinforcement learning,
    planning and teaching", Machine Learning 8, 1992.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, at least 1 transition is needed")
        self._capacity = capacity
        self._kept: list[Transition] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Transition]:
        """Oldest first."""
        yield from self._kept[self._next :]
        yield from self._kept[: self._next]

    def add(self, transition: Transition) -> None:
        """Keep a transition; the oldest one goes when the buffer is full."""
        if len(self._kept) < self._capacity:
            self._kept.append(transition)
            return
        self._kept[self._next] = transition
        self._next = (self._next + 1) % self._capacity

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._next = 0

    def sample(self, count: int, rng: np.random.Generator) -> list[Transition]:
        """Draw ``count`` transitions with replacement.

        Raises:
            ValueError: the buffer is empty.
        """
        if not self._kept:
            raise ValueError("an empty buffer has no transitions to draw: add one first")
        # Counted from the oldest, so that draws do not depend on where the ring begins.
        drawn = self._next + rng.integers(len(self._kept), size=count)
        return [self._kept[i % len(self._kept)] for i in drawn]

    def state_dict(self) -> dict[str, Any]:
        """Everything, as plain arrays by name (for a checkpoint)."""
        kept = list(self)
        state: dict[str, Any] = {"capacity": self._capacity, "length": len(kept)}
        if not kept:
            return state
        for field in fields(Transition):
            values = [getattr(transition, field.name) for transition in kept]
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
                Transition(
                    observation=blocks("observation", i),
                    action=np.array(state["action"][i]),
                    components_s=np.array(state["components_s"][i]),
                    answered=np.array(state["answered"][i]),
                    upload_bytes=np.array(state["upload_bytes"][i]),
                    cost_s=float(state["cost_s"][i]),
                    next_observation=blocks("next_observation", i),
                    ended=bool(state["ended"][i]),
                )
            )
