# SPDX-License-Identifier: MIT
"""Agents of any scenario by name, with a guide from a run's folder; and trained ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tandem.agents.common.errors import PolicyError
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.training.return_settings import (
    GeneralSettings,
    has_settings,
    read_settings,
)

if TYPE_CHECKING:
    from tandem.agents.general.api import GeneralLearner, Guide


def general_agent(
    env: TandemEnv, name: str, seed: int, given: Mapping[str, Any] | None = None
) -> GeneralLearner:
    """As `tandem.agents.general.kinds.make_general`; a guide is loaded from its run's folder."""
    from tandem.agents.general.kinds import make_general

    return make_general(env, name, seed, given, _guide)


def _guide(folder: str, env: TandemEnv) -> Guide:
    """The learned model of a training run of ``hybrid``.

    Raises:
        PolicyError: the folder holds no such run, or one on another scenario.
    """
    path = Path(folder)
    if not has_settings(path, GeneralSettings):
        raise PolicyError(
            f"guide: {folder} is no folder of a run in which `tandem train --agent hybrid` learned "
            "from rewards"
        )
    guide: Any = getattr(trained_general(path, env), "model", None)
    if not (hasattr(guide, "proposals") and hasattr(guide, "worth")):
        agent = read_settings(path, GeneralSettings).agent
        raise PolicyError(f"guide: {folder} trained {agent}, which has no model: train hybrid")
    return cast("Guide", guide)


def trained_general(folder: Path, env: TandemEnv) -> GeneralLearner:
    """The learner of a run on any scenario, as its last checkpoint left it.

    Raises:
        PolicyError: observations or actions are not as in that run.
    """
    from tandem.scripts.app.training.checkpoints import last_checkpoint, read_checkpoint

    own = read_settings(folder, GeneralSettings)
    training = read_checkpoint(last_checkpoint(folder))["training"]
    general = general_agent(env, own.agent, own.seed, own.agent_config)
    general.load_state_dict(training["learner"])
    return general
