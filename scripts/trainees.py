# SPDX-License-Identifier: MIT
"""Agents by the names that the training commands use, with their settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from tandem.agents.config import HybridConfig
from tandem.agents.fixed_learner import FixedLearner
from tandem.agents.heuristics import POLICIES, GreedyPolicy, make_policy
from tandem.agents.hybrid import HybridAgent
from tandem.agents.learner import Learner
from tandem.agents.options import PolicyError
from tandem.agents.problem import JointProblem
from tandem.bridge.schema import Schema

#: What replaces the hybrid agent's settings in its ablations.
_HYBRIDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "hybrid": {},
    "no-prior": {"model": {"use_prior": False}},
    "no-structure": {"model": {"use_structure": False}},
    "no-planning": {"use_planning": False},
}
NAMES: Final = (*_HYBRIDS, *POLICIES)


def agent_config(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of an agent, defaults included.

    Args:
        name: one of `NAMES`.
        given: settings that differ from the defaults, nested as in the agent's config.

    Raises:
        PolicyError: unknown name; unknown or impossible settings, by name.
    """
    _check(name)
    if name in POLICIES:
        if given:
            raise PolicyError(f"{name} has no settings: leave out --config")
        return {}
    return _parse(name, given).model_dump()


def read_config(path: Path) -> dict[str, Any]:
    """Settings from a YAML file.

    Raises:
        PolicyError: not a file of ``key: value`` lines.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyError(f"--config {path} cannot be read: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise PolicyError(f"--config {path} holds no settings: write lines such as `warmup: 8`")
    return content


def make_trainee(
    name: str, schema: Schema, problem: JointProblem, seed: int, config: Mapping[str, Any]
) -> Learner:
    """The agent of that name, untrained.

    Raises:
        PolicyError: as `agent_config`.
    """
    _check(name)
    if name == GreedyPolicy.name:
        return FixedLearner(
            GreedyPolicy(problem.options, problem.user_columns, problem.threshold_percent)
        )
    if name in POLICIES:
        return FixedLearner(make_policy(name, schema))
    return HybridAgent(problem, _parse(name, config), seed)


def _parse(name: str, given: Mapping[str, Any]) -> HybridConfig:
    try:
        return HybridConfig(**given)
    except ValidationError as error:
        raise PolicyError(f"settings of {name} cannot be used: {error}") from error


def _check(name: str) -> None:
    if name not in NAMES:
        raise PolicyError(f"agent {name!r} is unknown: one of {', '.join(NAMES)}")
