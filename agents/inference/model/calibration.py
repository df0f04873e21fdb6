# SPDX-License-Identifier: MIT
"""How far the system model can be trusted: errors per component, coverage of its intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.inference.model.prior import COMPONENTS
from tandem.agents.inference.system_model import SystemModel
from tandem.agents.training.replay import Epoch

#: Standard deviations on either side that hold 90 % of a normal distribution.
NINETY_PERCENT: Final = 1.6449
LEAST_S: Final = 1e-9


@dataclass(frozen=True)
class Calibration:
    """Predictions against what the simulator then did, over the users who offloaded.

    Attributes:
        count: predictions compared.
        rmse_s: root mean squared error of the response time, seconds.
        bias_s: mean of prediction - truth, seconds.
        log_error: mean absolute error of the logarithm (0.1: about 10 %).
        coverage90: share of truths inside the predicted 90 % interval.
        component_rmse_s: root mean squared error of each component, seconds, by name.
    """

    count: int
    rmse_s: float
    bias_s: float
    log_error: float
    coverage90: float
    component_rmse_s: dict[str, float]


def calibrate(model: SystemModel, epochs: Iterable[Epoch]) -> Calibration:
    """Compare predictions with epochs that the model has not been trained on.

    Raises:
        ValueError: nobody offloads in any of the epochs.
    """
    predicted, true, inside, errors = [], [], [], []
    for epoch in epochs:
        who = np.isin(epoch.action, model.problem.network_options) & epoch.answered
        if not who.any():
            continue
        prediction = model.predict(epoch.observation, epoch.action[None])
        mean_s = prediction.response_s.mean(axis=0)[0, who]
        # Within the members and between them.
        variance = prediction.variance_s2.mean(axis=0) + prediction.response_s.var(axis=0)
        low_s, high_s = interval90_s(mean_s, variance[0, who])
        response_s = epoch.response_s[who]
        predicted.append(mean_s)
        true.append(response_s)
        inside.append((low_s <= response_s) & (response_s <= high_s))
        components = prediction.components_s.mean(axis=0)[0, who]
        errors.append((components - epoch.components_s[who]) ** 2)
    if not predicted:
        raise ValueError("nobody offloads in these epochs, so there is nothing to compare")
    mean_s, truth_s = np.concatenate(predicted), np.concatenate(true)
    ratio = np.maximum(mean_s, LEAST_S) / np.maximum(truth_s, LEAST_S)
    squared = np.concatenate(errors).mean(axis=0)
    return Calibration(
        count=len(mean_s),
        rmse_s=float(np.sqrt(((mean_s - truth_s) ** 2).mean())),
        bias_s=float((mean_s - truth_s).mean()),
        log_error=float(np.abs(np.log(ratio)).mean()),
        coverage90=float(np.concatenate(inside).mean()),
        component_rmse_s={
            name: float(np.sqrt(value)) for name, value in zip(COMPONENTS, squared, strict=True)
        },
    )


def interval90_s(
    mean_s: NDArray[np.float64], variance_s2: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The central 90 % of log-normal times with these means and variances, seconds."""
    spread2 = np.log1p(variance_s2 / np.maximum(mean_s, LEAST_S) ** 2)
    median_s = mean_s * np.exp(-spread2 / 2.0)
    reach = np.exp(NINETY_PERCENT * np.sqrt(spread2))
    return median_s / reach, median_s * reach
