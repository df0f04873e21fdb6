# SPDX-License-Identifier: MIT
"""Fixtures for tests of pure functions."""

from __future__ import annotations

import pytest
from request_rows import MakeRequests, make_rows


@pytest.fixture
def make_requests() -> MakeRequests:
    """``make_requests({"user": 0, "response_time_s": 0.1}, …)``: a request table."""
    return make_rows
