# SPDX-License-Identifier: MIT
"""Closed-form optima against brute force over all joint actions, on synthetic tables."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tandem.agents.evaluation.exact_frontier import exact_frontier, fastest_above
from tandem.agents.evaluation.lower_bound import lower_bound_s
from tandem.agents.evaluation.outcome_table import OutcomeTable, UnmeasuredPattern
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.patterns import ON_DEVICE, PatternSpace
from tandem.agents.inference.sites import Sites

TIMEOUT_S = 10.0
DEVICE, EDGE, CLOUD = Sites().codes


def options(
    sites: list[int], service_s: list[float], accuracy: list[float], upload: float = 1e5
) -> OptionTable:
    site = np.array(sites, dtype=np.int32)
    remote = site != DEVICE
    return OptionTable(
        site=site,
        variant=tuple(f"d{index}" for index in range(len(sites))),
        service_s=np.array(service_s),
        upload_bytes=np.where(remote, upload, 0.0),
        reply_bytes=np.where(remote, 4e3, 0.0),
        top5_percent=np.array(accuracy),
    )


TABLE_OPTIONS = options(
    [DEVICE, DEVICE, DEVICE, EDGE, CLOUD],
    [0.19, 0.06, 0.02, 0.09, 0.05],
    [89.9, 84.9, 72.8, 89.9, 89.9],
)


def synthetic(
    option_table: OptionTable, users: int, seed: int, *, timeouts: float = 0.1, alike: bool = True
) -> OutcomeTable:
    """Random response times, some of them time-outs, as a simulator would report them."""
    rng = np.random.default_rng(seed)
    space = PatternSpace.merged(option_table)
    patterns = np.array(list(space.every(users)), dtype=np.intp).reshape(-1, users)
    local = patterns == ON_DEVICE
    answered = rng.random(patterns.shape) >= timeouts
    response_s = np.where(answered, rng.uniform(0.05, 0.4, patterns.shape).round(9), TIMEOUT_S)
    device_s = np.tile(option_table.service_s[space.devices], (users, 1))
    if not alike:
        device_s = (device_s * rng.uniform(0.5, 2.0, device_s.shape)).round(9)
    return OutcomeTable(
        space=space,
        top5_percent=option_table.top5_percent,
        observation={},
        patterns=patterns,
        response_s=np.where(local, 0.0, response_s),
        answered=answered & ~local,
        device_response_s=device_s,
        device_answered=np.ones(device_s.shape, dtype=np.bool_),
        arrival_s=np.zeros(users),
    )


def brute_force(table: OutcomeTable, rule: PaperCost, count: int) -> float:
    """Least cost over all joint actions, each of them computed on its own."""
    row = {tuple(pattern): index for index, pattern in enumerate(table.patterns.tolist())}
    devices = table.space.devices.tolist()
    least = np.inf
    for action in itertools.product(range(count), repeat=table.users):
        pattern = row[tuple(int(table.space.group[option]) for option in action)]
        response, accuracy = [], []
        for user, option in enumerate(action):
            if option in devices:
                response.append(table.device_response_s[user, devices.index(option)])
                answered = table.device_answered[user, devices.index(option)]
            else:
                response.append(table.response_s[pattern, user])
                answered = table.answered[pattern, user]
            accuracy.append(table.top5_percent[option] * answered)
        if np.mean(accuracy) >= rule.threshold_percent - 1e-9:
            cost = float(np.mean(response))
        else:
            cost = max(*response, rule.violation_s)
        least = min(least, cost)
    return least


@pytest.mark.parametrize("violation_s", [0.0, 0.3, np.inf])
@pytest.mark.parametrize("threshold", [0.0, 80.0, 85.0, 89.9])
@pytest.mark.parametrize("alike", [True, False])
def test_optimum_is_that_of_brute_force(violation_s: float, threshold: float, alike: bool) -> None:
    rule = PaperCost(threshold, violation_s)
    for seed in range(6):
        table = synthetic(TABLE_OPTIONS, 3, seed, alike=alike)
        best = table.optimum(rule)
        assert best.cost_s == pytest.approx(brute_force(table, rule, 5), abs=1e-12)
        assert table.costs_s(best.action, rule)[0] == best.cost_s


def test_penalty_can_be_the_optimum() -> None:
    table = synthetic(TABLE_OPTIONS, 2, 0, timeouts=0.0)
    best = table.optimum(PaperCost(85.0, 0.0))
    assert not best.accurate
    assert best.action.tolist() == [2, 2]
    assert best.cost_s == 0.02
    assert table.optimum(PaperCost(85.0, np.inf)).accurate


def test_no_device_options() -> None:
    only_remote = options([EDGE, CLOUD], [0.1, 0.05], [89.9, 84.0])
    table = synthetic(only_remote, 3, 1)
    for violation_s in (0.0, np.inf):
        rule = PaperCost(80.0, violation_s)
        assert table.optimum(rule).cost_s == pytest.approx(brute_force(table, rule, 2))


def test_device_that_times_out_answers_nothing() -> None:
    table = synthetic(TABLE_OPTIONS, 2, 2)
    table.device_answered[:, 0] = False
    table.device_response_s[:, 0] = TIMEOUT_S
    rule = PaperCost(85.0)
    assert table.optimum(rule).cost_s == pytest.approx(brute_force(table, rule, 5))


def test_alike_remote_options_share_a_pattern_and_keep_their_accuracy() -> None:
    twins = options([DEVICE, EDGE, EDGE, CLOUD], [0.02, 0.1, 0.1, 0.05], [72.8, 80.0, 89.9, 89.9])
    space = PatternSpace.merged(twins)
    assert space.group.tolist() == [ON_DEVICE, 1, 1, 2]
    assert space.remote.tolist() == [2, 3]
    assert space.count(3) == 27
    table = synthetic(twins, 3, 0)
    rule = PaperCost(85.0)
    assert table.optimum(rule).cost_s == pytest.approx(brute_force(table, rule, 4))
    response_s, accuracy = table.outcome(np.array([[1, 0, 0], [2, 0, 0]]))
    assert response_s[0, 0] == response_s[1, 0]
    assert accuracy[0, 0] < accuracy[1, 0] or not accuracy[1, 0]


def test_unmeasured_pattern_is_named() -> None:
    whole = synthetic(TABLE_OPTIONS, 2, 0)
    part = replace(
        whole,
        patterns=whole.patterns[:4],
        response_s=whole.response_s[:4],
        answered=whole.answered[:4],
    )
    assert whole.is_complete
    assert not part.is_complete
    with pytest.raises(UnmeasuredPattern, match=r"\[4, 4\] was not run .* 4 of 9 patterns"):
        part.costs_s(np.array([4, 4]), PaperCost(85.0))


def test_frontier_of_many_users_stays_exact_and_small() -> None:
    rng = np.random.default_rng(0)
    time_s = np.tile(np.sort(rng.uniform(0.02, 0.2, 8)).round(9), (50, 1))
    accuracy = np.tile(np.sort(rng.uniform(70.0, 90.0, 8)).round(1), (50, 1))
    frontier = exact_frontier(time_s, accuracy)
    assert (np.diff(frontier.time) > 0).all()
    assert (np.diff(frontier.accuracy) > 0).all()
    assert len(frontier.time) <= 50 * (accuracy[0, -1] - accuracy[0, 0]) * 10 + 1
    assert fastest_above(frontier, 50 * 91.0) is None
    assert fastest_above(frontier, 0.0) is not None


@pytest.mark.parametrize("violation_s", [0.0, 0.3, np.inf])
def test_lower_bound_holds_for_queues_of_any_radio(violation_s: float) -> None:
    """Responses no better than ideal ones, made by an independent simulation of the site."""
    users, workers = 4, 2
    meta = {
        "options": [
            {
                "option": index,
                "site": Sites().label(int(site)),
                "variant": f"d{index}",
                "service_s": float(TABLE_OPTIONS.service_s[index]),
                "upload_bytes": float(TABLE_OPTIONS.upload_bytes[index]),
                "reply_bytes": float(TABLE_OPTIONS.reply_bytes[index]),
                "top5_percent": float(TABLE_OPTIONS.top5_percent[index]),
            }
            for index, site in enumerate(TABLE_OPTIONS.site)
        ],
        "timeout_s": TIMEOUT_S,
        "weak_delay_s": 0.02,
        "conditions": ["regular", "weak", "regular", "regular"],
        "sites": [{"name": "edge", "cores": 1}, {"name": "cloud", "cores": workers}],
        "topology": {
            "links": [
                {"a": "ap", "b": "edge", "rate_bps": 1e9, "delay_s": 0.0005},
                {"a": "ap", "b": "cloud", "rate_bps": 1e8, "delay_s": 0.02},
            ]
        },
    }
    capacity = {3: (1, 1e9, 0.0005), 4: (workers, 1e8, 0.02)}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        arrival_s = rng.uniform(0.0, 0.02, users)
        radio_s = rng.uniform(0.0, 0.03, users)
        table = synthetic(TABLE_OPTIONS, users, seed, timeouts=0.0)
        for row, pattern in enumerate(table.patterns):
            for option, (servers, rate, delay) in capacity.items():
                senders = np.flatnonzero(table.space.playable(pattern) == option)
                at_site = arrival_s + radio_s + 8e5 / rate + delay
                free = [0.0] * servers
                for user in senders[np.argsort(at_site[senders])]:
                    server = int(np.argmin(free))
                    begun = max(free[server], at_site[user])
                    free[server] = begun + TABLE_OPTIONS.service_s[option]
                    back = 3.2e4 / rate + delay
                    table.response_s[row, user] = free[server] + back - arrival_s[user]
        state = replace(table, arrival_s=arrival_s)
        for threshold in (0.0, 85.0, 89.9):
            rule = PaperCost(threshold, violation_s)
            bound = lower_bound_s(state, meta, rule)
            assert 0.0 < bound <= state.optimum(rule).cost_s
