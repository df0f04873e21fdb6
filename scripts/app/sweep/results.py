# SPDX-License-Identifier: MIT
"""Results of a grid's runs in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from tandem.scripts.app.inspection import measures
from tandem.scripts.app.sweep.grid import PlannedRun

#: Figures of a run that the table of a sweep shows.
SHOWN: Final = ("mean_s", "p95_s", "accuracy_percent", "timeouts", "open", "jain_response_time")


def summary(done: Sequence[PlannedRun]) -> pd.DataFrame:
    """One line per run: its place in the grid, its folder, its figures."""
    return pd.DataFrame(
        [
            {
                **run.point,
                "policy": run.policy,
                "seed": run.seed,
                "folder": str(run.folder),
                **measures.summary(measures.load_run(run.folder).requests),
            }
            for run in done
        ]
    )


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of each figure over the seeds of a point and policy, and the spread of the mean time.

    Returns:
        Index: point and policy in words. Columns: seeds, `SHOWN`, ``sd_s`` (standard deviation of
        ``mean_s``; NaN for run seed).
    """
    place = list(table.columns[: list(table.columns).index("seed")])
    words = table[place].astype(str)
    named = [
        ", ".join(f"{n} {v}" if n != "policy" else v for n, v in row.items())
        for row in words.to_dict(orient="records")
    ]
    groups = table.assign(run=named).groupby("run", sort=False)
    result = groups[list(SHOWN)].mean()
    result.insert(0, "seeds", groups.size())
    result.insert(2, "sd_s", groups["mean_s"].std())
    return result
