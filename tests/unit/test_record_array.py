# SPDX-License-Identifier: MIT
"""Record tables stay plain structured arrays, but for ``numpy.allclose``."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
from gymnasium.utils.env_checker import data_equivalence
from request_rows import MakeRequests

from tandem.bridge.core.record_array import RecordArray


def test_comparison_that_gymnasium_makes(make_requests: MakeRequests) -> None:
    row = {"user": 1, "response_time_s": 0.5}
    left, right = make_requests(row).view(RecordArray), make_requests(row).view(RecordArray)
    assert data_equivalence(left, right)
    assert data_equivalence(left, right, exact=True)
    right["response_time_s"] += 1e-3
    assert not data_equivalence(left, right)
    assert not np.allclose(left, left[["user"]])


def test_columns_are_plain_and_rows_stay_tables(make_requests: MakeRequests) -> None:
    table = make_requests({"user": 1}, {"user": 2}).view(RecordArray)
    assert type(table["user"]) is np.ndarray
    assert type(table[table["user"] == 2]) is RecordArray
    assert [row["user"] for row in table] == [1, 2]
    assert np.concatenate([table, table])["user"].tolist() == [1, 2, 1, 2]
    assert pd.DataFrame(table)["user"].tolist() == [1, 2]


def test_copies_for_other_processes(make_requests: MakeRequests) -> None:
    table = make_requests({"user": 1}).view(RecordArray)
    again = pickle.loads(pickle.dumps(table))
    assert type(again) is RecordArray
    assert again.tobytes() == table.tobytes()
