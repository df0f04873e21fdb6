# SPDX-License-Identifier: MIT
"""When each stage of a request began and ended, and when decisions were taken."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from tandem.agents.inference.request_table import COMPONENTS
from tandem.bridge.runs.reader import POSITIONS, Run

EPOCH_COLUMNS: Final = ("episode", "decision", "begin_s", "end_s")


def stage_times(requests: pd.DataFrame) -> pd.DataFrame:
    """Simulated time at which each component begins; they follow one another.

    In reality the two uplink components are interleaved: a radio sends, waits, sends. Here the
    waiting comes first.

    Returns:
        Index of ``requests``. Columns: one ``<component>`` per component with its begin in
        seconds, and ``end_s``.
    """
    durations = requests[list(COMPONENTS)].to_numpy(dtype=np.float64)
    ends = requests["arrival_s"].to_numpy(dtype=np.float64)[:, None] + durations.cumsum(axis=1)
    begins = np.column_stack((requests["arrival_s"], ends[:, :-1]))
    table = pd.DataFrame(begins, columns=list(COMPONENTS), index=requests.index)
    table["end_s"] = ends[:, -1]
    return table


def uplink_interval(requests: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[float]]:
    """First byte written, and last byte forwarded by the gateway, simulated seconds."""
    begins = stage_times(requests)
    return begins["uplink_queue_s"], begins["uplink_backhaul_s"]


def epochs(run: Run) -> pd.DataFrame:
    """Every decision epoch with its begin and end, simulated seconds.

    Returns:
        Columns `EPOCH_COLUMNS`. An epoch ends where the next one begins; the last one of an
        episode with its last request, or, if none ended in it, after as long as the one before.
    """
    requests = run.requests
    if len(run.table(POSITIONS)):
        begin = run.table(POSITIONS).groupby(["episode", "decision"])["time_s"].first()
    else:
        begin = requests.groupby(["episode", "decision"])["arrival_s"].min()
    table = begin.rename("begin_s").reset_index().sort_values(["episode", "decision"])
    following = table.groupby("episode")["begin_s"].shift(-1)
    last = (requests["arrival_s"] + requests["response_time_s"]).groupby(requests["episode"]).max()
    end = table["episode"].map(last)
    length = table.groupby("episode")["begin_s"].diff().fillna(0.0)
    end = end.where(end > table["begin_s"], table["begin_s"] + length)
    table["end_s"] = following.fillna(end)
    return table[list(EPOCH_COLUMNS)].reset_index(drop=True)
