# SPDX-License-Identifier: MIT
"""The experiments of ``tandem reproduce paper``: grid, units, tables and curves."""
