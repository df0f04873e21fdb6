# SPDX-License-Identifier: MIT
"""What a run takes from the run whose agent or actions it plays, unless it is told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tandem.bridge.runs import folder as run_folder


@dataclass(frozen=True)
class Source:
    """Settings of a recorded run.

    Attributes:
        scenario: its scenario.
        arguments: its scenario arguments.
        objective: its reward, as ``--objective`` says it; ``None``: not told.
        accuracy: its accuracy threshold; ``None``: not told.
        seed: of its first episode; ``None`` for a training run, whose episodes are its own.
        episodes: how many it has; ``None`` for a training run.
    """

    scenario: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    objective: str | None = None
    accuracy: str | None = None
    seed: int | None = None
    episodes: int | None = None

    @classmethod
    def read(cls, folder: Path) -> Source:
        """The settings of a run's folder.

        Raises:
            RunFolderError: they cannot be read.
        """
        config: Mapping[str, Any] = run_folder.read_config(folder)
        threshold = config.get("accuracy_threshold")
        trained = "agent" in config
        return cls(
            scenario=str(config["scenario"]),
            arguments=dict(config.get("arguments") or {}),
            objective=config.get("objective"),
            accuracy=None if threshold is None else str(threshold),
            seed=None if trained else config.get("seed"),
            episodes=None if trained else config.get("episodes"),
        )
