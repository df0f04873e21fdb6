# SPDX-License-Identifier: MIT
"""Settings of the parts of a learned model; they can be read without PyTorch."""

from __future__ import annotations

from tandem.agents.common.settings import (
    Count,
    NotNegative,
    Positive,
    Settings,
    Share,
)
from tandem.agents.general.sequences import CrossEntropyConfig


class WorldModelConfig(Settings):
    """The ensemble and how it is fitted."""

    members: Count = 5
    """Networks."""
    hidden: Count = 64
    """Width of their layers."""
    learning_rate: Positive = 2e-3
    """Step size of AdamW."""
    weight_decay: NotNegative = 1e-4
    """Of AdamW."""
    batch: Count = 128
    """Transitions per gradient step."""
    fit_every: Count = 20
    """Decisions between two fits."""
    fit_steps: Count = 120
    """Gradient steps of a fit."""
    capacity: Count = 20_000
    """Transitions kept."""
    variance_weight: Share = 0.5
    """How much a prediction's own variance weighs its error: 1 is the Gaussian likelihood, 0 the
    squared error (beta-NLL: Seitzer et al., ICLR 2022)."""


class AccuracyConfig(Settings):
    """When a model is right enough."""

    limit: Positive = 0.8
    """Most unexplained share of the variance at a distance to plan so far; 1 is as wrong as always
    to say the mean. One decision ahead is always planned."""
    forget: Share = 0.7
    """What earlier measurements count, compared with those of one fit later."""


class PlanningConfig(Settings):
    """Planning in the model."""

    horizon: Count = 3
    """Decisions planned at most; fewer while the model is wrong that far ahead."""
    budget: Count = 200
    """Sequences rated per decision."""
    cross_entropy: CrossEntropyConfig = CrossEntropyConfig()


class TrustConfig(Settings):
    """How far plans trust values: as far as these foretold what came."""

    measured: bool = True
    """Otherwise values count in full from the start."""
    tested_share: Share = 0.5
    """Share of the episodes of training in which plans trust values in full, to see what comes."""
    decisions: Count = 6
    """Decisions after an action whose rewards are compared with what its value promised; fewer
    than lie between two fits."""
    others: Count = 32
    """Random actions that a played one is compared with."""
    remember: Share = 0.95
    """What earlier comparisons count, compared with those of one fit later."""
    least: Positive = 20.0
    """Comparisons that must count before values do."""
    caution: NotNegative = 1.0
    """Standard errors by which values are trusted less than the comparisons say."""


class ModelFreeConfig(Settings):
    """What the model-free half learns from, and how much."""

    use: bool = True
    """Whether plans end with its values; needs Stable-Baselines3."""
    updates: Count = 100
    """Gradient steps after each fit of the model."""
    batch: Count = 128
    """Transitions per gradient step."""
    imagined_share: Share = 0.7
    """Share of them that is imagined."""
    starts: Count = 200
    """Imagined episodes after each fit, each from a real state."""
    capacity: Count = 20_000
    """Imagined transitions kept."""
    random_share: Share = 0.3
    """Share of imagined actions at random."""
    learning_rate: Positive = 1e-3
    """Step size of Adam."""
    target_rate: Share = 0.02
    """How fast target networks follow, per gradient step."""
    trust: TrustConfig = TrustConfig()
