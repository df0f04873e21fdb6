# SPDX-License-Identifier: MIT
"""Results of a grid's runs in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from tandem.bridge.runs.reader import load_run
from tandem.scripts.app.inspection.analysis import one_line
from tandem.scripts.app.sweep.grid import PlannedRun

#: Figures of a run that the table of a sweep shows: of inference scenarios, then of any.
SHOWN: Final = (
    *("mean_s", "p95_s", "accuracy_percent", "timeouts", "open", "jain_response_time"),
    *("return_mean", "reward_mean", "episodes"),
)
#: Those of them that are numbers of something.
COUNTS: Final = ("timeouts", "open", "episodes")
#: Of the first of these that the table has, it shows the spread over seeds.
SPREAD: Final = {"mean_s": "sd_s", "return_mean": "sd_over_seeds"}


def summary(done: Sequence[PlannedRun]) -> pd.DataFrame:
    """One line per run: its place in the grid, its folder, its figures."""
    return pd.DataFrame(
        [
            {
                **run.point,
                "policy": run.policy,
                "seed": run.seed,
                "folder": str(run.folder),
                **one_line(load_run(run.folder)),
            }
            for run in done
        ]
    )


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of each figure over the seeds of a point and policy, and the spread of the first.

    Returns:
        Index: point and policy in words. Columns: seeds, those of `SHOWN` that the runs have, and
        the standard deviation of the first (NaN for one seed).
    """
    shown = [name for name in SHOWN if name in table]
    place = list(table.columns[: list(table.columns).index("seed")])
    words = table[place].astype(str)
    named = [
        ", ".join(f"{n} {v}" if n != "policy" else v for n, v in row.items())
        for row in words.to_dict(orient="records")
    ]
    groups = table.assign(run=named).groupby("run", sort=False)
    result = groups[shown].mean()
    for name in COUNTS:
        if name in result and (result[name] % 1 == 0).all():
            result[name] = result[name].astype(int)
    result.insert(0, "seeds", groups.size())
    result.insert(2, SPREAD[shown[0]], groups[shown[0]].std())
    return result
