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
        return Simulator(
            scenario,
            arguments,
            branch_slots=options.branch_slots,
            spin_us=options.spin_us,
            start_timeout_s=options.start_timeout_s,
            step_timeout_s=options.step_timeout_s,
            one_shot=options.one_shot,
            output=options.output,
            folder=options.folder,
            failure_folder=options.failure_folder,
            keep_actions=options.keep_actions,
        )
