# SPDX-License-Identifier: MIT
"""Grids of runs."""
