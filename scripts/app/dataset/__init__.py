# SPDX-License-Identifier: MIT
"""Data sets of played episodes with the outcomes of actions that were not played."""
