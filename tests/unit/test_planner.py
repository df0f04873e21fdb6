# SPDX-License-Identifier: MIT
"""The planner against brute force, in synthetic congestion models."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.config import PlannerConfig
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.planner import Planner
from tandem.agents.inference.planning.knapsack import (
    HullUpgrades,
    cheapest_variants,
    frontiers,
)
from tandem.agents.inference.problem import JointProblem
from tandem.dnn_profiles.pareto import front

Array = NDArray[np.float64]
ACCURACY = np.array([89.9, 88.2, 84.9, 74.2, 88.9, 87.0, 83.2, 72.8])
SERVICE_S = np.array([0.19, 0.114, 0.061, 0.027, 0.103, 0.065, 0.037, 0.019])


def make_problem(
    users: int, threshold: float, network: tuple[float, ...] = (89.9, 89.9)
) -> JointProblem:
    devices, remote = len(ACCURACY), len(network)
    options = OptionTable(
        site=np.array([0] * devices + [1 + i % 2 for i in range(remote)], dtype=np.int32),
        variant=tuple(f"d{i}" for i in range(devices + remote)),
        service_s=np.concatenate([SERVICE_S, np.full(remote, 0.05)]),
        upload_bytes=np.array([0.0] * devices + [150e3] * remote),
        reply_bytes=np.zeros(devices + remote),
        top5_percent=np.concatenate([ACCURACY, network]),
    )
    return JointProblem(
        users=users,
        options=options,
        rule=PaperCost(threshold),
        timeout_s=10.0,
        user_cells=np.zeros(users, dtype=np.int32),
        cell_kinds=("wifi",),
        user_columns={},
        site_columns={},
        cell_columns={},
    )


@dataclass(frozen=True)
class Congestion:
    """Offloaders slow each other: on the air all, at a site those who chose it."""

    device_s: Array
    alone_s: Array  # [N, M]
    air_s: Array  # [N]
    site_s: Array  # [M]

    @classmethod
    def draw(cls, problem: JointProblem, seed: int) -> Congestion:
        rng = np.random.default_rng(seed)
        n, m = problem.users, len(problem.network_options)
        service = problem.options.service_s[problem.device_options]
        return cls(
            device_s=service * rng.uniform(0.5, 2.0, (n, 1)),
            alone_s=rng.uniform(0.02, 0.12, (n, m)),
            air_s=rng.uniform(0.002, 0.03, n),
            site_s=rng.uniform(0.005, 0.05, m),
        )

    def field_s(self, weights: Array) -> Array:
        air = (weights * self.air_s[:, None]).sum(axis=2)
        air = air.sum(axis=1, keepdims=True) - air
        jobs = weights.sum(axis=1, keepdims=True) - weights
        return np.asarray(self.alone_s + air[..., None] + jobs * self.site_s)

    def pattern_s(self, patterns: NDArray[np.intp]) -> Array:
        weights = (patterns[..., None] == 1 + np.arange(self.alone_s.shape[1])).astype(float)
        return np.asarray((self.field_s(weights) * weights).sum(axis=-1))


def brute_force(problem: JointProblem, view: Congestion) -> float:
    """Least mean response time over all K^N accurate joint actions."""
    planner = Planner(problem, PlannerConfig())
    every = np.array(list(itertools.product(range(len(problem.options)), repeat=problem.users)))
    every = every[problem.is_accurate(every)]
    patterns = planner.pattern_of(every)
    remote = view.pattern_s(patterns)
    user = np.arange(problem.users)
    device = np.minimum(every, view.device_s.shape[1] - 1)
    times = np.where(patterns > 0, remote, view.device_s[user, device])
    return float(times.mean(axis=1).min())


@pytest.mark.parametrize("threshold", [0.0, 80.0, 85.0, 89.0, 89.9])
@pytest.mark.parametrize("seed", range(3))
def test_exact_plan_is_the_optimum(threshold: float, seed: int) -> None:
    problem = make_problem(4, threshold)
    view = Congestion.draw(problem, seed)
    plan = Planner(problem, PlannerConfig()).plan(view)
    assert plan.exact
    assert problem.is_accurate(plan.action)
    assert plan.cost_s == pytest.approx(brute_force(problem, view), rel=1e-9)


@pytest.mark.parametrize("threshold", [80.0, 85.0, 89.0, 89.9])
@pytest.mark.parametrize("seed", range(4))
def test_search_comes_close_to_the_optimum(threshold: float, seed: int) -> None:
    problem = make_problem(7, threshold)
    view = Congestion.draw(problem, seed)
    exact = Planner(problem, PlannerConfig()).plan(view)
    found = Planner(problem, PlannerConfig(exact_patterns=1)).plan(view)
    assert exact.exact
    assert not found.exact
    assert problem.is_accurate(found.action)
    assert exact.cost_s - 1e-12 <= found.cost_s <= 1.02 * exact.cost_s


def test_network_options_may_differ_in_accuracy() -> None:
    problem = make_problem(4, 88.0, network=(70.0, 89.9, 85.0))
    view = Congestion.draw(problem, 5)
    plan = Planner(problem, PlannerConfig()).plan(view)
    assert problem.is_accurate(plan.action)
    assert plan.cost_s == pytest.approx(brute_force(problem, view), rel=1e-9)


@pytest.mark.parametrize("threshold", [0.0, 85.0, 89.9])
def test_fifty_users_obey_the_threshold_and_beat_simple_plans(threshold: float) -> None:
    problem = make_problem(50, threshold)
    view = Congestion.draw(problem, 1)
    planner = Planner(problem, PlannerConfig())
    plan = planner.plan(view)
    assert problem.is_accurate(plan.action)
    assert plan.cost_s == pytest.approx(planner.cost_s(view, plan.action))
    for group in range(3):
        fixed = planner.complete(view, np.full(50, group, dtype=np.intp))
        assert problem.is_accurate(fixed)
        assert plan.cost_s < planner.cost_s(view, fixed)


def test_search_is_polynomial_in_users() -> None:
    seconds = []
    for users in (16, 32):
        problem = make_problem(users, 85.0)
        planner, view = Planner(problem, PlannerConfig()), Congestion.draw(problem, 2)
        planner.plan(view)
        start = time.perf_counter()
        planner.plan(view)
        seconds.append(time.perf_counter() - start)
    # Twice the users may cost 2^3 as much, not 2^16; the rest is slack for a busy machine.
    assert seconds[1] < 30.0 * seconds[0]


def test_infeasible_pattern_is_left_by_as_few_users_as_possible() -> None:
    problem = make_problem(4, 89.0, network=(70.0, 89.9))
    view = Congestion.draw(problem, 0)
    planner = Planner(problem, PlannerConfig())
    action = planner.complete(view, np.array([1, 2, 2, 2]))
    assert problem.is_accurate(action)
    assert action[1:].tolist() == [9, 9, 9]


def test_unreachable_threshold_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"no joint action reaches .* 95"):
        make_problem(3, 95.0)


def test_projection_takes_the_cheapest_accurate_values() -> None:
    problem = make_problem(2, 85.0)
    cost = np.ones((2, 10))
    cost[:, 7] = 0.0  # cheap but inaccurate
    cost[:, 6] = 0.1
    cost[:, 8] = 0.5
    action = Planner(problem, PlannerConfig()).project(cost)
    assert sorted(action.tolist()) == [6, 8]


@pytest.mark.parametrize("seed", range(5))
def test_knapsacks_agree_with_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time_s = rng.uniform(0.01, 1.0, (3, 5))
    accuracy = np.round(rng.uniform(60.0, 90.0, 5), 1)
    needed = float(3 * rng.uniform(accuracy.min(), accuracy.max()))
    every = np.array(list(itertools.product(range(5), repeat=3)))
    total = time_s[np.arange(3), every].sum(axis=1)
    feasible = accuracy[every].sum(axis=1) >= needed
    best = total[feasible].min()

    choice = cheapest_variants(time_s, accuracy, needed)
    assert choice is not None
    assert accuracy[choice].sum() >= needed
    assert time_s[np.arange(3), choice].sum() == pytest.approx(best)

    frontier = frontiers(time_s, accuracy)[7]
    point = int(frontier.fastest_above(needed))
    assert frontier.time[point] == pytest.approx(best)
    assert time_s[np.arange(3), frontier.choice[point]].sum() == pytest.approx(best)

    upgrades = HullUpgrades(time_s, accuracy)
    found, variants = upgrades.solve(np.ones((1, 3), dtype=bool), np.array([needed]))
    assert accuracy[variants[0]].sum() >= needed - 1e-9
    assert time_s[np.arange(3), variants[0]].sum() == pytest.approx(found[0])
    assert found[0] >= best - 1e-12


def test_knapsack_out_of_reach() -> None:
    accuracy = np.array([80.0, 70.0])
    time_s = np.ones((2, 2))
    assert cheapest_variants(time_s, accuracy, 161.0) is None
    frontier = frontiers(time_s, accuracy)[3]
    assert frontier.fastest_above(161.0) == len(frontier.time)
    total, _ = HullUpgrades(time_s, accuracy).solve(np.ones((1, 2), bool), np.array([161.0]))
    assert np.isinf(total[0])


def test_pareto_keeps_only_undominated_points() -> None:
    keep = front(np.array([2.0, 1.0, 3.0, 2.5, 1.0]), np.array([90.0, 80.0, 85.0, 90.0, 80.0]))
    assert keep.tolist() == [1, 0]
