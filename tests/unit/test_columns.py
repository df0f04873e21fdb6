# SPDX-License-Identifier: MIT
"""Which columns of a record table are measurements, and which only say whose they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection import columns


def run_of(frame: pd.DataFrame, units: dict[str, str]) -> Run:
    described = [{"name": n, "unit": units.get(n, ""), "help": ""} for n in frame.columns]
    schema = {
        "scenario": "wifi",
        "meta": {},
        "observation": [{"name": "aps", "shape": [2, 1], "rows": "ap", "columns": []}],
        "records": [{"name": "stations", "columns": described}],
    }
    return Run(Path("run"), {}, {}, schema, {"stations": frame})


def test_numbers_of_stations_are_no_measurements() -> None:
    frame = pd.DataFrame(
        {
            "decision": np.repeat(np.arange(6), 4),
            "ap": [0, 0, 1, 1] * 6,
            "station": [0, 1, 2, 3] * 6,
            "timeouts": [3, 0, 3, 1, 2, 0] * 4,
            "throughput_bps": np.linspace(0.0, 1e6, 24),
        }
    )
    (table,) = columns.records(run_of(frame, {"throughput_bps": "bit/s"}))
    assert table.agent == "ap"
    assert table.columns == ("timeouts", "throughput_bps")
    (alone,) = columns.records(run_of(frame[frame["ap"] == 0].reset_index(drop=True), {}))
    assert "timeouts" in alone.columns  # of one AP everything is
