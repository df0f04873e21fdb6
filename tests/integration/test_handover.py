# SPDX-License-Identifier: MIT
"""Several eNBs: X2 handover where the other eNB is stronger, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import ScenarioError

SPACING_M = 200.0
EXPONENT = 3.0
HYSTERESIS_DB = 4.0
#: Log-distance path loss: the other eNB is stronger by the hysteresis where the distances have
#: this ratio.
RATIO = 10 ** (HYSTERESIS_DB / (10 * EXPONENT))
EPOCH_S = 0.1
#: Time to trigger, the RSRP's layer-3 filter and reports every 200 ms, and an epoch.
DELAY_S = 0.256 + 0.7 + EPOCH_S
ARGUMENTS: dict[str, Any] = {
    "users": 2,
    "enbs": 2,
    "enbSpacing": SPACING_M,
    "pathLossExponent": EXPONENT,
    "hysteresis": HYSTERESIS_DB,
    "radius": 150,
    "mobility": "walk",
    "speed": 20,
    "arrivals": "poisson",
    "rate": 2,
    "epochLength": EPOCH_S,
    "epochs": 0,
    "backgroundStations": 0,
    "edgeQuietLoad": 0,
    "edgeBusyLoad": 0,
}
EPOCHS = 300


def play(seed: int, epochs: int = EPOCHS, **more: Any) -> tuple[Any, ...]:
    """Serving eNB and place of every user at each decision ``[T, N]``, ``[T, N, 2]``; requests."""
    with TandemEnv("lte-edge", {**ARGUMENTS, **more}) as env:
        names = [column.name for column in env.schema.block("users").columns]
        edge = [row["site"] for row in env.schema.meta["options"]].index("edge")
        users = env.schema.meta["users"]
        observation, _ = env.reset(seed=seed)
        serving, places, requests = [], [], []
        for _ in range(epochs):
            serving.append(observation["users"][:, names.index("serving")].astype(int))
            observation, *_, info = env.step(np.full(users, edge))
            rows = np.sort(info["positions"], order="user")[-users:]  # the others are -1
            places.append(np.stack((rows["x_m"], rows["y_m"]), axis=1))
            requests.append(info["requests"])
        nodes = env.schema.meta["topology"]["nodes"]
        enbs = np.array([(n["x_m"], n["y_m"]) for n in nodes if n["kind"] == "enb"])
    return np.array(serving), np.array(places), np.concatenate(requests), enbs


@pytest.fixture(scope="module")
def walk() -> Any:
    return play(1)


def ratios(places: NDArray[np.float64], enbs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance to the first eNB over that to the second one, ``[T, N]``."""
    distance_m = np.linalg.norm(places[:, :, None] - enbs, axis=-1)
    return np.asarray(distance_m[..., 0] / distance_m[..., 1])


def test_handovers_happen_at_the_expected_place(walk: Any) -> None:
    serving, places, _, enbs = walk
    assert enbs[:, 0].tolist() == [-SPACING_M / 2, SPACING_M / 2]
    ratio = ratios(places, enbs)
    before = round(DELAY_S / EPOCH_S)
    changed = np.argwhere(serving[1:] != serving[:-1])
    assert len(changed) >= 3
    for step, user in zip(changed[:, 0] + 1, changed[:, 1], strict=True):
        to_second = serving[step, user] == 1
        toward = ratio[:, user] if to_second else 1 / ratio[:, user]
        assert toward[step] > RATIO * 0.99, "the new eNB is stronger by the hysteresis"
        assert toward[max(step - before, 0)] < RATIO * 1.05, "and has not been for long"


def test_nobody_stays_where_the_other_one_is_stronger(walk: Any) -> None:
    serving, places, _, enbs = walk
    ratio = ratios(places, enbs)
    before = round(DELAY_S / EPOCH_S)
    for user in range(serving.shape[1]):
        for step in range(before, len(serving)):
            window = ratio[step - before : step + 1, user]
            if (window > RATIO * 1.02).all():
                assert serving[step, user] == 1
            if (window < 1 / (RATIO * 1.02)).all():
                assert serving[step, user] == 0


@pytest.mark.parametrize("mode", ["um", "am"])
def test_requests_survive_a_handover(mode: str) -> None:
    serving, _, requests, _ = play(1, rlc=mode)
    assert (requests["status"] == 0).all()
    changed = requests[requests["serving_start"] != requests["serving_end"]]
    assert len(changed) >= 1
    assert set(np.unique(serving)) == {0, 1}


def test_frames_name_the_enb_that_served() -> None:
    with TandemEnv("lte-edge", {**ARGUMENTS, "frames": True, "users": 1}) as env:
        names = [column.name for column in env.schema.block("users").columns]
        nodes = [node["name"] for node in env.schema.meta["topology"]["nodes"]]
        edge = [row["site"] for row in env.schema.meta["options"]].index("edge")
        assert nodes[:3] == ["enb1", "enb2", "pgw"]
        observation, _ = env.reset(seed=1)
        seen = set()
        for _ in range(EPOCHS):
            serving = int(observation["users"][0, names.index("serving")])
            observation, *_, info = env.step([edge])
            after = int(observation["users"][0, names.index("serving")])
            sent = info["airtime"][info["airtime"]["sender"] == nodes.index("user-0")]
            if len(sent) and serving == after:
                assert set(sent["receiver"]) == {serving}
                seen.add(serving)
        assert seen == {0, 1}


def test_equal_seeds_give_equal_requests() -> None:
    one, other = (play(5, epochs=60)[2].tobytes() for _ in range(2))
    assert one == other
    assert one != play(6, epochs=60)[2].tobytes()


def test_a_radius_out_of_reach_of_the_row_is_refused() -> None:
    with pytest.raises(ScenarioError, match="radius"):
        TandemEnv("lte-edge", {"enbs": 2, "enbSpacing": 100, "radius": 100000})
    with pytest.raises(ScenarioError, match="4 eNBs"):
        TandemEnv("lte-edge", {"enbs": 5})


def test_a_user_between_two_enbs_may_be_out_of_reach_and_the_run_goes_on() -> None:
    """At the place of the warm-up, interference keeps one of these users from connecting."""
    with TandemEnv("lte-edge", {"users": 4, "enbs": 2, "epochs": 2, "timeout": 1.0}) as env:
        env.reset(seed=1)
        edge = [row["site"] for row in env.schema.meta["options"]].index("edge")
        rows = []
        for _ in range(2):
            *_, info = env.step([edge] * 4)
            rows.append(info["requests"])
    assert [len(part) for part in rows] == [4, 4]
