# SPDX-License-Identifier: MIT
"""Requests that are open at the end of an episode are rows, with a status of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import tandem as command_line
from numpy.typing import NDArray
from workload_runs import run_alone

import tandem
from tandem.agents.inference.request_table import COMPONENTS, RequestStatus
from tandem.bridge.core.env import TandemEnv

EPOCHS = 5
TIMEOUT_S = 2.0
#: More than an edge of one core can serve, so that requests wait at the end.
BUSY: dict[str, Any] = {
    "arrivals": "poisson",
    "rate": 8,
    "timeout": TIMEOUT_S,
    "users": 3,
    "epochs": EPOCHS,
}
EDGE = np.array([8, 8, 8])


@pytest.fixture
def env() -> Iterator[TandemEnv]:
    with TandemEnv("wifi-edge", BUSY) as env:
        yield env


def play(env: TandemEnv, epochs: int = EPOCHS) -> list[NDArray[np.void]]:
    """The request rows of each epoch."""
    env.reset(seed=1)
    return [env.step(EDGE)[-1]["requests"] for _ in range(epochs)]


def test_no_request_is_missing_and_the_open_ones_show_their_time_so_far(tmp_path: Path) -> None:
    rows = run_alone("wifi-edge", tmp_path, seed=1, **{**BUSY, "epochs": 12})
    assert sorted(row["request_id"] for row in rows) == list(range(len(rows)))
    still_open = [row for row in rows if row["status"] == RequestStatus.OPEN]
    assert len(still_open) > 10
    (end_s,) = {round(row["arrival_s"] + row["response_time_s"], 9) for row in still_open}
    assert end_s >= max(row["arrival_s"] for row in rows)
    for row in still_open:
        assert 0 <= row["response_time_s"] < TIMEOUT_S
        assert sum(row[name] for name in COMPONENTS) == pytest.approx(row["response_time_s"])
        if row["uplink_queue_s"] == 0:  # what has not begun is 0
            assert row["device_queue_s"] == row["response_time_s"]
    uploading = [row["uplink_queue_s"] > 0 for row in still_open]
    assert any(uploading)
    assert not all(uploading)


def test_only_the_end_of_the_episode_reports_them(env: TandemEnv) -> None:
    *before, last = play(env)
    assert all((rows["status"] != RequestStatus.OPEN).all() for rows in before)
    names = [column.name for column in env.schema.observation[0].columns]
    unfinished = env.simulator.observe()["users"][:, names.index("unfinished_requests")]
    still_open = last[last["status"] == RequestStatus.OPEN]
    assert np.bincount(still_open["user"], minlength=3).tolist() == unfinished.tolist()
    assert unfinished.sum() > 0


def test_a_branch_reports_them_exactly_where_a_step_does(env: TandemEnv) -> None:
    play(env, EPOCHS - 2)
    (shorter,) = env.branch([EDGE])
    assert not (shorter.records["requests"]["status"] == RequestStatus.OPEN).any()
    env.step(EDGE)
    (outcome,) = env.branch([EDGE])
    _, reward, _, truncated, info = env.step(EDGE)
    assert truncated
    assert outcome.truncated
    assert outcome.records["requests"].tobytes() == info["requests"].tobytes()
    assert outcome.reward == reward
    assert info["cost"]["open"] == (info["requests"]["status"] == RequestStatus.OPEN).sum() > 0


def test_a_table_that_is_too_small_for_them_loses_none(env: TandemEnv) -> None:
    whole = play(env)
    with TandemEnv("wifi-edge", {**BUSY, "recordCapacity": 4}) as small:
        parts = play(small)
    assert (whole[-1]["status"] == RequestStatus.OPEN).sum() > 4
    assert [rows.tobytes() for rows in parts] == [rows.tobytes() for rows in whole]


def test_a_fresh_simulator_and_a_fork_report_the_same(env: TandemEnv) -> None:
    forked = [play(env), play(env)][1]
    with TandemEnv("wifi-edge", BUSY) as other:
        assert play(other)[-1].tobytes() == forked[-1].tobytes()


def test_they_are_counted_in_a_run_and_its_analysis(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    given = [f"--set={name}={BUSY[name]}" for name in ("arrivals", "rate", "timeout")]
    command = ["run", "--policy=edge", "--users=3", f"--epochs={EPOCHS}", "--seed=1", *given]
    done = command_line(*command, f"--out={folder}", "-q")
    assert done.returncode == 0, done.stderr
    run = tandem.load_run(folder)
    count = int((run.requests["status"] == RequestStatus.OPEN).sum())
    assert count > 0
    assert run.episodes["open"].tolist() == [count]
    assert run.decisions["open"].tolist() == [0] * (EPOCHS - 1) + [count]
    assert run.requests["request_id"].nunique() == run.requests["request_id"].max() + 1
    (figures,) = json.loads(command_line("analyze", str(folder), "--format=json").stdout)
    assert figures["summary"]["open"] == count
    assert figures["summary"]["requests"] == len(run.requests) - count
    assert f"{count} requests were open" in command_line("analyze", str(folder)).stdout
    story = command_line("explain", str(folder), f"--request={len(run.requests) - 1}").stdout
    assert "was still open at the end of its episode" in story
