# SPDX-License-Identifier: MIT
"""Settings of the planner, each with a sentence that says what it does."""

from __future__ import annotations

from tandem.agents.common.settings import Count, CountOrZero, Settings


class PlannerConfig(Settings):
    """The search for the best joint action in the model."""

    exact_patterns: Count = 2500
    """Up to this many network patterns, (network options + 1)^users, all are tried."""
    count_combinations: Count = 48
    """Beyond that: how many divisions of users over the sites are solved as a knapsack."""
    knapsack_sweeps: Count = 14
    """Rounds of price adjustment per knapsack."""
    starts: Count = 2
    """Best knapsack solutions from which local search begins."""
    local_steps: CountOrZero = 8
    """Improvements per start that local search makes at most."""
    swap_candidates: CountOrZero = 5
    """Users per site whose exchange with a user of another site is tried in a local step."""
