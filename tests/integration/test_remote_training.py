# SPDX-License-Identifier: MIT
"""Training on a server's simulators: the tables of a training here, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import tandem
from remote_servers import ServerProcess, free_address

CONFIG = {"explore_share": 0.9, "probe_share": 0.5, "worth": 0.0}
TABLES = ("requests", "decisions", "episodes", "history", "evaluation")
COMMAND = (
    *("train", "--quiet", "--users=2", "--epochs=3", "--interactions=5", "--seed=4"),
    *("--evaluate-every=5", "--evaluation-states=1", "--set=backgroundStations=0"),
)


def test_two_terminals_train_the_same_agent(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    settings = tmp_path / "agent.yaml"
    settings.write_text(json.dumps(CONFIG))  # JSON is YAML
    command = (*COMMAND, f"--config={settings}")
    server = ServerProcess(free_address(), "--scenario", "wifi-edge", "--telemetry", "")
    far, near = tmp_path / "far", tmp_path / "near"
    try:
        # Caches of their own, so that the oracle's branches run there as well.
        there = tandem(*command, f"--out={far}", f"--cache={far}-c", f"--connect={server.address}")
        assert there.returncode == 0, there.stderr
        evaluated = tandem(
            *("evaluate", str(far), "--quiet", "--states=1", f"--cache={far}-c"),
            f"--connect={server.address}",
        )
        assert evaluated.returncode == 0, evaluated.stderr
    finally:
        server.end()
    here = tandem(*command, f"--out={near}", f"--cache={near}-c")
    assert here.returncode == 0, here.stderr
    for name in TABLES:
        mine, theirs = (folder / f"{name}.parquet" for folder in (near, far))
        assert mine.read_bytes() == theirs.read_bytes(), name
    # What was measured there is found again here: the same program, the same key.
    cached = [sorted(path.name for path in Path(f"{run}-c").iterdir()) for run in (near, far)]
    assert cached[0]
    assert set(cached[0]) < set(cached[1])  # and those of the evaluation


def test_a_server_is_not_for_ray_and_keys_are_for_a_server(tmp_path: Path) -> None:
    for options, fault in (
        (("--connect=tcp://127.0.0.1:9", "--runner=ray"), "leave out --runner ray"),
        (("--key=a", "--server-key=b"), "a holds no key"),
        (("--key=a",), "give both"),
    ):
        refused = tandem("train", *options, f"--out={tmp_path / 'x'}")
        assert refused.returncode == 2
        assert fault in refused.stderr
