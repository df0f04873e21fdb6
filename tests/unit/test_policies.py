# SPDX-License-Identifier: MIT
"""Fixed policies on a hand-made option table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from tandem.agents.api import Agent
from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.heuristics import FixedPolicy, GreedyPolicy, RandomPolicy
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.sites import DEVICE, Sites

COLUMNS = {"rate_bps": 0, "edge_rtt_s": 1, "cloud_rtt_s": 2}
META: dict[str, Any] = {
    "device_service_scale": 2.0,
    "options": [
        {"option": 0, "site": "device", "variant": "d0", "service_s": 0.4, "top5_percent": 89.9},
        {"option": 1, "site": "device", "variant": "d4", "service_s": 0.2, "top5_percent": 88.9},
        {"option": 2, "site": "device", "variant": "d7", "service_s": 0.02, "top5_percent": 72.8},
        {"option": 3, "site": "edge", "variant": "d0", "service_s": 0.05, "top5_percent": 89.9},
        {"option": 4, "site": "cloud", "variant": "d0", "service_s": 0.02, "top5_percent": 89.9},
    ],
}
for _row in META["options"]:
    offloaded = _row["site"] != "device"
    _row.update(upload_bytes=125_000 if offloaded else 0, reply_bytes=0)


@pytest.fixture
def table() -> OptionTable:
    return OptionTable.from_meta(META)


def test_service_times_are_taken_as_the_scenario_publishes_them(table: OptionTable) -> None:
    assert table.service_s.tolist() == pytest.approx([0.4, 0.2, 0.02, 0.05, 0.02])


def test_most_accurate_option_per_site(table: OptionTable) -> None:
    assert [table.most_accurate(site) for site in Sites().codes] == [0, 3, 4]


def test_faster_of_equally_accurate_options_wins() -> None:
    options = [dict(row) for row in META["options"][:2]]
    options[1]["top5_percent"] = options[0]["top5_percent"]
    assert OptionTable.from_meta({"options": options}).most_accurate(DEVICE) == 1


def test_missing_site_is_named() -> None:
    table = OptionTable.from_meta({"options": META["options"][:3]})
    with pytest.raises(PolicyError, match="runs at the edge"):
        table.most_accurate(Sites().labels.index("edge"))


def test_scenario_without_options_is_refused() -> None:
    with pytest.raises(PolicyError, match="publishes no options"):
        OptionTable.from_meta({})


def test_unknown_site_is_named() -> None:
    row = {**META["options"][0], "site": "moon"}
    with pytest.raises(PolicyError, match="'moon': one of device, edge, cloud"):
        OptionTable.from_meta({"options": [row]})


def test_fixed_policy_hands_out_copies() -> None:
    policy = FixedPolicy("edge", 3, 8)
    policy.act({})[0] = 0
    assert policy.act({}).tolist() == [8, 8, 8]
    assert policy.act({}).dtype == np.int32


def test_random_policy_follows_from_the_seed() -> None:
    policy = RandomPolicy(spaces.MultiDiscrete([5] * 64, dtype=np.int32))
    policy.begin_episode(3)
    first = [policy.act({}).tolist() for _ in range(4)]
    policy.begin_episode(3)
    assert [policy.act({}).tolist() for _ in range(4)] == first
    policy.begin_episode(4)
    assert policy.act({}).tolist() != first[0]
    assert set(np.ravel(first)) == set(range(5))


def test_greedy_takes_the_nominally_fastest(table: OptionTable) -> None:
    policy = GreedyPolicy(table, COLUMNS, 85.0)
    users = np.array(
        [
            [100e6, 0.001, 0.040],  # 10 ms upload: edge 61 ms, cloud 70 ms
            [100e6, 0.050, 0.010],  # cloud 40 ms
            [1e6, 0.001, 0.040],  # 1 s upload: device d4, 200 ms
            [0.0, 0.001, 0.040],  # nothing sent yet: unknown is not fast
        ]
    )
    assert policy.act({"users": users}).tolist() == [3, 4, 1, 1]
    nominal = policy.nominal_s(users)
    assert nominal[0].tolist() == pytest.approx([0.4, 0.2, 0.02, 0.061, 0.07])


def test_greedy_keeps_the_accuracy_threshold(table: OptionTable) -> None:
    slow = {"users": np.array([[1e5, 1.0, 1.0]])}
    assert GreedyPolicy(table, COLUMNS, 70.0).act(slow).tolist() == [2]
    assert GreedyPolicy(table, COLUMNS, 89.0).act(slow).tolist() == [0]
    with pytest.raises(PolicyError, match=r"no option reaches .* 95"):
        GreedyPolicy(table, COLUMNS, 95.0)


def test_greedy_names_a_missing_column(table: OptionTable) -> None:
    with pytest.raises(PolicyError, match="lacks cloud_rtt_s"):
        GreedyPolicy(table, {"rate_bps": 0, "edge_rtt_s": 1}, 85.0)


def test_policies_are_agents(table: OptionTable) -> None:
    policies: list[Agent] = [
        FixedPolicy("edge", 3, 8),
        RandomPolicy(spaces.MultiDiscrete([2])),
        GreedyPolicy(table, COLUMNS, 85.0),
    ]
    assert all(isinstance(policy, Agent) for policy in policies)
