# SPDX-License-Identifier: MIT
"""How far ahead a learned model is right, measured on decisions that it has not been fitted to.

Before each fit the model plays the decisions since the last one by itself: from each of them on
with the actions that were played, over one, two, … decisions. What it says of the rewards is
compared with what came. The share of their variance that is left unexplained tells how far ahead
plans and imagined episodes can go.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tandem.agents.general.hybrid_config import AccuracyConfig
from tandem.agents.general.model.world_model import Array, WorldModel


class Accuracy:
    """The unexplained share of the rewards' variance, by distance.

    Args:
        model: that is measured.
        config: settings.
        longest: distance up to which it is measured, decisions.
    """

    def __init__(self, model: WorldModel, config: AccuracyConfig, longest: int) -> None:
        self._model = model
        self._config = config
        self._error = np.zeros(longest)
        self._spread = np.zeros(longest)

    @property
    def unexplained(self) -> Array:
        """By distance, 1, 2, …; NaN where nothing was measured, ``[longest]``."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self._spread > 0.0, self._error / self._spread, np.nan)

    @property
    def length(self) -> int:
        """Up to this distance the model is right enough; 1 at least."""
        wrong = ~(self.unexplained <= self._config.limit)
        return max(1, int(np.argmax(wrong)) if wrong.any() else len(wrong))

    def measure(self, fresh: int) -> None:
        """Measure on the last ``fresh`` transitions in memory."""
        columns = {name: values[-fresh:] for name, values in self._model.memory.columns.items()}
        count = len(columns["reward"])
        self._error *= self._config.forget
        self._spread *= self._config.forget
        mean = self._model.memory.columns["reward"].mean()
        starts = np.arange(count)
        states = self._model.spread(self._model.standardised(columns["state"]))
        for distance in range(len(self._error)):
            ends = starts + distance
            # The sequence stays within what is there, and within its episode.
            within = ends < count
            if distance:
                within &= ~np.append(columns["begins"], True)[np.minimum(ends, count)].astype(bool)
            states = states[:, np.flatnonzero(within)]
            starts, ends = starts[within], ends[within]
            if not len(starts):
                return
            states, rewards, _ = self._model.predict(states, columns["codes"][ends])
            met = columns["reward"][ends]
            self._error[distance] += ((np.asarray(rewards.mean(0)) - met) ** 2).sum()
            self._spread[distance] += ((met - mean) ** 2).sum()

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {"error": self._error.copy(), "spread": self._spread.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._error = np.array(state["error"])
        self._spread = np.array(state["spread"])
