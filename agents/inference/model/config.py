# SPDX-License-Identifier: MIT
"""Settings of the system model, each with a sentence that says what it does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tandem.agents.common.settings import NotNegative, Positive, Settings, Share
from tandem.agents.inference.model.calibration_config import CalibrationConfig


class PriorConfig(Settings):
    """The analytic estimate of response times that the learned model corrects."""

    wifi_efficiency: Positive = 0.85
    """Share of the PHY rate that TCP payload gets on an idle WiFi channel (no unit)."""
    lte_efficiency: Positive = 0.7
    """Share of the rate of an LTE transmission that TCP payload gets (no unit)."""
    wifi_access_rtt_s: NotNegative = 0.002
    """Round trip over an idle WiFi channel, seconds."""
    lte_access_rtt_s: NotNegative = 0.025
    """Round trip over an idle LTE cell, scheduling request and grant included, seconds."""
    unknown_rate_bps: Positive = 20e6
    """PHY rate assumed while neither the user nor anybody in its cell has sent, bit/s."""
    segment_bytes: Positive = 1400.0
    """Payload of a TCP segment, by which a window grows per round trip beyond its threshold."""
    contention_share: Share = 0.7
    """Share of the time that the others' uploads take on the air by which they delay a user's. Less
    than 1, since their senders wait for their windows in between; found at tuning states."""
    least_free_share: Share = 0.2
    """Background load is never taken to leave less than this share of a resource (no unit)."""


class ModelConfig(Settings):
    """The system model: a base, corrected by experience."""

    base: Literal["physics", "pretrained", "nothing"] = "physics"
    """What it starts from: hand-written physics, networks that were trained on other scenarios, or
    a constant."""
    networks: str = ""
    """base=pretrained: file of `tandem pretrain`; empty: the one that the package ships."""

    calibration: CalibrationConfig = CalibrationConfig()
    """How the base is corrected."""
    use_structure: bool = True
    """See the loads that the others put on cells and sites (ablation when false)."""
    fixed_columns: dict[str, float] = Field(default_factory=dict)
    """Values that stand in for columns of the users' observation (ablation: the model is blind).
    ``*`` in a name stands for any characters: "*_rtt_s" is the round-trip time to every site."""
