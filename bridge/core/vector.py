# SPDX-License-Identifier: MIT
"""Several simulators stepped together from one Python process."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array
from numpy.typing import NDArray

from tandem.bridge.core.accounting import Observation, StepResult
from tandem.bridge.core.backend import RunningSimulator
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.objective import copy_of
from tandem.bridge.core.ownership import Owner
from tandem.bridge.core.schema import check_seed

BatchResult: TypeAlias = tuple[
    Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
]

Result = TypeVar("Result")


class TandemVectorEnv(VectorEnv[Observation, Any, NDArray[Any]]):
    """``num_envs`` independent simulators behind Gymnasium's vector interface.

    A step posts all actions before it waits for any result, so the simulators compute at the same
    time; no threads and no worker processes are involved. Environment ``i`` behaves exactly like
    ``TandemEnv(..., seed=seed + i)``.

    Everything not said here is as for `TandemEnv`.

    ## Action space

    A batch of `TandemEnv`'s: row ``i`` is the joint action of environment ``i``.

    ## Observation space

    The same ``Dict``, each block with a first axis of length ``num_envs``.

    ## Rewards

    A float64 array, one reward per environment.

    ## Starting state

    Environment ``i`` is reset with ``seed + i``, or ``seed[i]``.

    ## Episode end

    Episodes end one by one. ``autoreset_mode`` says when a new one starts: at the next step
    (whose action is then ignored), at once, or when you reset it with ``"reset_mask"``.

    ## Information

    As Gymnasium's vector environments: an array per key and a mask ``_key``. Record tables differ
    in length, so ``info["requests"]`` is an object array of structured arrays.

    ## Arguments

    Args:
        scenario: as for `TandemEnv`.
        arguments: as for `TandemEnv`, the same for all.
        num_envs: how many simulators.
        seed: seeds of the first reset: ``seed + i``, or one per environment.
        autoreset_mode: Gymnasium's: ``NEXT_STEP`` (default), ``SAME_STEP`` or ``DISABLED``.
        **options: every other keyword of `TandemEnv`, its ``backend`` and scenario arguments
            included. Each environment has a copy of the ``objective``.

    Raises:
        TandemError: whatever `TandemEnv` raises; simulators that had started are closed.

    Examples:
        >>> import gymnasium
        >>> import tandem
        >>> envs = gymnasium.make_vec("tandem/WifiEdge-v0", num_envs=2, users=3, seed=1)
        >>> observations, infos = envs.reset()
        >>> infos["seed"].tolist()
        [1, 2]
        >>> observations, rewards, terminated, truncated, infos = envs.step([[8, 8, 8], [0, 0, 9]])
        >>> rewards.shape
        (2,)
        >>> envs.close()
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        num_envs: int = 1,
        seed: int | Sequence[int | None] | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        **options: Any,
    ) -> None:
        if num_envs < 1:
            raise ValueError(f"num_envs={num_envs} is too small: at least 1")
        self._owner = Owner("this vector environment")
        self.num_envs = num_envs
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {**TandemEnv.metadata, "autoreset_mode": self._mode}
        self._envs: list[TandemEnv] = []
        try:
            objective = options.pop("objective", None)
            for env_seed in self._spread(seed):
                own = copy_of(objective)  # a memory belongs to one episode
                self._envs.append(
                    TandemEnv(scenario, arguments, objective=own, seed=env_seed, **options)
                )
        except BaseException:
            self.close()
            raise
        self.single_observation_space = self._envs[0].observation_space
        self.single_action_space = self._envs[0].action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._observations: list[Observation] = [{} for _ in range(num_envs)]
        self._done = np.zeros(num_envs, dtype=np.bool_)

    @property
    def envs(self) -> tuple[TandemEnv, ...]:
        """The environments, in order (for branching, for their simulators)."""
        return tuple(self._envs)

    @property
    def simulators(self) -> tuple[RunningSimulator, ...]:
        """The simulator processes, in order."""
        return tuple(env.simulator for env in self._envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode in every environment.

        Args:
            seed: environment ``i`` gets ``seed + i``, or ``seed[i]``.
            options: as for `TandemEnv.reset`; ``"reset_mask"`` (bool array) restricts the reset
                to some environments.
        """
        self._owner.check()
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        chosen = np.ones(self.num_envs, dtype=np.bool_) if mask is None else self._check_mask(mask)
        seeds = self._spread(seed)
        results = self._together(
            {
                index: functools.partial(env.begin_reset, seed=seeds[index], options=options)
                for index, env in enumerate(self._envs)
                if chosen[index]
            },
            {index: env.end_reset for index, env in enumerate(self._envs) if chosen[index]},
        )
        infos: dict[str, Any] = {}
        for index, (observation, info) in results.items():
            self._observations[index] = observation
            self._done[index] = False
            infos = self._add_info(infos, info, index)
        return self._stack(), infos

    def step(self, actions: Any) -> BatchResult:
        """Play one decision epoch in every environment.

        Args:
            actions: array whose row ``i`` is the joint action of environment ``i``; of a scenario
                with several action blocks one such array each, by name.

        Raises:
            ValueError: not one action per environment.
            InvalidAction: a row is invalid; environments before it have been stepped.
            SimulatorDied: names the first environment whose simulator died; the others have
                finished their epoch and can be reset or closed.
        """
        self._owner.check()
        actions = self._each(actions)
        resetting = self._done.copy()
        if self._mode == AutoresetMode.DISABLED and resetting.any():
            raise ValueError(
                f"environments {np.flatnonzero(resetting).tolist()} have ended and autoreset is "
                'off: call reset(options={"reset_mask": mask}) first'
            )
        rewards = np.zeros(self.num_envs, dtype=np.float64)
        terminations = np.zeros(self.num_envs, dtype=np.bool_)
        truncations = np.zeros(self.num_envs, dtype=np.bool_)
        infos: dict[str, Any] = {}
        for index, result in enumerate(self._advance(actions, resetting)):
            observation, rewards[index], terminations[index], truncations[index], info = result
            if self._mode == AutoresetMode.SAME_STEP and (
                terminations[index] or truncations[index]
            ):
                final = {"final_obs": observation, "final_info": info}
                infos = self._add_info(infos, final, index)
                observation, info = self._envs[index].reset()
            self._observations[index] = observation
            infos = self._add_info(infos, info, index)
        if self._mode != AutoresetMode.SAME_STEP:
            self._done = terminations | truncations
        return self._stack(), rewards, terminations, truncations, infos

    def fork(self, *, future: int = 0) -> TandemVectorEnv:
        """Forks of all environments, as a vector environment of its own (`TandemEnv.fork`).

        Raises:
            ValueError: an environment's episode has ended and its next one has not begun.
        """
        self._owner.check()
        if self._done.any():
            raise ValueError(
                f"environments {np.flatnonzero(self._done).tolist()} have ended and cannot be "
                "forked: step or reset them first"
            )
        twin = copy.copy(self)
        twin._envs = []
        twin._observations = copy.deepcopy(self._observations)
        twin._done = self._done.copy()
        try:
            for env in self._envs:
                twin._envs.append(env.fork(future=future))
        except BaseException:
            twin.close()
            raise
        twin.single_observation_space = copy.deepcopy(self.single_observation_space)
        twin.single_action_space = copy.deepcopy(self.single_action_space)
        twin.observation_space = copy.deepcopy(self.observation_space)
        twin.action_space = copy.deepcopy(self.action_space)
        return twin

    def close_extras(self, **kwargs: Any) -> None:
        """End every simulator, also when some have died."""
        self._owner.check()
        for env in self._envs:
            env.close()

    def __del__(self) -> None:
        """Do nothing: Gymnasium before 1.4 closes here, which a forked copy must not.

        Each simulator ends by itself when its environment is collected.
        """

    def _advance(self, actions: Any, resetting: NDArray[np.bool_]) -> list[StepResult]:
        """Step every environment, or reset those whose episode ended at the step before."""
        begin: dict[int, Callable[[], None]] = {}
        end: dict[int, Callable[[], StepResult]] = {}
        for index, env in enumerate(self._envs):
            if resetting[index]:
                begin[index] = env.begin_reset
                end[index] = functools.partial(_as_step, env)
            else:
                begin[index] = functools.partial(env.post, actions[index])
                end[index] = env.wait
        results = self._together(begin, end)
        return [results[index] for index in range(self.num_envs)]

    def _together(
        self, begin: Mapping[int, Callable[[], None]], end: Mapping[int, Callable[[], Result]]
    ) -> dict[int, Result]:
        """Begin everywhere, then end everywhere; raise only when no simulator computes any more."""
        failures: list[tuple[int, TandemError]] = []
        begun = []
        results: dict[int, Result] = {}
        for index, start in begin.items():
            try:
                start()
                begun.append(index)
            except TandemError as error:
                failures.append((index, error))
                break
        for index in begun:
            try:
                results[index] = end[index]()
            except TandemError as error:
                failures.append((index, error))
        if failures:
            index, failure = failures[0]
            message = f"environment {index} of {self.num_envs}: {failure}"
            failure.args = (message, *failure.args[1:])
            raise failure
        return results

    def _each(self, actions: Any) -> Sequence[Any]:
        """The action of each environment."""
        blocks = actions if isinstance(actions, Mapping) else {"": actions}
        for block in blocks.values():
            if len(block) != self.num_envs:
                raise ValueError(
                    f"got {len(block)} actions for {self.num_envs} environments: give one each"
                )
        if not isinstance(actions, Mapping):
            return cast(Sequence[Any], actions)
        return [{name: block[i] for name, block in blocks.items()} for i in range(self.num_envs)]

    def _stack(self) -> Observation:
        empty = create_empty_array(self.single_observation_space, n=self.num_envs, fn=np.zeros)
        return cast(
            Observation,
            concatenate(
                self.single_observation_space, self._observations, cast(Observation, empty)
            ),
        )

    def _spread(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer | np.bool_):
            check_seed(seed)
            return [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(
                f"got {len(seed)} seeds for {self.num_envs} environments: give one each"
            )
        return list(seed)

    def _check_mask(self, mask: Any) -> NDArray[np.bool_]:
        array = np.asarray(mask)
        if array.shape != (self.num_envs,) or array.dtype != np.bool_ or not array.any():
            raise ValueError(
                f"reset_mask must hold {self.num_envs} booleans, at least one of them true, "
                f"not {mask!r}"
            )
        return array

    def _add_info(
        self, vector_infos: dict[str, Any], env_info: dict[str, Any], env_num: int
    ) -> dict[str, Any]:
        """Gymnasium's convention, with arrays kept whole in an object array."""
        arrays = {k: v for k, v in env_info.items() if isinstance(v, np.ndarray)}
        scalars = {k: v for k, v in env_info.items() if k not in arrays}
        infos: dict[str, Any] = super()._add_info(vector_infos, scalars, env_num)
        for key, value in arrays.items():
            if key not in infos:
                infos[key] = np.full(self.num_envs, None, dtype=object)
                infos[f"_{key}"] = np.zeros(self.num_envs, dtype=np.bool_)
            infos[key][env_num] = value
            infos[f"_{key}"][env_num] = True
        return infos


def _as_step(env: TandemEnv) -> StepResult:
    """The end of a reset in the shape of a step."""
    observation, info = env.end_reset()
    return observation, 0.0, False, False, info
