# SPDX-License-Identifier: MIT
"""Simulators in Ray actors, here or on other machines.

They pay off where simulators outnumber the processors of one machine: a step costs one of Ray's
messages in each direction (docs/scaling.md has figures)::

    env = TandemEnv("wifi-edge", users=5, backend=RayBackend())
    envs = TandemVectorEnv("wifi-edge", num_envs=32, users=5, backend=RayBackend())
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tandem.bridge.backends.ray_link import RayLink
from tandem.bridge.backends.replaying import ReplayingSimulator
from tandem.bridge.core.backend import SimulatorOptions


@dataclass(frozen=True, slots=True)
class RayBackend:
    """Simulators in Ray actors, as a `tandem.bridge.core.backend.Backend`.

    Attributes:
        actor_options: as for ``ray.remote(...)``, such as ``{"num_cpus": 1}``.
    """

    actor_options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
        /,
    ) -> ReplayingSimulator:
        """Start one in an actor of its own.

        Raises:
            TandemError: Ray is not installed, or as `tandem.bridge.core.simulator.Simulator`.
        """

        def open_link(*, again: bool) -> RayLink:
            del again  # Ray finds a machine, or waits for one, either way
            return RayLink(scenario, arguments, options, self.actor_options)

        return ReplayingSimulator(open_link, failure_folder=options.failure_folder)
