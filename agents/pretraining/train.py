# SPDX-License-Identifier: MIT
"""The networks of the pre-trained base, from played scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.model.loads import LOADS
from tandem.agents.inference.model.network_file import Pretrained
from tandem.agents.inference.model.pretrained import WAIT_UNIT_S, wait_inputs
from tandem.agents.pretraining.fit import FitSettings, Fitted, Loss, fit, mean_loss, median_loss
from tandem.agents.pretraining.rows import Rows

Array = NDArray[np.float64]
#: Shorter times count as this when their logarithm is taken, seconds.
LEAST_S: Final = 1e-4


@dataclass(frozen=True)
class TrainingResult:
    """What training made.

    Attributes:
        networks: to save.
        errors: of each component, the loss of each member on scenarios that it did not see.
        steps: at which each member was best.
    """

    networks: Pretrained
    errors: dict[str, list[float]] = field(default_factory=dict)
    steps: dict[str, list[int]] = field(default_factory=dict)


def train(rows: Rows, settings: FitSettings, seed: int) -> TrainingResult:
    """Train a network for each part of a response time that the network decides."""
    uplink_s, wait_s, downlink_s = (np.maximum(part, 0.0)[:, None] for part in rows.seconds.T)
    fixed, loads = rows.features[:, : -len(LOADS)], rows.features[:, -len(LOADS) :]
    draws = np.random.SeedSequence(seed).generate_state(3)

    def fitted(number: int, inputs: Array, target: Array, loss: Loss) -> Fitted:
        return fit(inputs, target, rows.scenario, loss, settings, int(draws[number]))

    uplink = fitted(0, rows.features, np.log(np.maximum(uplink_s, LEAST_S)), median_loss)
    downlink = fitted(1, fixed, np.log(np.maximum(downlink_s, LEAST_S)), median_loss)
    expected_s = np.exp(uplink.network(rows.features)[:, 0])
    seen = np.concatenate((fixed, wait_inputs(loads, expected_s)), axis=1)
    wait = fitted(2, seen, wait_s / WAIT_UNIT_S, mean_loss)
    parts = {"uplink": uplink, "wait": wait, "downlink": downlink}
    return TrainingResult(
        Pretrained(uplink.network, wait.network, downlink.network),
        {name: part.error for name, part in parts.items()},
        {name: part.steps for name, part in parts.items()},
    )
