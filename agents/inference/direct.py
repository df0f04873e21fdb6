# SPDX-License-Identifier: MIT
"""The model-free half: what response times really cost beyond what the model says.

The model predicts typical times, part by part. What a user pays in the long run is the mean, and
means hold what typical times do not: retransmission time-outs, losses, whatever the model has no
part for. This learner takes real response times as they are, bad ones included, and estimates how
far their mean lies above the model's prediction at each option. Like everything else that is
learned here it starts at 0 and moves only as far as its evidence goes.

Shapes: B cases, N users, M network options.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.settings import Positive, Settings
from tandem.agents.inference.model.effects import EffectPrior, Effects
from tandem.agents.inference.model.layout import NoiseSettings
from tandem.agents.inference.patterns import Patterns
from tandem.agents.inference.planning.view import ResponseView
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: Effects per option: a constant, and one that grows with the predicted time.
PER_OPTION: Final = 2


class DirectConfig(Settings):
    """What is believed about the model's remaining error."""

    use: bool = False
    """Correct plans by it. Off: at tuning states plans with it were never better on average."""
    constant_s: Positive = 0.05
    """Standard deviation of an option's constant error, seconds, at scale 1."""
    share: Positive = 0.3
    """Standard deviation of its error as a share of the predicted time, at scale 1."""
    scales: tuple[float, ...] = (0.02, 0.3, 1.0)
    """Factors on both …"""
    weights: tuple[float, ...] = (0.8, 0.15, 0.05)
    """… and the probability of each."""
    noise: NoiseSettings = NoiseSettings(sd=0.2, rows=8.0, least_sd=0.1)
    """Of a response time about its mean, seconds; not heavy-tailed, so that bad ones count."""
    largest_s: Positive = 1.0
    """An error counts as no more than this, seconds, lest one time-out decide for all."""


class DirectCorrection:
    """Learns the mean of response times less the model's predictions, by option."""

    def __init__(self, problem: JointProblem, config: DirectConfig) -> None:
        self._network = problem.network_options
        self._config = config
        options = len(self._network)
        self._effects = Effects(
            EffectPrior.of(
                np.repeat([config.constant_s, config.share], options),
                config.scales,
                config.weights,
                config.noise.noise,
            )
        )

    def learn(self, option: NDArray[np.integer], predicted_s: Array, response_s: Array) -> None:
        """Learn from R users whose requests ended.

        Args:
            option: what they chose, ``[R]``; users on their devices teach nothing. Nor does
                anybody where plans are not corrected.
            predicted_s: what the model said, seconds, ``[R]``.
            response_s: what it took, ``[R]``.
        """
        remote = np.isin(option, self._network)
        if not (self._config.use and remote.any()):
            return
        which = (option[remote, None] == self._network).astype(np.float64)
        rows = np.concatenate((which, which * predicted_s[remote, None]), axis=1)
        limit_s = self._config.largest_s
        error_s = np.clip(response_s[remote] - predicted_s[remote], -limit_s, limit_s)
        self._effects.learn(rows, error_s)

    def view(self, view: ResponseView) -> ResponseView:
        """The model's view, corrected."""
        if not self._config.use:
            return view
        constant_s, share = np.split(self._effects.mean, PER_OPTION)
        return CorrectedView(view, constant_s, share)

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed."""
        return self._effects.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._effects.load_state_dict(state)


class CorrectedView:
    """A view whose times at network options are changed; itself a `ResponseView`.

    Args:
        view: the model's.
        constant_s: what is added at each option, seconds, ``[M]``.
        share: by which share of itself a time grows there, ``[M]``.
    """

    def __init__(self, view: ResponseView, constant_s: Array, share: Array) -> None:
        self._view = view
        self._constant_s = constant_s
        self._factor = 1.0 + share
        self.device_s: Array = view.device_s

    def field_s(self, weights: Array) -> Array:
        return np.maximum(self._view.field_s(weights) * self._factor + self._constant_s, 0.0)

    def pattern_s(self, patterns: Patterns) -> Array:
        place = np.maximum(patterns - 1, 0)
        corrected = self._view.pattern_s(patterns) * self._factor[place] + self._constant_s[place]
        return np.where(patterns > 0, np.maximum(corrected, 0.0), 0.0)
