# SPDX-License-Identifier: MIT
"""The inference workload: requests, options, costs, the system model and its planner."""
