# SPDX-License-Identifier: MIT
"""Pre-training from drawing scenarios to the file of the networks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tandem.agents.pretraining.fit import FitSettings
from tandem.agents.pretraining.play import DATA, Playing, Recipe, played_files, played_s, prepare
from tandem.agents.pretraining.rows import Rows, read_rows
from tandem.agents.pretraining.train import TrainingResult, train
from tandem.bridge.parts.api import Executor, results_of
from tandem.scripts.app.common.parts import run_parts


class Pretraining:
    """One run of ``tandem pretrain``.

    Args:
        recipe: what is played.
        settings: of the training.
        folder: keeps what was played.
    """

    def __init__(self, recipe: Recipe, settings: FitSettings, folder: Path) -> None:
        self._recipe = recipe
        self._settings = settings
        self._folder = folder
        self._rows: Rows | None = None
        self._played_s = 0.0

    def play(self, executor: Executor, console: Console, quiet: bool = False) -> int:
        """Play what is missing; returns how many requests the networks can learn from.

        Raises:
            PartsFailed: scenarios failed, after the others have been played.
        """
        missing = prepare(self._recipe, self._folder)
        folders = {DATA: self._folder}
        results_of(
            run_parts(
                executor,
                Playing(),
                missing,
                folders,
                title="scenarios",
                unit="decisions",
                console=console,
                quiet=quiet,
            )
        )
        paths = played_files(self._recipe, self._folder)
        self._played_s = sum(map(played_s, paths))
        self._rows = read_rows(paths)
        return len(self._rows.features)

    def train(self, out: Path) -> Table:
        """Train on what was played and write the networks; returns a table of their errors."""
        if self._rows is None:
            raise ValueError("there is nothing to train on: call play first")
        started_s = time.process_time()
        result = train(self._rows, self._settings, self._recipe.seed)
        about = self._about(result)
        about["processor_s"] = {
            "playing": round(self._played_s),
            "training": round(time.process_time() - started_s),
        }
        result.networks.save(out, about)
        return _table(result)

    def _about(self, result: TrainingResult) -> dict[str, Any]:
        return {
            "recipe": self._recipe.model_dump(),
            "training": self._settings.model_dump(),
            "requests": len(self._rows.features) if self._rows is not None else 0,
            "errors": result.errors,
            "best_steps": result.steps,
        }


def _table(result: TrainingResult) -> Table:
    table = Table("component", "error on scenarios not trained on", "best step of each member")
    for name, errors in result.errors.items():
        table.add_row(name, f"{np.mean(errors):.4f}", ", ".join(map(str, result.steps[name])))
    return table
