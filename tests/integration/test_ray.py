# SPDX-License-Identifier: MIT
"""Simulators as actors of a real Ray that is started on this machine."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.bridge.backends.ray_backend import RayBackend
from tandem.bridge.backends.replaying import ReplayingSimulator
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidAction, NoEpisode, ScenarioError, SimulatorDied
from tandem.bridge.core.local import LocalBackend
from tandem.bridge.core.vector import TandemVectorEnv

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'ns3-tandem[ray]'")
pytestmark = pytest.mark.timeout(300)

COUNT = 2
EPOCHS = 3


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    yield
    ray.shutdown()


def flat(value: Any) -> Any:
    """Everything in a result, with arrays as bytes."""
    if isinstance(value, dict):
        return {key: flat(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [flat(item) for item in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [flat(item) for item in value]
    return (value.dtype, value.tobytes()) if isinstance(value, np.ndarray) else value


def actor_of(simulator: int) -> int:
    """The process that started a simulator."""
    fields = Path(f"/proc/{simulator}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    return int(fields.split()[1])


def test_an_actor_returns_what_a_local_environment_does() -> None:
    results = []
    for backend in (LocalBackend(), RayBackend()):
        env = TandemEnv("wifi-edge", users=2, epochs=EPOCHS, seed=3, backend=backend)
        data: list[Any] = [env.reset(), env.reset()]
        data.append([(o.reward, flat(o.info), flat(dict(o.records))) for o in env.branch([[8, 8]])])
        data += [env.step([8, action]) for action in range(EPOCHS)]
        with pytest.raises(NoEpisode):
            env.step([0, 0])
        for block in data[-1][0].values():
            block[...] = 0.0  # copies: they may be written
        results.append(flat(data))
        env.close()
    assert results[0] == results[1]


def test_a_lost_actor_is_replaced_and_the_others_lose_nothing() -> None:
    actions = np.array([[[1], [2]], [[3], [0]], [[2], [2]]])
    local = TandemVectorEnv("hello", num_envs=COUNT, seed=7, epochs=0)
    afar = TandemVectorEnv("hello", num_envs=COUNT, seed=7, epochs=0, backend=RayBackend())
    assert flat(local.reset()) == flat(afar.reset())
    for step, action in enumerate(actions):
        if step == 1:
            os.kill(actor_of(afar.simulators[0].pid), signal.SIGKILL)
        assert flat(local.step(action)) == flat(afar.step(action))
    losses = [s.losses for s in afar.simulators if isinstance(s, ReplayingSimulator)]
    assert losses == [1, 0]
    local.close()
    afar.close()


def test_errors_cross_and_do_not_count() -> None:
    env = TandemEnv("hello", epochs=0, backend=RayBackend())
    env.reset(seed=1)
    with pytest.raises(InvalidAction, match="allowed are 0 to 3"):
        env.step([9])
    assert env.step([1])[4]["decision"] == 0
    env.close()
    env.close()
    with pytest.raises(ScenarioError, match="nonsense"):
        TandemEnv("hello", nonsense=1, backend=RayBackend())
    dying = TandemEnv("echo", values=1, crashAt=0, backend=RayBackend())
    with pytest.raises(SimulatorDied) as death:
        dying.reset(seed=1)
    assert death.value.exit_status is not None
    assert "--crashAt=0" in str(death.value)
    dying.close()


def test_environment_classes_of_earlier_releases_warn() -> None:
    from tandem.bridge.backends.deprecated import RayEnv

    with pytest.warns(DeprecationWarning, match="RayBackend"):
        env = RayEnv("hello", epochs=0, actor_options={"num_cpus": 0})
    env.reset(seed=1)
    env.close()


def test_training_under_ray_equals_local_training(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs PyTorch")
    import pandas as pd
    from typer.testing import CliRunner

    from tandem.scripts.cli import app

    tables = []
    for runner in ("local", "ray"):
        out = tmp_path / runner
        asked = ["train", "--agent", "hybrid", "--users", "2", "--interactions", "4"]
        asked += ["--epochs", "2", "--evaluation-states", "1", "--evaluate-every", "4", "--quiet"]
        asked += ["--cache", str(tmp_path / "cache"), "--runner", runner, "--out", str(out)]
        result = CliRunner().invoke(app, asked)
        assert result.exit_code == 0, result.output
        tables.append([pd.read_parquet(out / f"{t}.parquet") for t in ("requests", "history")])
    for local, afar in zip(*tables, strict=True):
        assert len(local) > 0
        pd.testing.assert_frame_equal(local, afar, check_exact=True)


@pytest.mark.parametrize("end", ["stopAt", "terminateAt"])
def test_an_episode_that_the_scenario_ends(end: str) -> None:
    with TandemEnv("echo", {"values": 1, "epochs": 0, end: 1}, backend=RayBackend()) as env:
        env.reset(seed=1)
        assert env.step([5.0])[2:4] == (end == "terminateAt", end == "stopAt")
