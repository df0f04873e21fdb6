# SPDX-License-Identifier: MIT
"""A model that Stable-Baselines3 has saved (``model.save("m.zip")``), as an agent.

Only weights and readable settings are taken from the file. What is pickled in it would run code
when it is read, and is left alone: the model is made anew for the scenario, and the file's weights
are put into it. How the model saw the scenario is recognised by the spaces that the file describes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import gymnasium
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import data_to_json

from tandem.agents.api import Observation
from tandem.agents.common.action_coding import codings
from tandem.agents.common.errors import PolicyError
from tandem.agents.flat import flatten
from tandem.agents.sb3 import Sb3Env, algorithm_class
from tandem.bridge.core.documents import parse_json
from tandem.bridge.core.env import TandemEnv

#: An attribute that only this algorithm has, the most particular first.
_TELLING: Final = (
    ("cg_max_steps", "TRPO"),
    ("top_quantiles_to_drop_per_net", "TQC"),
    ("n_epochs", "PPO"),
    ("exploration_fraction", "DQN"),
    ("target_entropy", "SAC"),
    ("policy_delay", "TD3"),
    ("gae_lambda", "A2C"),
)
_SPACES: Final = ("observation_space", "action_space")
#: Of a described space: what is pickled, and generators.
_HIDDEN: Final = (":serialized:", "_np_random", "np_random")
#: Values of a real number that a flattened environment may have had.
_MOST_LEVELS: Final = 64


class View(NamedTuple):
    """A way in which a model may have seen the scenario.

    Attributes:
        env: what it was trained on.
        encode: from the scenario's observation to the model's.
        action: from what the model chose to the scenario's action.
    """

    env: gymnasium.Env[Any, Any]
    encode: Callable[[Observation], Any]
    action: Callable[[Any], Any]


class Sb3FilePolicy:
    """Plays the model of a file, without exploration."""

    def __init__(self, name: str, model: BaseAlgorithm, view: View) -> None:
        self.name = name
        self._model = model
        self._view = view

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    def act(self, observation: Observation) -> Any:
        """The most likely or most valuable action."""
        chosen, _ = self._model.predict(self._view.encode(observation), deterministic=True)
        return self._view.action(chosen)


def sb3_file_policy(path: Path, env: TandemEnv) -> Sb3FilePolicy:
    """The model of a file.

    Raises:
        PolicyError: no such model, or it was trained on other spaces than the scenario's.
    """
    data = _described(path)
    name = next((kind for attribute, kind in _TELLING if attribute in data), None)
    if name is None:
        raise PolicyError(f"{path} is a model of an algorithm that is not known here")
    kind = algorithm_class(name)
    wanted = {space: _readable(data[space]) for space in _SPACES}
    for view in _views(env):
        if {space: _readable(_as_json(getattr(view.env, space))) for space in _SPACES} != wanted:
            continue
        keywords = data["policy_kwargs"] if isinstance(data.get("policy_kwargs"), dict) else {}
        plain = {key: value for key, value in keywords.items() if not key.startswith(":")}
        policy = (
            "MultiInputPolicy"
            if isinstance(view.env.observation_space, gymnasium.spaces.Dict)
            else "MlpPolicy"
        )
        settings: dict[str, Any] = {"device": "cpu", "policy_kwargs": plain}
        model = kind(policy, view.env, **settings)
        try:
            model.set_parameters(str(path), exact_match=True, device="cpu")
        except (RuntimeError, ValueError) as error:
            raise PolicyError(
                f"the weights of {path} do not fit {name} with the settings that the file tells "
                f"({error}): write a function that loads it, and give --policy file.py:name"
            ) from error
        return Sb3FilePolicy(str(path), model, view)
    raise PolicyError(
        f"{path} was trained on other spaces than scenario {env.schema.scenario!r} has with these "
        f"arguments ({wanted['action_space']}): give the arguments of the training, or write a "
        "function that encodes what it saw, and give --policy file.py:name"
    )


def _views(env: TandemEnv) -> Iterator[View]:
    """As the training command shows the scenario, as it is, and as `flatten` makes it."""
    for coding in codings(env.action_space):
        ours = Sb3Env(env, None, coding)
        yield View(ours, ours.encode, ours.action)
    yield View(env, lambda seen: seen, lambda chosen: chosen)
    for observations in (False, True):
        for levels in (None, *range(2, _MOST_LEVELS + 1)):
            flat = flatten(env, levels=levels, observations=observations)
            yield View(flat, flat.shown, flat.scenario_action)


def _described(path: Path) -> Mapping[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            data = parse_json(archive.read("data"), str(path))
        if not all(space in data for space in _SPACES):
            raise KeyError("spaces")
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise PolicyError(
            f"{path} is no model that Stable-Baselines3 saved ({type(error).__name__}: {error})"
        ) from error
    described: Mapping[str, Any] = data
    return described


def _as_json(space: Any) -> Any:
    return parse_json(data_to_json({"space": space}), "a space")["space"]


def _readable(space: Any) -> Mapping[str, Any]:
    """What a file says about a space in words."""
    return {key: value for key, value in space.items() if key not in _HIDDEN}
