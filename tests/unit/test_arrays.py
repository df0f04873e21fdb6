# SPDX-License-Identifier: MIT
"""Named arrays as bytes: everything comes back, nothing is executed, damage is refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tandem.bridge.core.arrays import pack, unpack

RECORD = np.dtype([("user", "<i8"), ("response_time_s", "<f8"), ("kept", "?")])
VALUES = {"call": "add", "nested": {"reward": -0.1, "over": True, "none": None}, "text": "ü"}
ARRAYS: dict[str, NDArray[Any]] = {
    "float64": np.array([[0.1, np.nan], [np.inf, -0.0]]),
    "int64": np.array([2**63 - 1, -(2**63)]),
    "int32": np.arange(6, dtype=np.int32).reshape(3, 2),
    "bool": np.array([True, False]),
    "bytes": np.frombuffer(b"\x00\xff", np.uint8),
    "scalar": np.array(3.5),
    "none": np.zeros((0, 4)),
    "records/requests.": np.array([(1, 0.25, True), (2, 0.5, False)], RECORD),
    "no records": np.zeros(0, RECORD),
}


@pytest.mark.parametrize("compress", [False, True])
def test_everything_comes_back(compress: bool) -> None:
    values, arrays = unpack(pack(VALUES, ARRAYS, compress=compress))
    assert values == VALUES
    assert list(arrays) == list(ARRAYS)
    for name, expected in ARRAYS.items():
        assert arrays[name].dtype == expected.dtype
        assert arrays[name].shape == expected.shape
        assert arrays[name].tobytes() == expected.tobytes()


def test_a_table_of_many_columns_comes_back() -> None:
    wide = np.zeros(2, np.dtype([(f"column_{index}_percent", "<f8") for index in range(1000)]))
    assert unpack(pack({}, {"wide": wide}))[1]["wide"].dtype == wide.dtype


def test_equal_content_gives_equal_bytes() -> None:
    by_column = {name: array.copy(order="F") for name, array in ARRAYS.items()}
    assert not by_column["int32"].flags.c_contiguous
    assert pack(VALUES, ARRAYS) == pack(VALUES, by_column)


def test_numpy_alone_can_open_them() -> None:
    with np.load(io.BytesIO(pack(VALUES, ARRAYS)), allow_pickle=False) as file:
        assert np.array_equal(file["int32"], ARRAYS["int32"])


def test_damage_is_refused() -> None:
    content = pack(VALUES, ARRAYS, compress=True)
    flipped = 0
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        for broken in (bytes(damaged), content[:position]):
            try:
                values, arrays = unpack(broken)
            except ValueError:
                flipped += 1
                continue
            # Dates and flags of the archive may change; content may not.
            assert values == VALUES
            assert all(arrays[name].tobytes() == ARRAYS[name].tobytes() for name in arrays)
    assert flipped > len(content) // 7


def test_foreign_bytes_are_refused() -> None:
    for foreign in (b"", b"PK", b"tandem", np.zeros(9).tobytes()):
        with pytest.raises(ValueError, match="named arrays"):
            unpack(foreign)
    other = io.BytesIO()
    np.savez(other, a=np.zeros(3))
    with pytest.raises(ValueError, match="named arrays"):
        unpack(other.getvalue())
