# SPDX-License-Identifier: MIT
"""The search for the baselines' settings: what is tried, what is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tandem.agents.registry import learner_config, learner_kind
from tandem.scripts.app.experiments.wrong_knowledge import SETTINGS
from tandem.scripts.app.training.baseline_grid import GRID, Search
from tandem.scripts.app.training.baseline_table import markdown


def names(given: Mapping[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, value in given.items():
        if isinstance(value, Mapping):
            found |= names(value, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


@pytest.mark.parametrize("search", GRID, ids=lambda search: search.agent)
def test_each_baseline_tries_few_different_settings(search: Search) -> None:
    configs = [learner_config(search.agent, given) for given in search.settings]
    assert len(configs) <= 8
    assert len({config.model_dump_json() for config in configs}) == len(configs)
    assert len({frozenset(names(given)) for given in search.settings}) == 1
    assert all(known in SETTINGS for known in search.known)
    assert list(search.evaluations) == sorted(set(search.evaluations))


@pytest.mark.parametrize("search", GRID, ids=lambda search: search.agent)
def test_defaults_are_one_of_the_settings(search: Search) -> None:
    default = learner_kind(search.agent).default
    assert default in [learner_config(search.agent, given) for given in search.settings]


def result(explore: int, excess: list[float], simulated: bool = False) -> dict[str, Any]:
    return {
        "agent": "joint-dqn",
        "given": {"epsilon": {"interactions": explore}},
        "known": "default-3",
        "simulated": simulated,
        "evaluations": [10, 20, 30, 40],
        "excess_percent": excess,
        "mean_cost_while_learning_s": 0.3,
    }


def test_the_first_to_arrive_is_chosen_and_ns3_only_checks() -> None:
    text = markdown(
        [
            result(300, [9.0, 4.0, 4.0, 4.0]),
            result(300, [9.0, 1.0, 6.0, 9.0]),
            result(900, [4.0, 4.0, 3.0, 9.0]),
            result(900, [9.0, 4.0, 4.0, 3.0]),
            result(300, [0.0, 0.0, 0.0, 0.0], simulated=True),
        ],
        5,
    )
    assert "runs are finished" not in text
    rows = [line for line in text.splitlines() if line.startswith(("| `", "| **"))]
    # Arrived after 20, and not within 40: it counts with 40.
    assert rows == [
        "| `epsilon.interactions` 300 | 9.0 | 2.5 | 5.0 | 6.5 | > 30 | 5.8 | 300 |",
        "| **`epsilon.interactions` 900** | 6.5 | 4.0 | 3.5 | 6.0 | 15 | 4.8 | 300 |",
        "| `epsilon.interactions` 300, in ns-3 | 0.0 | 0.0 | 0.0 | 0.0 | 10 | 0.0 | 300 |",
    ]


def test_of_those_that_arrive_together_the_better_one_is_chosen() -> None:
    text = markdown([result(300, [4.0, 4.0, 4.0, 4.0]), result(900, [4.0, 4.0, 4.0, 3.0])], 4)
    assert "2 of 4 runs are finished" in text
    assert "**`epsilon.interactions` 900**" in text
