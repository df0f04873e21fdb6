# SPDX-License-Identifier: MIT
"""The results of the experiments of the paper (Shahhosseini et al., ISQED 2022) as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from tandem.scripts.app.paper.grid import (
    threshold_name,
)
from tandem.scripts.app.paper.results import (
    GROUP,
    Result,
    grouped,
    interactions,
    last_over,
    last_ratio,
)

CSV_HEADINGS: Final = (
    *GROUP,
    "iqm",
    "iqm_is_lower_bound",
    "low",
    "high",
    "runs",
    "cut_off",
    "cap",
    "last_ratio",
    "last_over_best_on_average",
    "last_over_hindsight",
)


def csv_text(results: Sequence[Result]) -> str:
    """One line per group of equal experiments."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADINGS)
    for key, group in grouped(results).items():
        summary = interactions(group)
        users, threshold, condition, agent = key
        writer.writerow(
            [
                users,
                threshold_name(threshold),
                condition,
                agent,
                summary.iqm.value,
                int(summary.iqm.censored),
                summary.low.value,
                summary.high.value,
                summary.runs,
                summary.censored,
                group[0]["cap"],
                round(last_ratio(group), 4),
                round(last_over("best_on_average_s", group), 4),
                round(last_over("hindsight_s", group), 4),
            ]
        )
    return out.getvalue()
