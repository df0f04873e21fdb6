# SPDX-License-Identifier: MIT
"""Energy of requests and users against what their frames give by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import PolicyError, cost_rule_of
from tandem.agents.inference.objective import OBJECTIVES, TimeEnergyObjective
from tandem.agents.inference.request_table import ENERGY_COLUMNS
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import UnfitObjective
from tandem.scripts.app.tables import cell_text

EPOCHS = 3
#: W: idle, transmitting, receiving.
DRAWS = {"wifi": (0.25, 1.25, 0.75), "lte": (1.5, 3.5, 2.0)}
DEVICE_W = 4.0
BATTERY_J = 5.0
#: Rows of the option table.
LOCAL = 0
#: One user and nobody else on the air, so that every frame is its own or for it.
ALONE = {"users": 1, "epochs": EPOCHS, "backgroundStations": 0}
ACCESS = {"wifi-edge": "wifi", "lte-edge": "lte"}


def watched(scenario: str, **more: Any) -> dict[str, Any]:
    kind = ACCESS[scenario]
    draws = zip(("Idle", "Tx", "Rx"), DRAWS[kind], strict=True)
    return {
        **ALONE,
        "energy": True,
        "deviceDraw": DEVICE_W,
        **{f"{kind}{state}Draw": watt for state, watt in draws},
        **more,
    }


def edge_option(env: TandemEnv) -> int:
    sites = [row["site"] for row in env.schema.meta["options"]]
    return sites.index("edge")


def meets(frames: NDArray[np.void], others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which frames are on the air at the same time as one of the others: collisions."""
    begin_s, end_s = frames["start_s"], frames["start_s"] + frames["duration_s"]
    together = (begin_s[:, None] < end_s[others]) & (end_s[:, None] > begin_s[others])
    return np.asarray(together.any(axis=1))


@pytest.mark.parametrize("scenario", ACCESS)
def test_a_requests_radio_energy_is_that_of_its_frames(scenario: str) -> None:
    idle_w, tx_w, rx_w = DRAWS[ACCESS[scenario]]
    full_duplex = scenario == "lte-edge"
    with TandemEnv(scenario, watched(scenario, frames=True)) as env:
        env.reset(seed=3)
        for _ in range(EPOCHS):
            info = env.step([edge_option(env)])[4]
            (row,) = info["requests"]
            begin_s = row["arrival_s"] + row["device_queue_s"]
            end_s = row["arrival_s"] + row["response_time_s"]
            frames = info["airtime"]
            here = (frames["start_s"] >= begin_s - 1e-9) & (frames["start_s"] < end_s - 1e-9)
            frames = frames[here]
            nodes = [node["name"] for node in env.schema.meta["topology"]["nodes"]]
            mine = frames["sender"] == nodes.index("user-0")
            # The reply may be there before the frame that brings it, with others in it, is over.
            length_s = np.minimum(frames["duration_s"], end_s - frames["start_s"])
            heard = ~mine & (full_duplex | ~meets(frames, mine))
            sent_s, received_s = length_s[mine].sum(), length_s[heard].sum()
            assert sent_s > 0.0
            assert received_s > 0.0
            by_hand_j = (tx_w - idle_w) * sent_s + (rx_w - idle_w) * received_s
            assert row["radio_energy_j"] == pytest.approx(by_hand_j, rel=1e-3)
            assert row["device_energy_j"] == 0.0


@pytest.mark.parametrize("scenario", ACCESS)
def test_the_observation_sums_up_and_empties_the_battery(scenario: str) -> None:
    idle_w = DRAWS[ACCESS[scenario]][0]
    with TandemEnv(scenario, watched(scenario, battery=BATTERY_J, settle=0.1)) as env:
        observation, _ = env.reset(seed=3)
        columns = [column.name for column in env.schema.block("users").columns]
        at = {name: columns.index(name) for name in (*ENERGY_COLUMNS, "battery_j", "airtime_s")}
        spent_j = 0.0
        for option in (edge_option(env), LOCAL, edge_option(env)):
            before_j = observation["users"][0, at["battery_j"]]
            observation, *_, info = env.step([option])
            seen = observation["users"][0]
            (row,) = info["requests"]
            # An idle radio draws power as well, so that the observation has more.
            extra_j = row["radio_energy_j"]
            assert seen[at["radio_energy_j"]] > extra_j + idle_w * row["response_time_s"] * 0.99
            busy_s = row["device_compute_s"]
            assert seen[at["device_energy_j"]] == pytest.approx(DEVICE_W * busy_s)
            assert row["device_energy_j"] == pytest.approx(DEVICE_W * busy_s)
            drawn_j = seen[at["radio_energy_j"]] + seen[at["device_energy_j"]]
            left_j = max(0.0, before_j - drawn_j)
            assert seen[at["battery_j"]] == pytest.approx(left_j)
            spent_j += drawn_j
        assert spent_j > 0.0
        # A new episode has a full battery.
        observation, _ = env.reset(seed=4)
        assert observation["users"][0, at["battery_j"]] > BATTERY_J - spent_j


