# SPDX-License-Identifier: MIT
"""Reading run folders: what is in them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from run_folders import USERS, write_run

import tandem
from tandem.bridge.runs.folder import FORMAT_VERSION, RunFolderError
from tandem.scripts.app.inspection import measures


def change_version(folder: Path, version: object) -> None:
    path = folder / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["format_version"] = version
    path.write_text(json.dumps(metadata))


def test_every_table_is_a_frame(tmp_path: Path) -> None:
    run = tandem.load_run(write_run(tmp_path / "run", epochs=4))
    assert len(run.requests) == 4 * USERS
    assert len(run.decisions) == 4
    assert run.episodes["seed"].tolist() == [7]
    assert len(run.positions) == 4 * (USERS + 2)
    assert run.table("airtime").empty
    assert run.config["policy"] == "mixed"
    assert run.name == "run"


def test_every_column_has_a_meaning_and_a_unit_in_its_name(tmp_path: Path) -> None:
    run = tandem.load_run(write_run(tmp_path / "run"))
    suffixes = {"s": "_s", "B": "_bytes", "%": "_percent", "m": "_m", "bit/s": "_bps"}
    for name in ("requests", "decisions", "episodes", "positions"):
        described = run.columns(name)
        known = tuple(column.rstrip("*") for column in described.index)
        assert all(column.startswith(known) for column in run.table(name).columns), name
        assert described["help"].str.len().min() > 3
        for column, unit in described["unit"].items():
            if unit:
                assert str(column).endswith(suffixes[unit]), (name, column, unit)


def test_observation_in_columns(tmp_path: Path) -> None:
    run = tandem.load_run(write_run(tmp_path / "run", epochs=3))
    cells = run.observation("cells")
    assert cells.index.names == ["episode", "decision", "row"]
    # One before each decision and the final one.
    assert cells.index.get_level_values("decision").tolist() == [0, 1, 2, 3]
    assert cells["airtime_fraction"].tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_topology_is_a_graph(tmp_path: Path) -> None:
    graph = tandem.load_run(write_run(tmp_path / "run")).topology
    assert graph.nodes["user-1"]["cell"] == "wifi"
    assert graph.nodes["user-1"]["user"] == 1
    assert graph.edges["ap", "cloud"]["rate_bps"] == 1e8
    assert graph.edges["ap", "cloud"]["delay_s"] == 0.02
    assert graph.edges["user-0", "ap"]["rate_bps"] is None
    # Where the run found it, not where it was built.
    assert (graph.nodes["user-0"]["x_m"], graph.nodes["user-0"]["y_m"]) == (10.0, 0.0)


@pytest.mark.parametrize(
    ("version", "advice"), [(1, "repeat the run"), (None, "repeat the run"), (99, "update")]
)
def test_other_format_is_refused_with_what_to_do(
    tmp_path: Path, version: object, advice: str
) -> None:
    folder = write_run(tmp_path / "run")
    change_version(folder, version)
    with pytest.raises(RunFolderError, match=advice) as caught:
        tandem.load_run(folder)
    for word in (str(version), str(FORMAT_VERSION), "0.1.0"):
        assert word in str(caught.value)


def test_the_format_before_is_read_under_the_names_of_today(tmp_path: Path) -> None:
    """It called a decision's index ``epoch``."""
    folder = write_run(tmp_path / "run")
    today = tandem.load_run(folder)
    old = {"decision": "epoch", "decisions": "epochs"}
    for path in folder.glob("*.parquet"):
        pd.read_parquet(path).rename(columns=old).to_parquet(path)
    text = (folder / "schema.json").read_text()
    for new, before in old.items():
        text = text.replace(f'"name": "{new}", "unit"', f'"name": "{before}", "unit"')
    (folder / "schema.json").write_text(text)
    change_version(folder, 2)
    assert "epoch" in pd.read_parquet(folder / "requests.parquet")
    run = tandem.load_run(folder)
    for name, table in today.tables.items():
        pd.testing.assert_frame_equal(run.table(name), table)
    assert list(run.columns("decisions").index) == list(today.columns("decisions").index)


def test_a_run_from_before_open_requests_is_read(tmp_path: Path) -> None:
    """Format 3 had neither rows of open requests nor a column that counts them."""
    folder = write_run(tmp_path / "run")
    for name in ("decisions", "episodes"):
        path = folder / f"{name}.parquet"
        pd.read_parquet(path).drop(columns="open").to_parquet(path)
    change_version(folder, 3)
    run = tandem.load_run(folder)
    assert measures.summary(run.requests)["open"] == 0


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no run folder"):
        tandem.load_run(tmp_path)


def test_damaged_table_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    (folder / "decisions.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(RunFolderError, match=str(folder)):
        tandem.load_run(folder)


def test_unknown_table_has_no_columns(tmp_path: Path) -> None:
    run = tandem.load_run(write_run(tmp_path / "run"))
    with pytest.raises(KeyError, match="gossip"):
        run.columns("gossip")
    assert isinstance(run.table("gossip"), pd.DataFrame)
