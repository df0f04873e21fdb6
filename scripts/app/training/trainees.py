# SPDX-License-Identifier: MIT
"""Agents by the names that the training commands use, with their settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tandem.agents.baselines.fixed_learner import FixedLearner
from tandem.agents.inference.heuristics import POLICIES, GreedyPolicy, make_policy
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.problem import JointProblem
from tandem.agents.learner import Learner
from tandem.agents.registry import LEARNERS, learner_config, make_learner
from tandem.bridge.core.schema import Schema

NAMES: Final = (*LEARNERS, *POLICIES)


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
    return learner_config(name, given).model_dump()


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
    return make_learner(name, problem, seed, learner_config(name, config))


def _check(name: str) -> None:
    if name not in NAMES:
        raise PolicyError(f"agent {name!r} is unknown: one of {', '.join(NAMES)}")
