# SPDX-License-Identifier: MIT
"""What the network trains on: a row per request that was served away from its user's device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.components import DOWNLINK, UPLINK, WAIT
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.features import FeatureMap
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.problem import JointProblem
from tandem.agents.pretraining.play import BLOCKS
from tandem.bridge.core.schema import Schema

Array = NDArray[np.float64]
#: Requests that took more than this share of the time-out teach nothing.
LARGEST_SHARE: Final = 0.95


@dataclass(frozen=True)
class Rows:
    """Rows of one scenario or of several; R of them, F features.

    Attributes:
        features: ``[R, F]``.
        seconds: uplink, wait and downlink, ``[R, 3]``.
        scenario: number of each row's scenario, ``[R]``.
    """

    features: Array
    seconds: Array
    scenario: NDArray[np.intp]

    def of(self, chosen: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return Rows(self.features[chosen], self.seconds[chosen], self.scenario[chosen])


def read_rows(paths: Sequence[Path]) -> Rows:
    """Read what `tandem.agents.pretraining.play.Playing` wrote; scenarios count from 0."""
    parts = [_read(path) for path in paths]
    return Rows(
        np.concatenate([features for features, _ in parts]),
        np.concatenate([seconds for _, seconds in parts]),
        np.repeat(np.arange(len(parts)), [len(features) for features, _ in parts]),
    )


def _read(path: Path) -> tuple[Array, Array]:
    with np.load(path, allow_pickle=False) as file:
        content = {name: file[name] for name in file.files}
    schema = Schema.parse(str(content["schema"]))
    problem = JointProblem.from_schema(schema, PaperObjective("min"))
    features, facts = FeatureMap(problem), Facts.of(problem.options)
    network = problem.network_options
    # Of a request that was given up it is not known how long each component would have taken.
    in_time = content["components_s"].sum(axis=2) < LARGEST_SHARE * problem.timeout_s
    known = content["answered"] & in_time
    rows, seconds = [], []
    for decision, action in enumerate(content["action"]):
        view = features.at({name: content[name][decision] for name in BLOCKS}, facts)
        chosen = action[:, None] == network
        inputs = view.rows(chosen.astype(np.float64)[None])[0]
        chosen = chosen & known[decision][:, None]
        user, option = np.nonzero(chosen)
        rows.append(inputs[user, option])
        seconds.append(content["components_s"][decision][user][:, [UPLINK, WAIT, DOWNLINK]])
    return np.concatenate(rows), np.concatenate(seconds)
