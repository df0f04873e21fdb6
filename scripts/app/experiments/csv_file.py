# SPDX-License-Identifier: MIT
"""The results of experiments as CSV: one line per evaluation of each run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from tandem.scripts.app.experiments.records import Result

RUN_COLUMNS: Final = ("setting", "users", "threshold", "agent", "seed", "cap")
ROW_COLUMNS: Final = (
    "interactions",
    "system",
    "policy_version",
    "held_out",
    "best_on_average",
    "hindsight",
    "violated",
    "learning_s",
)
TARGET_COLUMNS: Final = ("interactions_to_target", "is_lower_bound", "cpu_ms")


def csv_text(results: Sequence[Result]) -> str:
    """Ratios to the optima; ``system`` 1 is the one after a change."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*RUN_COLUMNS, *TARGET_COLUMNS, *ROW_COLUMNS])
    for result in results:
        run = [result[name] for name in RUN_COLUMNS]
        target = [result["interactions"], int(result["censored"]), _rounded(result["cpu_ms"])]
        for row in result["evaluations"]:
            writer.writerow([*run, *target, *(_rounded(row[name]) for name in ROW_COLUMNS)])
    return out.getvalue()


def _rounded(value: object) -> object:
    return round(value, 5) if isinstance(value, float) else value
