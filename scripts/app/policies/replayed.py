# SPDX-License-Identifier: MIT
"""The actions of a recorded run, played once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tandem.agents.api import Observation
from tandem.agents.common.errors import PolicyError
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs.reader import load_run


class ReplayPolicy:
    """Plays the recorded episode of the same seed; without one, the next recorded episode.

    Args:
        folder: of the run.
        schema: of the scenario that plays them.

    Raises:
        RunFolderError: the folder holds no run.
        PolicyError: it has no actions of this scenario.
    """

    def __init__(self, folder: Path, schema: Schema) -> None:
        self.name = f"replay:{folder}"
        self._joint = schema.joint_action
        run = load_run(folder)
        columns = (
            ["action"]
            if self._joint.is_single
            else [f"action_{block.name}" for block in schema.actions]
        )
        decisions = run.decisions
        missing = [name for name in columns if name not in decisions.columns]
        if missing:
            raise PolicyError(
                f"{folder} has no column {missing[0]!r} in its decisions: it was recorded with "
                f"other actions than scenario {schema.scenario!r} has"
            )
        self._episodes = {
            number: _rows(decisions[decisions["episode"] == number], columns)
            for number in decisions["episode"].unique().tolist()
        }
        episodes = run.episodes
        self._by_seed = dict(
            zip(episodes["seed"].tolist(), episodes["episode"].tolist(), strict=True)
        )
        self._begun = 0
        self._left: list[Any] = []

    def begin_episode(self, seed: int) -> None:
        """Choose the recorded episode.

        Raises:
            PolicyError: there is none left.
        """
        number = self._by_seed.get(seed, self._begun)
        if number not in self._episodes:
            raise PolicyError(
                f"{self.name} has {len(self._episodes)} episodes, none of them with seed {seed}: "
                "ask for no more --episodes than were recorded"
            )
        self._begun += 1
        self._left = list(reversed(self._episodes[number]))

    def act(self, observation: Observation) -> Any:
        """The next recorded action.

        Raises:
            PolicyError: all have been played.
            InvalidAction: it is no action of this scenario.
        """
        if not self._left:
            raise PolicyError(
                f"{self.name}: the recorded episode is at its end; play as many --epochs as it has"
            )
        values = np.concatenate([np.ravel(part) for part in self._left.pop()])
        if self._joint.is_single and values.size == self._joint.size:
            values = values.reshape(self._joint.blocks[0].shape)
        return self._joint.given(self._joint.checked(values))


def _rows(part: pd.DataFrame, columns: list[str]) -> list[Any]:
    ordered = part.sort_values("decision")
    return list(zip(*(ordered[name] for name in columns), strict=True))
