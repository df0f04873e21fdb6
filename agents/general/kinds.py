# SPDX-License-Identifier: MIT
"""The agents of any scenario, by the name that the command line uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tandem.agents.common.errors import PolicyError
from tandem.agents.common.settings import Settings, merged_settings
from tandem.agents.general.api import GeneralLearner, Guide, Step
from tandem.agents.general.hybrid import HybridConfig
from tandem.agents.general.hybrid_config import ModelFreeConfig
from tandem.agents.general.search import SearchAgent, SearchConfig
from tandem.agents.hybrid import HybridAgent
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.packages import require

Make: TypeAlias = Callable[[TandemEnv, Any, int, str], GeneralLearner]
#: Loads the guide that a run's folder holds.
GuideOf: TypeAlias = Callable[[str, TandemEnv], Guide]


@dataclass(frozen=True)
class GeneralKind:
    """An agent that can be made.

    Attributes:
        make: takes environment, config, seed and name.
        default: its settings unless others are given.
        needs: package that it imports, of `tandem.bridge.core.packages`.
    """

    make: Make
    default: Settings
    needs: str | None = None


KINDS: Final[Mapping[str, GeneralKind]] = {
    # Plans in a learned model of what the schema declares; values from Stable-Baselines3.
    "hybrid": GeneralKind(HybridAgent[Step], HybridConfig(), "torch"),
    # The same without values: what it learns is the model alone.
    "hybrid-no-values": GeneralKind(
        HybridAgent[Step], HybridConfig(model_free=ModelFreeConfig(use=False)), "torch"
    ),
    # Tries sequences of actions in branches of the running simulation.
    "search": GeneralKind(SearchAgent, SearchConfig()),
}


def general_config(name: str, given: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a kind, some replaced.

    Raises:
        PolicyError: unknown name, field, or impossible value.
        MissingPackage: the package that such an agent needs is not installed.
    """
    if name not in KINDS:
        raise PolicyError(f"agent {name!r} is none for any scenario: one of {', '.join(KINDS)}")
    needed = KINDS[name].needs
    if needed is not None:
        require(needed, f"agent {name}")
    return merged_settings(name, KINDS[name].default, given or {})


def no_runs(folder: str, env: TandemEnv) -> Guide:
    """Where runs cannot be loaded.

    Raises:
        PolicyError: always.
    """
    raise PolicyError(
        f"guide: {folder} is loaded by tandem's commands only; in Python give `SearchAgent` the "
        "model of a trained agent: SearchAgent(env, SearchConfig(), seed, guide=agent.model)"
    )


def make_general(
    env: TandemEnv,
    name: str,
    seed: int,
    given: Mapping[str, Any] | None = None,
    guide_of: GuideOf = no_runs,
) -> GeneralLearner:
    """The agent of that name, untrained.

    Args:
        env: in which it plays.
        name: of `KINDS`.
        seed: decides everything that it draws.
        given: settings that differ from the defaults, nested as in its config.
        guide_of: loads the guide of branch search.

    Raises:
        PolicyError: as `general_config`; or there is no such guide.
        UnfitActions: the scenario's actions do not fit.
    """
    config = general_config(name, given)
    if isinstance(config, SearchConfig) and config.guide is not None:
        return SearchAgent(env, config, seed, name, guide_of(config.guide, env))
    return KINDS[name].make(env, config, seed, name)
