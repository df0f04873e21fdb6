# SPDX-License-Identifier: MIT
"""The backend that starts simulators on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tandem.bridge.core.backend import SimulatorOptions
from tandem.bridge.core.simulator import Simulator


@dataclass(frozen=True, slots=True)
class LocalBackend:
    """Simulators are processes on this machine, over shared memory."""

    def __call__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
        /,
    ) -> Simulator:
        """Start one; errors as `Simulator`."""
        return Simulator(scenario, arguments, **options.keywords())
