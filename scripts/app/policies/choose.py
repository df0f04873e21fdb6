# SPDX-License-Identifier: MIT
"""The agent that ``--policy`` names."""

from __future__ import annotations

import inspect
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tandem.agents.api import Agent
from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.domain import INFERENCE
from tandem.agents.inference.heuristics import POLICIES, make_policy, policy_names, random_policy
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.packages import require
from tandem.scripts.app.common.arguments import parse_assignments
from tandem.scripts.app.common.named import is_named, load_named
from tandem.scripts.app.policies.plain import (
    ConstantPolicy,
    FunctionPolicy,
    ScenarioPolicy,
    constant_action,
)
from tandem.scripts.app.policies.trained import is_run, trained_agent
from tandem.scripts.app.training.general_agents import general_agent

RANDOM: Final = "random"
CONSTANT: Final = "constant:"
REPLAY: Final = "replay:"
#: Its draws follow from this and the seed of the episode.
SEARCH_SEED: Final = 0
SB3_SUFFIX: Final = ".zip"
#: A policy that a scenario sets without a name (``AgentLink::SetPolicy``).
DEFAULT: Final = "default"
#: Tries actions in branches; settings may follow: ``search:horizon=3,budget=100``.
SEARCH: Final = "search"
#: For the help of ``--policy``.
FORMS: Final = (
    "a policy of the scenario, random, search, constant:VALUES, replay:RUN, the folder of a "
    "training run, a model saved by Stable-Baselines3 (.zip), or file.py:name"
)


def choose_policy(text: str, env: TandemEnv) -> Agent:
    """The agent that ``--policy`` names.

    Args:
        text: see `FORMS`.
        env: that it is going to play.

    Raises:
        PolicyError: there is no such policy, or it does not fit the scenario.
        OptionError: a named object cannot be loaded.
        RunFolderError: a folder holds nothing that can play.
    """
    schema = env.schema
    if text == RANDOM:
        return random_policy(schema)
    if text in schema.policies:
        return ScenarioPolicy(text, env)
    if text == SEARCH or text.startswith(f"{SEARCH}:"):
        return _search(text.removeprefix(SEARCH).removeprefix(":"), env)
    if text.startswith(CONSTANT):
        return ConstantPolicy(text, constant_action(text.removeprefix(CONSTANT), schema))
    if text.startswith(REPLAY):
        from tandem.scripts.app.policies.replayed import ReplayPolicy

        return ReplayPolicy(Path(text.removeprefix(REPLAY)), schema)
    if is_run(Path(text)):
        return trained_agent(Path(text), env)
    if text.endswith(SB3_SUFFIX):
        return _sb3_file(Path(text), env)
    if is_named(text):
        return _own(text, env)
    names = policy_names(schema) if env.domain is INFERENCE else [RANDOM]
    if text in names and env.domain is INFERENCE:
        return make_policy(text, schema)
    known = [*schema.policies, *names]
    raise PolicyError(
        f"policy {text!r} is unknown: scenario {schema.scenario!r} has {', '.join(known)}; also "
        f"possible are {FORMS.partition('random, ')[2]}"
    )


def may_exist(text: str) -> bool:
    """Whether the value of ``--policy`` may stand for one in a scenario of the package.

    For a check before anything is started; `choose_policy` finds out.
    """
    return (
        text.rstrip(string.digits) in POLICIES  # "edge2" is a site of some scenarios
        or text == DEFAULT
        or text.partition(":")[0] == SEARCH
        or text.startswith((CONSTANT, REPLAY))
        or is_named(text)
        or Path(text).exists()
    )


def source_run(text: str) -> Path | None:
    """The run whose agent or actions a policy plays, ``None`` for other policies."""
    path = Path(text.removeprefix(REPLAY))
    return path if is_run(path) else None


def _search(text: str, env: TandemEnv) -> Agent:
    """Branch search with settings such as ``horizon=3,budget=100``."""
    given = parse_assignments(text.split(",")) if text else {}
    return general_agent(env, SEARCH, SEARCH_SEED, given)


def _sb3_file(path: Path, env: TandemEnv) -> Agent:
    require("stable_baselines3", str(path))
    if not path.is_file():
        raise PolicyError(f"policy {str(path)!r}: there is no such file")
    from tandem.scripts.app.policies.sb3_file import sb3_file_policy

    return sb3_file_policy(path, env)


def _own(text: str, env: TandemEnv) -> Agent:
    """An agent, a class of agents (made with the schema if it takes an argument), a function."""
    loaded: Any = load_named(text, "--policy")
    if inspect.isclass(loaded):
        make: Callable[..., Any] = loaded
        loaded = make(env.schema) if inspect.signature(make).parameters else make()
    act = getattr(loaded, "act", loaded)
    if not callable(act):
        raise PolicyError(
            f"policy {text!r} is {type(loaded).__name__}: a function that takes the observation "
            "and returns an action is needed, or an object or a class with such a method `act`"
        )
    return FunctionPolicy(text, act, getattr(loaded, "begin_episode", None), env.schema)
