# SPDX-License-Identifier: MIT
"""The state of an SB3 algorithm between two of its updates, as plain values.

SB3's own files hold pickled objects, which run code when they are read. Here the state is arrays,
tensors and numbers, so that a checkpoint can be read by `tandem.agents.checkpoint`. Put back into
an algorithm that was made with the same settings, it gives the results of one that never stopped.

Between updates means: when SB3 begins to collect (``on_rollout_start``), or after ``learn``.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

#: Attributes that ``learn`` sets itself, or that hold wall-clock times.
SET_BY_LEARN: Final = ("start_time", "_num_timesteps_at_start", "_total_timesteps")
_PLAIN: Final = (bool, int, float, np.ndarray)


def state_of(model: BaseAlgorithm) -> dict[str, Any]:
    """Weights, optimisers, counters, memory, the observation before it, and all generators."""
    memory = getattr(model, "replay_buffer", None)
    return {
        "parameters": model.get_parameters(),
        "variables": {name: attrgetter(name)(model).detach().clone() for name in _variables(model)},
        "attributes": _plain_attributes(model),
        "rewards": _reward_scale(model),
        "memory": None if memory is None else _filled(_plain_attributes(memory), memory),
        "action_draws": model.action_space.np_random.bit_generator.state,
        "numpy_draws": np.random.get_state(legacy=False),  # noqa: NPY002 - SB3 draws from it
        "torch_draws": torch.get_rng_state(),
    }


def load_state_into(model: BaseAlgorithm, state: dict[str, Any]) -> None:
    """The inverse of `state_of`, for an algorithm made with the same settings."""
    model.set_parameters(state["parameters"], exact_match=True)
    for name, value in state["variables"].items():
        with torch.no_grad():
            attrgetter(name)(model).copy_(value)
    vars(model).update(state["attributes"])
    scaling = model.get_vec_normalize_env()
    if scaling is not None:
        vars(scaling.ret_rms).update(state["rewards"]["rms"])
        scaling.returns = state["rewards"]["returns"]
    memory = getattr(model, "replay_buffer", None)
    if memory is not None:
        _fill(memory, state["memory"])
    model.action_space.np_random.bit_generator.state = state["action_draws"]
    np.random.set_state(state["numpy_draws"])  # noqa: NPY002
    torch.set_rng_state(state["torch_draws"])


def _variables(model: BaseAlgorithm) -> list[str]:
    """Tensors that are no module's: SB3 says which."""
    return list(model._get_torch_save_params()[1])


def _reward_scale(model: BaseAlgorithm) -> dict[str, Any] | None:
    """What rewards are divided by, where they are."""
    scaling = model.get_vec_normalize_env()
    if scaling is None:
        return None
    return {"rms": dict(vars(scaling.ret_rms)), "returns": scaling.returns.copy()}


def _plain_attributes(thing: object) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(thing).items()
        if name not in SET_BY_LEARN and _is_plain(value)
    }


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_is_plain(item) for item in value.values())
    return isinstance(value, _PLAIN)


def _filled(attributes: dict[str, Any], memory: Any) -> dict[str, Any]:
    """The attributes of a replay buffer without the rows that hold nothing yet."""
    if memory.full:
        return attributes
    return {
        name: _map(value, lambda array: array[: memory.pos + 1].copy())
        for name, value in attributes.items()
    }


def _fill(memory: Any, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(memory, name, _restored(getattr(memory, name), value))


def _restored(own: Any, value: Any) -> Any:
    """``value``; arrays go into the first rows of those that are there."""
    if isinstance(value, dict):
        return {name: _restored(own[name], item) for name, item in value.items()}
    if isinstance(value, np.ndarray) and isinstance(own, np.ndarray) and value.ndim:
        own[: len(value)] = value
        return own
    return value


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {name: _map(item, change) for name, item in value.items()}
    return change(value) if isinstance(value, np.ndarray) else value
