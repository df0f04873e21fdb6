# SPDX-License-Identifier: MIT
"""Split inference: first layers on the device, their values over the air, the rest at a site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tandem.agents.inference.components import COMPONENTS as PARTS
from tandem.agents.inference.components import DEVICE, SERVICE, UPLINK
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import COMPONENTS
from tandem.bridge.core.env import TandemEnv
from tandem.dnn_profiles.catalogue import DEFAULT_DEVICE, Catalogue
from tandem.dnn_profiles.options import write_options
from tandem.dnn_profiles.split import add_splits

EDGE = "a1.large"
CUT = 24
DEVICE_SCALE = 0.5
USERS = 2
#: Options of the table.
LOCAL, WHOLE, SPLIT = 0, 1, 2


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    catalogue = Catalogue.load()
    rows = catalogue.options(variants=["d0"], sites={"edge": EDGE})
    rows = add_splits(
        catalogue, rows, "d0", [CUT], device=DEFAULT_DEVICE, sites={"edge": EDGE}, quantised=True
    )
    path = tmp_path_factory.mktemp("split") / "options.csv"
    write_options(path, rows)
    return path


def environment(table: Path, **arguments: object) -> TandemEnv:
    given = {
        "users": USERS,
        "epochs": 0,
        "options": str(table),
        "deviceServiceScale": DEVICE_SCALE,
        "edgeQuietLoad": 0,
        "edgeBusyLoad": 0,
        **arguments,
    }
    return TandemEnv("wifi-edge", given, objective=PaperObjective(0.0))


def test_a_split_request_takes_what_its_parts_take(table: Path) -> None:
    catalogue = Catalogue.load()
    whole = catalogue.profile("d0", DEFAULT_DEVICE)
    there = catalogue.profile("d0", EDGE)
    cut = catalogue.split_points("d0")[CUT]
    before = cut.mmacs_before / (cut.mmacs_before + cut.mmacs_after)
    with environment(table) as env:
        env.reset(seed=4)
        rows = env.step(np.full(USERS, SPLIT))[4]["requests"]
    assert len(rows) == USERS
    assert rows["device_compute_s"] == pytest.approx(
        whole.latency_p50_s * before * DEVICE_SCALE, abs=2e-9
    )
    assert rows["site_compute_s"] == pytest.approx(there.latency_p50_s * (1 - before), abs=2e-9)
    assert (rows["upload_bytes"] == cut.activation_bytes // 4).all()
    assert sum(rows[name] for name in COMPONENTS) == pytest.approx(rows["response_time_s"])
    assert (rows["uplink_air_s"] > 0.0).all()


def test_the_device_does_one_first_part_at_a_time(table: Path) -> None:
    arguments = {"users": 1, "arrivals": "poisson", "rate": 15, "epochLength": 0.5}
    with environment(table, **arguments) as env:
        env.reset(seed=1)
        rows = []
        for _ in range(4):
            rows.append(env.step([SPLIT])[4]["requests"])
        table_rows = np.sort(np.concatenate(rows), order="request_id")
    done = table_rows[table_rows["status"] == 0]
    started_s = done["arrival_s"] + done["device_queue_s"]
    assert len(done) >= 2
    assert (done["device_queue_s"][1:] > 0.0).any()
    assert (np.diff(started_s) >= done["device_compute_s"][:-1] - 1e-9).all()


def test_a_split_request_that_times_out_in_its_first_part_never_uploads(table: Path) -> None:
    with environment(table, timeout=0.02) as env:
        env.reset(seed=4)
        rows = env.step(np.full(USERS, SPLIT))[4]["requests"]
        assert (rows["status"] == 1).all()
        assert (rows["uplink_air_s"] == 0.0).all()
        assert rows["device_compute_s"] == pytest.approx(0.02)
        # The device is free again: the next one begins at once.
        rows = env.step(np.full(USERS, SPLIT))[4]["requests"]
        assert (rows["device_queue_s"] == 0.0).all()


def test_the_prior_knows_the_parts(table: Path) -> None:
    with environment(table) as env:
        observation, _ = env.reset(seed=4)
        problem = JointProblem.from_schema(env.schema, PaperObjective(0.0))
        assert list(problem.split_options) == [SPLIT]
        prior = PriorView(problem, PriorConfig(), observation)
        weights = np.ones((1, USERS, 2)) * [0.0, 1.0]
        expected = prior.network_components_s(weights)[0]
        rows = env.step(np.full(USERS, SPLIT))[4]["requests"]
    place = list(problem.network_options).index(SPLIT)
    assert expected.shape == (USERS, 2, len(PARTS))
    whole = list(problem.network_options).index(WHOLE)
    assert (expected[:, whole, DEVICE] == 0.0).all()
    rows = np.sort(rows, order="user")
    assert expected[:, place, DEVICE] == pytest.approx(rows["device_compute_s"])
    assert expected[:, place, SERVICE] == pytest.approx(rows["site_compute_s"])
    assert (expected[:, place, UPLINK] < expected[:, whole, UPLINK]).all()
