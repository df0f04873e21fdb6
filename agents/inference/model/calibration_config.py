# SPDX-License-Identifier: MIT
"""Settings of the calibration: how wrong each part of the prior may be, and how noisy rows are.

Standard deviations are of logarithms: 0.7 is a factor of 2. Found on tuning states of wifi-edge
(see docs/training.md), which no result is judged by.
"""

from __future__ import annotations

from pydantic import Field

from tandem.agents.common.settings import NotNegative, Positive, Settings, Share
from tandem.agents.inference.model.layout import ComponentSettings, EffectSettings, NoiseSettings


def _device() -> ComponentSettings:
    return ComponentSettings(
        effects={
            "all": EffectSettings(sd=0.3, widening=0.5, scaled=False),
            "option": EffectSettings(sd=0.7, widening=0.15),
            "user": EffectSettings(sd=0.1, widening=0.1, scaled=False),
        },
        scales=(0.03, 0.15, 0.5, 1.0, 1.8),
        weights=(0.2, 0.2, 0.2, 0.25, 0.15),
        noise=NoiseSettings(sd=0.1, rows=1.0, least_sd=0.02),
    )


def _table(common: str, option_widening: float) -> ComponentSettings:
    """For a column of the option table: right, or off by any factor, in common or per option."""
    return ComponentSettings(
        effects={
            common: EffectSettings(sd=0.5, widening=0.5),
            "option": EffectSettings(sd=0.5, widening=option_widening),
        },
        scales=(0.05, 1.0, 2.0),
        weights=(0.4, 0.4, 0.2),
        noise=NoiseSettings(sd=0.1, rows=1.0, least_sd=0.02),
    )


def _air(option_sd: float, all_sd: float, least_noise_sd: float) -> ComponentSettings:
    return ComponentSettings(
        effects={
            "all": EffectSettings(sd=all_sd, widening=0.5, drift=0.03),
            "option": EffectSettings(sd=option_sd, widening=0.3, drift=0.02),
            "cell": EffectSettings(sd=0.15, widening=0.2, drift=0.02),
            "user": EffectSettings(sd=0.03, scaled=False),
            "visit": EffectSettings(sd=0.25, scaled=False, per_episode=True),
            "visit_option": EffectSettings(sd=0.25, scaled=False, per_episode=True),
        },
        scales=(0.05, 0.25, 1.0, 3.0),
        weights=(0.6, 0.25, 0.12, 0.03),
        noise=NoiseSettings(sd=0.35, rows=8.0, least_sd=least_noise_sd, heavy=True),
    )


class WaitSettings(Settings):
    """The wait at a site: ``a·backlog + b·others' jobs + c·recent excess + d``, seconds."""

    mean: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 0.0)
    """Coefficients before any request was seen."""
    sd: tuple[float, float, float, float] = (0.3, 0.3, 0.8, 0.03)
    """Their standard deviations at scale 1."""
    widening: tuple[float, float, float, float] = (0.2, 0.2, 0.3, 0.1)
    """What is added to them when the system has changed."""
    drift: tuple[float, float, float, float] = (0.01, 0.01, 0.02, 0.002)
    """By how much they may change from one interaction to the next, at scale 1."""
    scales: tuple[float, ...] = (0.05, 0.25, 1.0)
    """Factors on these …"""
    weights: tuple[float, ...] = (0.5, 0.25, 0.25)
    """… and the probability of each."""
    noise: NoiseSettings = NoiseSettings(sd=0.06, rows=8.0, least_sd=0.03, heavy=True)
    """Of a wait, seconds."""
    largest: Positive = 2.0
    """Coefficients are cut to the range from 0 to this: a quiet episode must not teach that a
    backlog makes a site faster."""
    memory: Share = 0.9
    """Share of a site's recent excess that is left a decision later."""
    excess_noise: NotNegative = 0.1
    """Variance of what one decision tells about the excess, in units of the excess's own."""


class CalibrationConfig(Settings):
    """How the prior is corrected by experience."""

    device: ComponentSettings = Field(default_factory=_device)
    """Service times on the devices."""
    service: ComponentSettings = Field(default_factory=lambda: _table("site", 0.15))
    """Service times at the sites."""
    sizes: ComponentSettings = Field(default_factory=lambda: _table("all", 0.2))
    """Sizes of requests."""
    uplink: ComponentSettings = Field(default_factory=lambda: _air(0.25, 0.4, 0.1))
    """Time until an upload has arrived."""
    downlink: ComponentSettings = Field(default_factory=lambda: _air(0.3, 0.3, 0.25))
    """Time until a result has come back."""
    wait: WaitSettings = WaitSettings()
    """Wait at the sites."""


def _guessed() -> ComponentSettings:
    return ComponentSettings(
        effects={
            "all": EffectSettings(sd=1.0, widening=0.5, drift=0.03),
            "option": EffectSettings(sd=0.5, widening=0.3, drift=0.02),
            "cell": EffectSettings(sd=0.3, widening=0.2, drift=0.02),
            "user": EffectSettings(sd=0.1),
            "visit": EffectSettings(sd=0.25, per_episode=True),
        },
        numbers=EffectSettings(sd=0.1, widening=0.05),
        noise=NoiseSettings(sd=0.4, rows=4.0, least_sd=0.05, heavy=True),
    )


def transferred() -> CalibrationConfig:
    """Settings for networks that were trained on other scenarios.

    Each standardised input of the uplink's network may weigh a little more or less than it did
    there. What is special to a user's visit is then less than about a base that sees less.
    """
    usual = CalibrationConfig()
    effects = {
        name: effect.model_copy(update={"sd": 0.1}) if effect.per_episode else effect
        for name, effect in usual.uplink.effects.items()
    }
    numbers = EffectSettings(sd=0.03, scaled=False)
    uplink = usual.uplink.model_copy(update={"effects": effects, "numbers": numbers})
    return usual.model_copy(update={"uplink": uplink})


def nothing_known() -> CalibrationConfig:
    """Settings for a base that is a mere guess: whatever experience says is likely."""
    return CalibrationConfig(
        uplink=_guessed(),
        downlink=_guessed(),
        wait=WaitSettings(
            mean=(0.0, 0.0, 0.0, 0.0), sd=(1.0, 1.0, 0.8, 0.05), scales=(1.0,), weights=(1.0,)
        ),
    )
