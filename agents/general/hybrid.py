# SPDX-License-Identifier: MIT
"""Settings of the hybrid agent in any scenario; they can be read without PyTorch.

The agent is `tandem.agents.hybrid.HybridAgent`; here it plans in `tandem.agents.general.learned`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationInfo, field_validator

from tandem.agents.common.settings import Count, Discount, Settings, Share
from tandem.agents.general.api import Declared
from tandem.agents.general.hybrid_config import (
    AccuracyConfig,
    ModelFreeConfig,
    PlanningConfig,
    WorldModelConfig,
)
from tandem.bridge.core.packages import require

if TYPE_CHECKING:
    from tandem.agents.general.learned import LearnedModel


class HybridConfig(Settings):
    """Model, planning, and when to explore."""

    discount: Discount = 0.9
    """What a reward counts, compared with that of the decision before."""
    warmup: Count = 40
    """Decisions at random before the first plan."""
    hold: Count = 2
    """Most decisions over which a random action is held."""
    thompson_share: Share = 0.5
    """Share of decisions planned for one member of the ensemble alone."""
    random_share: Share = 0.03
    """Share of decisions at random."""
    model: WorldModelConfig = WorldModelConfig()
    accuracy: AccuracyConfig = AccuracyConfig()
    planning: PlanningConfig = PlanningConfig()
    model_free: ModelFreeConfig = ModelFreeConfig()

    @field_validator("model_free")
    @classmethod
    def _whole_between_fits(cls, half: ModelFreeConfig, info: ValidationInfo) -> ModelFreeConfig:
        model, trust = info.data.get("model"), half.trust
        if half.use and trust.measured and model and trust.decisions >= model.fit_every:
            raise ValueError(
                f"trust.decisions is {trust.decisions} and model.fit_every {model.fit_every}: what "
                "values promise is compared with so many decisions before each fit, so it takes "
                "fewer of them, or trust.measured: false"
            )
        return half

    def model_in(self, env: Declared, seed: int, name: str) -> LearnedModel:
        """The model, not yet learned.

        Raises:
            UnfitActions: the actions have no bounds.
            MissingPackage: PyTorch or what the values need is not installed.
        """
        require("torch", f"agent {name}")
        # PyTorch takes seconds to import.
        from tandem.agents.general.learned import LearnedModel

        return LearnedModel(env, self, seed, name)
