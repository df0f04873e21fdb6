# SPDX-License-Identifier: MIT
"""Hand-made inference problems for tests of learning agents, without a simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction, Observation, Transition
from tandem.agents.inference.components import DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.problem import JointProblem

USER_COLUMNS = (
    "snr_db",
    "rate_bps",
    "mcs",
    "edge_cwnd_bytes",
    "cloud_cwnd_bytes",
    "edge_ssthresh_bytes",
    "cloud_ssthresh_bytes",
    "edge_idle_s",
    "cloud_idle_s",
    "edge_rtt_s",
    "cloud_rtt_s",
    "weak",
    "goodput_bps",
    "device_backlog_s",
    "last_option",
)
SITE_COLUMNS = ("cores", "busy_cores", "queue_length", "backlog_s", "background_utilisation")
CELL_COLUMNS = ("kind", "background_bps")
EDGE, CLOUD = 2, 3


def make_problem(users: int, cells: tuple[str, ...] = ("wifi",)) -> JointProblem:
    """Two device variants, one option at the edge, one in the cloud."""
    options = OptionTable(
        site=np.array([0, 0, 1, 2], dtype=np.int32),
        variant=("d0", "d7", "d0", "d0"),
        service_s=np.array([0.3, 0.05, 0.1, 0.05]),
        upload_bytes=np.array([0.0, 0.0, 150e3, 150e3]),
        reply_bytes=np.array([0.0, 0.0, 4e3, 4e3]),
        top5_percent=np.array([89.9, 72.8, 89.9, 89.9]),
    )
    return JointProblem(
        users=users,
        options=options,
        rule=PaperCost(85.0),
        timeout_s=10.0,
        user_cells=np.arange(users, dtype=np.int32) % len(cells),
        cell_kinds=cells,
        user_columns={name: i for i, name in enumerate(USER_COLUMNS)},
        site_columns={name: i for i, name in enumerate(SITE_COLUMNS)},
        cell_columns={name: i for i, name in enumerate(CELL_COLUMNS)},
        site_delay_s=((0.0005, 0.02),) * len(cells),
        weak_delay_s=0.02,
    )


def make_observation(
    problem: JointProblem, rng: np.random.Generator | None = None, **users: Any
) -> Observation:
    """An idle network of fast users; ``rng`` varies rates, ``users`` sets columns."""
    block = np.zeros((problem.users, len(USER_COLUMNS)))
    values: dict[str, Any] = {
        "snr_db": 30.0,
        "rate_bps": 50e6,
        "edge_cwnd_bytes": 14e3,
        "cloud_cwnd_bytes": 14e3,
        "edge_ssthresh_bytes": 1e6,
        "cloud_ssthresh_bytes": 1e6,
        **users,
    }
    if rng is not None:
        values["rate_bps"] = rng.uniform(10e6, 60e6, problem.users)
    for name, value in values.items():
        block[:, problem.user_columns[name]] = value
    sites = np.zeros((2, len(SITE_COLUMNS)))
    sites[:, 0] = 1.0
    return {"users": block, "sites": sites, "cells": np.zeros((len(problem.cell_kinds), 2))}


def permuted(observation: Observation, order: NDArray[np.intp]) -> Observation:
    """The same state with the users in another order."""
    return {**observation, "users": observation["users"][order]}


def synthetic_transition(
    problem: JointProblem, rng: np.random.Generator, slowdown: float
) -> Transition:
    """What `played_transition` makes of a random action at a random state."""
    observation = make_observation(problem, rng)
    action = rng.integers(4, size=problem.users).astype(np.int32)
    return played_transition(problem, observation, action, observation, slowdown)


def played_transition(
    problem: JointProblem,
    observation: Observation,
    action: JointAction,
    next_observation: Observation,
    slowdown: float = 1.0,
) -> Transition:
    """What comes of a joint action: offloaders of one cell share the air, jobs share the edge.

    Uplink = ``slowdown`` × (offloaders) × upload time; site wait = half of the other jobs.
    """
    away = action >= EDGE
    rate = observation["users"][:, problem.user_columns["rate_bps"]]
    components = np.zeros((problem.users, 5))
    components[:, DEVICE] = np.where(away, 0.0, problem.options.service_s[action])
    upload_s = 8 * 150e3 / rate
    components[:, UPLINK] = np.where(away, slowdown * away.sum() * upload_s, 0.0)
    for site in (EDGE, CLOUD):
        here = action == site
        service = problem.options.service_s[site]
        components[here, SERVICE] = service
        components[here, WAIT] = service * 0.5 * (here.sum() - 1)
    components[:, DOWNLINK] = np.where(away, 0.002, 0.0)
    return Transition(
        observation=observation,
        action=action,
        components_s=components,
        answered=np.ones(problem.users, dtype=bool),
        upload_bytes=problem.options.upload_bytes[action],
        cost_s=float(problem.cost_s(components.sum(axis=1), action)),
        next_observation=next_observation,
        ended=False,
    )
