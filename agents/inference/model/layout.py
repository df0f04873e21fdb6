# SPDX-License-Identifier: MIT
"""Which effects act on which (user, option) pair: rows of zeros and ones for `Effects`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.settings import NotNegative, Positive, Settings
from tandem.agents.inference.model.effects import EffectPrior, Noise

Array = NDArray[np.float64]


class EffectSettings(Settings):
    """A group of effects with the same prior."""

    sd: Positive
    """Standard deviation before any row was seen, at scale 1."""
    widening: NotNegative = 0.0
    """Standard deviation that is added when the system has changed."""
    drift: NotNegative = 0.0
    """Standard deviation by which it may change from one interaction to the next, at scale 1."""
    scaled: bool = True
    """Whether the scales apply to it."""
    per_episode: bool = False
    """Whether it starts again with each episode."""


class NoiseSettings(Settings):
    """Noise of the rows of a component, as `tandem.agents.inference.model.effects.Noise` says."""

    sd: Positive
    rows: Positive
    least_sd: Positive
    heavy: bool = False

    @property
    def noise(self) -> Noise:
        """As the filter takes it."""
        return Noise(self.sd, self.rows, self.least_sd, self.heavy)


class ComponentSettings(Settings):
    """Effects on one component of response times."""

    effects: dict[str, EffectSettings]
    """By what they belong to: ``all``, ``option``, ``site``, ``cell``, ``user``, ``visit`` (a user
    in this episode) and ``visit_option`` (a user at an option in this episode)."""
    numbers: EffectSettings = EffectSettings(sd=0.3, scaled=False)
    """Effects of each number that the base gives with an estimate, if it gives any."""
    scales: tuple[float, ...] = (1.0,)
    """Factors on the standard deviations of scaled effects …"""
    weights: tuple[float, ...] = (1.0,)
    """… and the probability of each."""
    noise: NoiseSettings


@dataclass(frozen=True)
class EffectLayout:
    """Effects of one component over N users and X options.

    The last effects belong to numbers that come with each estimate; the others are told by who
    takes which option.

    Attributes:
        rows: the row of each user at each option, without the numbers that come, ``[N, X, D]``.
        prior: of the effects, those of the numbers that come last.
    """

    rows: Array
    prior: EffectPrior

    @classmethod
    def of(
        cls,
        settings: ComponentSettings,
        groups: dict[str, NDArray[np.intp]],
        numbers: int = 0,
    ) -> EffectLayout:
        """Lay out effects.

        Args:
            settings: of the component.
            groups: for each group of effects, which one acts on each pair, ``[N, X]``.
            numbers: how many numbers come with each estimate.
        """
        blocks, sd, widening, drift, scaled, per_episode = [], [], [], [], [], []
        counts = []
        for name, effect in settings.effects.items():
            index = groups[name]
            counts.append((effect, int(index.max(initial=-1)) + 1))
            blocks.append(np.eye(counts[-1][1])[index])
        counts.append((settings.numbers, numbers))
        for effect, count in counts:
            sd += [effect.sd] * count
            widening += [effect.widening] * count
            drift += [effect.drift] * count
            scaled += [effect.scaled] * count
            per_episode += [effect.per_episode] * count
        prior = EffectPrior.of(
            sd,
            settings.scales,
            settings.weights,
            settings.noise.noise,
            scaled=scaled,
            widening=widening,
            drift=drift,
            per_episode=per_episode,
        )
        return cls(np.concatenate(blocks, axis=-1), prior)
