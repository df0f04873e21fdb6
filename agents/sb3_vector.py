# SPDX-License-Identifier: MIT
"""Several simulators as Stable-Baselines3's ``VecEnv`` (extra ``sb3``).

The simulators compute at the same time, without worker processes::

    envs = TandemVectorEnv("./mine", num_envs=4, objective=fair, autoreset_mode="SameStep")
    model = PPO("MultiInputPolicy", Sb3VecEnv(envs))

Actions are one row of numbers, as `tandem.agents.flat` describes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from tandem.agents.common.action_coding import row_coding
from tandem.agents.flat import row_of, row_space, space_with_axes
from tandem.bridge.core.masks import METHOD as MASKS
from tandem.bridge.core.vector import TandemVectorEnv


class Sb3VecEnv(VecEnv):
    """A vector environment for the algorithms of Stable-Baselines3.

    An episode that ends is followed at once by another one; its last observation is in
    ``info["terminal_observation"]``, as SB3 wants it. ``env_method("action_masks")`` serves
    MaskablePPO.

    Args:
        envs: with ``autoreset_mode="SameStep"``; closing this closes them.
        levels: values that each real number of an action has; ``None``: real numbers stay real.
        observations: make the observation one row, float32 (``"MlpPolicy"``).

    Raises:
        ValueError: another auto-reset mode.
        UnfitActions: ``levels`` is below 2, or a number has no bounds.
    """

    def __init__(
        self, envs: TandemVectorEnv, *, levels: int | None = None, observations: bool = False
    ) -> None:
        mode = envs.metadata["autoreset_mode"]
        if mode != AutoresetMode.SAME_STEP:
            raise ValueError(
                f"the vector environment has autoreset_mode={mode.value!r}, and Stable-Baselines3 "
                'needs "SameStep": make it with TandemVectorEnv(…, autoreset_mode="SameStep")'
            )
        self._envs = envs
        self._flat = observations
        self._coding = row_coding(envs.single_action_space, levels)
        self._levels = levels
        schema = envs.envs[0].schema
        space = row_space(schema) if observations else space_with_axes(schema)
        self._actions: Sequence[Any] = ()
        super().__init__(envs.num_envs, space, self._coding.space)

    def reset(self) -> Any:
        """Start an episode in each; returns the batch of observations."""
        seeds = self._seeds if any(seed is not None for seed in self._seeds) else None
        observations, infos = self._envs.reset(seed=seeds)
        self.reset_infos = [_info_of(infos, index) for index in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        return self._shown(observations)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions; `step_wait` plays them."""
        self._actions = [self._coding.action(row) for row in actions]

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Play one decision in each: observations, rewards, whether they ended, infos."""
        actions = self._actions
        if isinstance(actions[0], dict):
            batch: Any = {
                name: np.stack([action[name] for action in actions]) for name in actions[0]
            }
        else:
            batch = np.stack(actions)
        observations, rewards, terminated, truncated, found = self._envs.step(batch)
        infos = [_info_of(found, index) for index in range(self.num_envs)]
        for info in infos:
            if "final_obs" in info:
                last = info.pop("final_obs")
                info.update(info.pop("final_info", {}))
                info["terminal_observation"] = self._one(last)
        for info, cut, ended in zip(infos, truncated, terminated, strict=True):
            info["TimeLimit.truncated"] = bool(cut and not ended)
        done = terminated | truncated
        return self._shown(observations), rewards.astype(np.float32), done, infos

    def close(self) -> None:
        """End the simulators."""
        self._envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of each environment."""
        return [getattr(self._envs.envs[index], attr_name) for index in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of each environment."""
        for index in self._chosen(indices):
            setattr(self._envs.envs[index], attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        """Call a method of each environment."""
        if method_name == MASKS:  # of the space that is shown here
            kwargs = {"levels": self._levels, **kwargs}
        return [
            getattr(self._envs.envs[index], method_name)(*args, **kwargs)
            for index in self._chosen(indices)
        ]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """No: nothing is wrapped."""
        return [False for _ in self._chosen(indices)]

    def _chosen(self, indices: Any) -> Iterable[int]:
        return self._get_indices(indices)

    def _shown(self, observations: dict[str, NDArray[np.float64]]) -> Any:
        if self._flat:
            each = [
                row_of({name: block[index] for name, block in observations.items()})
                for index in range(self.num_envs)
            ]
            return np.stack(each)
        return {
            name: block.reshape(self.num_envs, *(block.shape[1:] or (1,)))
            for name, block in observations.items()
        }

    def _one(self, observation: dict[str, NDArray[np.float64]]) -> Any:
        if self._flat:
            return row_of(observation)
        return {name: np.atleast_1d(block) for name, block in observation.items()}


def _info_of(infos: dict[str, Any], index: int) -> dict[str, Any]:
    """One environment's part of Gymnasium's ``infos``."""
    own: dict[str, Any] = {}
    for key, value in infos.items():
        if key.startswith("_"):
            continue
        mask = infos.get(f"_{key}")
        if mask is not None and not mask[index]:
            continue
        own[key] = _info_of(value, index) if isinstance(value, dict) else value[index]
    return own
