# SPDX-License-Identifier: MIT
"""Environments whose simulators run in Ray actors, here or on other machines.

``RayEnv`` and ``RayVectorEnv`` return what ``TandemEnv`` and ``TandemVectorEnv`` return for the
same seeds and actions. They pay where simulators outnumber the processors of one machine: a step
costs a message of Ray's in each direction (docs/scaling.md has figures).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tandem.bridge.backends.ray_actor import RestartingActor
from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.env import (
    SEED_LIMIT,
    Observation,
    Transition,
    merge_arguments,
)
from tandem.bridge.core.objective import Objective, resolve
from tandem.bridge.core.record_array import RecordArray
from tandem.bridge.core.schema import Schema
from tandem.bridge.core.vector import TandemVectorEnv


class RayEnv(gymnasium.Env[Observation, Any]):
    """`tandem.bridge.core.env.TandemEnv` with its simulator in a Ray actor.

    A lost actor is restarted and its episode repeated from seed and actions, without a trace in
    what the caller sees; `restarts` counts.

    Args:
        scenario: as for `TandemEnv`; a path must exist on the machine of the actor.
        arguments: as for `TandemEnv`.
        objective: as for `TandemEnv`; a callable must be picklable.
        seed: seed of the first ``reset()`` that is called without one.
        actor_options: as for ``ray.remote(...)``, such as ``{"num_cpus": 1}``.
        **options: every other keyword of `TandemEnv`, scenario arguments included.

    Raises:
        TandemError: Ray is not installed.
        ScenarioNotFound, ScenarioError, ValueError, TypeError: as `TandemEnv`.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (as Gymnasium declares it)

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        objective: Objective[Any] | str | None = None,
        seed: int | None = None,
        actor_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.render_mode = None
        self._first_seed = seed
        self._run = 0
        self._actor = RestartingActor(
            os.fspath(scenario),
            merge_arguments(arguments, {}),
            {"objective": objective, **options},
            actor_options or {},
        )
        try:
            text, self.simulator_command = self._actor.describe()
        except BaseException:
            self._actor.close()
            raise
        self._schema = Schema.parse(text)
        self.observation_space = self._schema.observation_space()  # type: ignore[assignment]
        self.action_space = self._schema.action_space()
        self._objective = resolve(objective, self._schema)

    @property
    def schema(self) -> Schema:
        """What the scenario declared in C++."""
        return self._schema

    @property
    def objective(self) -> Objective[Any] | None:
        """The reward."""
        return self._objective

    @property
    def restarts(self) -> int:
        """Actors that were lost and replaced so far."""
        return self._actor.restarts

    @property
    def actor_pid(self) -> int:
        """Process of the actor, on the machine where it runs."""
        return self._actor.pid

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """As `TandemEnv.reset`; the same sequence of seeds is drawn without one."""
        self.begin_reset(seed=seed, options=options)
        return self.end_reset()

    def begin_reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> None:
        """First half of `reset`: start the episode and return while ns-3 computes."""
        if seed is None and self._first_seed is not None:
            seed = self._first_seed
        self._first_seed = None
        super().reset(seed=seed)
        self._run = seed if seed is not None else int(self.np_random.integers(1, SEED_LIMIT))
        self._actor.begin("reset", seed=self._run, options=options)

    def end_reset(self) -> tuple[Observation, dict[str, Any]]:
        """Second half of `reset`: wait for the first observation."""
        observation, info = self._actor.end()
        return _own(observation), _own(info)

    def step(self, action: Any) -> Transition:
        """As `TandemEnv.step`.

        Raises:
            ActorLost: the actor was lost again and again.
            InvalidAction, SimulatorDied, NoEpisode: as `TandemEnv.step`.
        """
        self.post(action)
        return self.wait()

    def post(self, action: Any) -> None:
        """First half of `step`: send the action and return while ns-3 computes."""
        self._actor.begin("step", np.array(action))

    def wait(self) -> Transition:
        """Second half of `step`; reports an invalid action, too."""
        observation, reward, terminated, truncated, info = self._actor.end()
        return _own(observation), reward, terminated, truncated, _own(info)

    def branch(
        self,
        joint_actions: Sequence[ArrayLike],
        horizon: int = 1,
        *,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[Outcome]:
        """As `TandemEnv.branch`; the branches run on the processors of the actor's machine."""
        actions = [np.array(action) for action in joint_actions]
        outcomes = self._actor.call("branch", actions, horizon, parallel=parallel, future=future)
        return [
            Outcome(
                _own(o.observation),
                o.reward,
                o.terminated,
                o.truncated,
                _own(dict(o.records)),
                _own(o.info),
            )
            for o in outcomes
        ]

    def close(self) -> None:
        """End the simulator and its actor; harmless when called twice."""
        actor = getattr(self, "_actor", None)
        if actor is not None:
            actor.close()


class RayVectorEnv(TandemVectorEnv):
    """`tandem.bridge.core.vector.TandemVectorEnv` with each simulator in a Ray actor of its own.

    A step is sent to all actors before any result is awaited. When an actor is lost the others'
    results are kept, and the lost one is restarted at the same step of the same episode.

    Args:
        scenario: as for `RayEnv`, as are the other keywords.
        arguments: as for `RayEnv`.
        num_envs: how many simulators.
    """

    # It uses only what both kinds of environment have: halves of reset and step, and close.
    _environment = RayEnv  # type: ignore[assignment]


def _own(values: dict[str, Any]) -> dict[str, Any]:
    """Arrays that may be written: Ray hands out views of its object store."""
    owned: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            copy: NDArray[Any] = np.array(value)
            owned[name] = copy.view(RecordArray) if copy.dtype.names is not None else copy
        else:
            owned[name] = value
    return owned
