# SPDX-License-Identifier: MIT
"""Factors between units."""

from __future__ import annotations

from typing import Final

BITS_PER_BYTE: Final = 8
MS_PER_S: Final = 1e3
MJ_PER_J: Final = 1e3
