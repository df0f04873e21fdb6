# SPDX-License-Identifier: MIT
"""Rewards, computed in Python from what one decision left behind.

An objective is any callable that maps an `EpochResult` to a number to be maximised::

    env = TandemEnv("hello", objective=lambda result: -float(result.observation["backlog"].sum()))

An objective with a memory keeps it in attributes of an object, and forgets it in ``reset()``, which
is called at the start of each episode::

    class Smooth:
        def __init__(self):
            self.reset()

        def reset(self):
            self.average = 0.0

        def __call__(self, result):
            self.average += 0.1 * (result.observation["backlog"].sum() - self.average)
            return -self.average

With several agents (`tandem.bridge.core.parallel_env.TandemParallelEnv`) an objective may give each
a reward of its own: a number by the agent's name, or an array by their kind. A `TandemEnv` then has
their sum as its reward, and each in ``info["rewards"]``::

    def throughput(result):
        return {"ap": result.observation["aps"][:, 0]}

A branch rates its epochs with a copy (`copy.deepcopy`), so that trying actions does not move the
memory. A function's closure and global variables are not copied: keep no memory there. Each
environment of a `tandem.bridge.core.vector.TandemVectorEnv` has a copy of its own.

What kind of `EpochResult` it gets, and which objectives have names, depends on the scenario's
domain (see `tandem.bridge.core.domain`).
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.domain import domain_of
from tandem.bridge.core.errors import UnfitObjective
from tandem.bridge.core.schema import Schema

Meta: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class EpochResult:
    """Everything an objective may look at after one decision.

    Attributes:
        decision: index of the decision in its episode, from 0.
        action: the joint action that was played, as the caller passed it.
        observation: observation after the epoch, by block name.
        records: all record tables of the epoch, by name.
        schema: what the scenario declared.
        previous_observation: observation that the action was chosen from, by block name; empty
            where it is not known.
        time_s: ns-3's clock after the epoch, seconds of simulated time; NaN where it is not known.
        duration_s: simulated seconds from the decision to then; NaN where it is not known.
    """

    decision: int
    action: Any
    observation: Mapping[str, NDArray[np.float64]]
    records: Mapping[str, NDArray[np.void]]
    schema: Schema = field(repr=False)
    previous_observation: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    time_s: float = math.nan
    duration_s: float = math.nan

    @property
    def meta(self) -> Meta:
        """The scenario's fixed facts."""
        return self.schema.meta

    @property
    def epoch(self) -> int:
        """Decisions taken so far. Deprecated: read `decision`, which counts from 0."""
        warnings.warn(
            "EpochResult.epoch goes in the next release: use decision, which is one less",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.decision + 1


ResultT_contra = TypeVar("ResultT_contra", bound=EpochResult, contravariant=True)


class Objective(Protocol[ResultT_contra]):
    """Maps what one decision left behind to a reward, to be maximised.

    With several agents it may return a reward for each, by name or by kind; see
    `tandem.bridge.core.agents.rewards_by_agent`.
    """

    def __call__(self, result: ResultT_contra, /) -> float | Mapping[str, Any]: ...


@runtime_checkable
class Remembers(Protocol):
    """An objective with a memory."""

    def reset(self) -> None:
        """Forget: an episode begins."""
        ...


@runtime_checkable
class FitsSchema(Protocol):
    """An objective that says itself which scenarios it cannot judge."""

    def check_schema(self, schema: Schema) -> None:
        """Refuse a scenario that lacks what the objective reads.

        Raises:
            UnfitObjective: says what is missing.
        """
        ...


def forget(objective: object) -> None:
    """An episode begins: let an objective with a memory forget the last one."""
    if isinstance(objective, Remembers):
        objective.reset()


def copy_of(objective: Objective[Any] | None) -> Objective[Any] | None:
    """A copy with the same memory, for what must not move the memory.

    Raises:
        TypeError: it cannot be copied.
    """
    try:
        return copy.deepcopy(objective)
    except Exception as error:
        raise TypeError(
            f"the objective {objective!r} cannot be copied ({type(error).__name__}: {error}), but "
            "branches and vector environments need copies, whose memory is their own: give its "
            "class a __deepcopy__(self, memo) that returns self if it has no memory"
        ) from error


def resolve(objective: Objective[Any] | str | None, schema: Schema) -> Objective[Any] | None:
    """The objective that an environment uses.

    Args:
        objective: a callable, a name that the scenario's domain knows, or ``None`` for the
            domain's default; a scenario of no domain has none (every reward is 0).
        schema: of the scenario.

    Raises:
        UnfitObjective: unknown name, or an objective that cannot judge this scenario.
        TypeError: neither a name nor a callable.
    """
    domain = domain_of(schema)
    if objective is None:
        return None if domain is None else domain.default_objective
    if isinstance(objective, str):
        if domain is None:
            raise UnfitObjective(
                f"objective {objective!r} is unknown: scenario {schema.scenario!r} has no "
                "objectives by name, pass a callable"
            )
        named = domain.objectives
        if objective not in named:
            raise UnfitObjective(f"objective {objective!r} is unknown: one of {', '.join(named)}")
        objective = named[objective]
    if not callable(objective):
        raise TypeError(f"an objective is a callable of an EpochResult, not {objective!r}")
    if isinstance(objective, FitsSchema):
        objective.check_schema(schema)
    return objective
