# SPDX-License-Identifier: MIT
"""Versions that do not fit are refused, and a schema's numbers become spaces."""

from __future__ import annotations

import json
import os
import struct

import numpy as np
import pytest
from gymnasium import spaces

from tandem.bridge.core import _native
from tandem.bridge.core.errors import SchemaMismatch
from tandem.bridge.core.schema import Schema

MAGIC = 0x01004D45444E4154
LAYOUT_VERSION = _native.LAYOUT_VERSION
HEADER_BYTES = 4096


def text(**changes: object) -> str:
    """A small schema as JSON."""
    column = {"name": "packets", "unit": "", "low": 0.0, "high": 9.0, "help": "waiting"}
    schema: dict[str, object] = {
        "tandem_schema": 1,
        "layout_version": LAYOUT_VERSION,
        "tandem_version": "0.1.0",
        "ns3_version": "3.44",
        "ns3_provider": "download",
        "scenario": "small",
        "observation": [
            {"name": "q", "dtype": "float64", "offset": 0, "shape": [2, 1], "columns": [column]}
        ],
        "action": [{"name": "a", "dtype": "int32", "offset": 0, "shape": [3], "low": 0, "high": 4}],
        "records": [],
        "meta": {},
    }
    return json.dumps({**schema, **changes})


def test_blocks_become_spaces() -> None:
    schema = Schema.parse(text())
    assert schema.observation_space() == spaces.Dict(
        {"q": spaces.Box(0.0, 9.0, (2, 1), np.float64)}
    )
    assert schema.action_space() == spaces.MultiDiscrete([5, 5, 5])


def test_blocks_with_the_action_s_rows_belong_to_agents() -> None:
    action = {"name": "a", "dtype": "int32", "offset": 0, "shape": [2], "low": 0, "high": 4}
    assert Schema.parse(text(action=[action])).agent_blocks() == frozenset()  # rows undeclared
    block = {"name": "q", "dtype": "float64", "offset": 0, "shape": [2, 1], "columns": []}
    blocks = [{**block, "rows": "ap"}, {**block, "name": "sites", "rows": "site"}]
    acting = {**action, "rows": "ap"}
    schema = Schema.parse(text(action=[acting], observation=blocks))
    assert schema.agent_blocks() == {"q"}
    other = Schema.parse(text(action=[{**acting, "shape": [3]}], observation=blocks))
    with pytest.raises(ValueError, match="2 rows of 'ap' in block 'q', but 3"):
        other.agent_blocks()


def test_a_schema_of_another_version_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match=r"version 3.*versions 1 to 2.*tandem build"):
        Schema.parse(text(tandem_schema=3))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (struct.pack("<QI", MAGIC, 99), r"layout version 99.*version \d+.*tandem build"),
        (struct.pack("<QI", 0, 1), "no tandem channel"),
        (struct.pack("<QI", MAGIC, LAYOUT_VERSION), "contradicts itself"),
    ],
)
def test_a_channel_of_another_layout_is_refused(header: bytes, message: str) -> None:
    fd = os.memfd_create("foreign")
    try:
        os.write(fd, header.ljust(HEADER_BYTES, b"\0"))
        with pytest.raises(RuntimeError, match=message):
            _native.Channel(fd, 0.0)
    finally:
        os.close(fd)


def test_a_channel_smaller_than_its_header_is_refused() -> None:
    fd = os.memfd_create("tiny")
    try:
        os.write(fd, b"tiny")
        with pytest.raises(RuntimeError, match="4 bytes"):
            _native.Channel(fd, 0.0)
    finally:
        os.close(fd)
