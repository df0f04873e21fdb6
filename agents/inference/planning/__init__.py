# SPDX-License-Identifier: MIT
"""Parts of the planner: who offloads where, and which variant each device runs."""
