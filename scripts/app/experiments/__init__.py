# SPDX-License-Identifier: MIT
"""The experiments of ``tandem reproduce``: settings, measured states, runs, tables and curves."""