def test_nothing_else_changes() -> None:
    """Watching energy adds columns at the end; what was there stays as it is."""

    def play(**more: Any) -> list[Any]:
        with TandemEnv("hetnet", {"users": 4, "epochs": 2, **more}) as env:
            env.reset(seed=1)
            return [
                np.sort(env.step(np.full(4, edge_option(env)))[4]["requests"]) for _ in range(2)
            ]

    plain, radio, watching = play(), play(energy=True), play(energy=True, deviceDraw=DEVICE_W)
    names = list(plain[0].dtype.names)
    assert list(radio[0].dtype.names) == [*names, ENERGY_COLUMNS[0]], "what is not known"
    assert list(watching[0].dtype.names) == [*names, *ENERGY_COLUMNS]
    for one, other in zip(plain, watching, strict=True):
        assert all((one[name] == other[name]).all() for name in names)
        assert (other["radio_energy_j"] > 0.0).all()


def test_the_objective_charges_both() -> None:
    objective = TimeEnergyObjective(seconds_per_joule=2.0, accuracy_threshold_percent=0.0)
    with TandemEnv("wifi-edge", watched("wifi-edge"), objective=objective) as env:
        env.reset(seed=3)
        for option in (edge_option(env), LOCAL):
            _, reward, *_, info = env.step([option])
            (row,) = info["requests"]
            energy_j = row["radio_energy_j"] + row["device_energy_j"]
            assert energy_j > 0.0
            assert reward == pytest.approx(-(row["response_time_s"] + 2.0 * energy_j))
        with pytest.raises(PolicyError, match="rates only epochs that were played"):
            cost_rule_of(objective, env.schema.meta)
    with pytest.raises(UnfitObjective, match="--set energy=1"):
        TandemEnv("wifi-edge", {"users": 1}, objective=OBJECTIVES["time+energy"])
    with pytest.raises(ValueError, match="seconds_per_joule is -1"):
        TimeEnergyObjective(-1.0)


def test_the_oracle_finds_the_least_time_and_energy() -> None:
    """Against every joint action, where a transmission costs more than a slow device."""
    arguments = {
        "users": 2,
        "energy": True,
        "deviceDraw": 1.0,
        "backgroundStations": 0,
        "edgeBusyLoad": 0,
        "edgeQuietLoad": 0,
        "epochs": 4,
    }
    best = {}
    for seconds_per_joule in (0.0, 20.0):
        objective = TimeEnergyObjective(seconds_per_joule)
        with TandemEnv("wifi-edge", arguments, objective=objective) as env:
            walk = Walk(env)
            walk.reset(3)
            walk.step(np.array([8, 9], dtype=np.int32))
            solution = Oracle(env).solve(walk)
            options = range(len(env.schema.meta["options"]))
            every = np.array(list(itertools.product(options, repeat=2)), dtype=np.int32)
            played = np.array([-outcome.reward for outcome in env.branch(list(every))])
        known = solution.table.costs_s(every, objective.charged_rule({}))
        np.testing.assert_allclose(known, played, rtol=0.0, atol=1e-9)
        assert solution.best.cost_s == pytest.approx(played.min(), abs=1e-9)
        best[seconds_per_joule] = solution.best.action.tolist()
    assert best[0.0] != best[20.0]


def test_units_of_whole_numbers_are_converted_too() -> None:
    assert cell_text(401408, "offloaded_bytes") == "401.4"
    assert cell_text(3, "requests") == "3"
    assert cell_text(0.0724, "radio_energy_j") == "72.4"
