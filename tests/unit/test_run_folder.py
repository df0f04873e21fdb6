# SPDX-License-Identifier: MIT
"""Run folders: refusal to overwrite, atomic files, equal bytes for equal tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from request_rows import DTYPE, MakeRequests
from run_folders import schema

from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.arrow import record_table
from tandem.bridge.runs.description import labels_of
from tandem.bridge.runs.provenance import config_hash


def make_run(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(folder / run_folder.METADATA, {"format": run_folder.FORMAT})
    (folder / "requests.parquet").write_text("old")


def test_new_folder_is_made(tmp_path: Path) -> None:
    run_folder.prepare(tmp_path / "a" / "b", force=False)
    assert (tmp_path / "a" / "b").is_dir()


def test_used_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    make_run(tmp_path)
    with pytest.raises(run_folder.RunFolderError, match="--force"):
        run_folder.prepare(tmp_path, force=False)
    assert (tmp_path / "requests.parquet").read_text() == "old"


def test_force_replaces_a_run(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    run_folder.prepare(tmp_path / "run", force=True)
    assert not list((tmp_path / "run").iterdir())


def test_force_never_deletes_what_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(run_folder.RunFolderError, match="holds no run"):
        run_folder.prepare(tmp_path, force=True)
    assert (tmp_path / "thesis.tex").exists()


def test_force_replaces_what_a_run_left_that_was_killed_while_it_began(tmp_path: Path) -> None:
    (tmp_path / "journal.bin").write_bytes(b"")
    (tmp_path / ".config.yaml.x1.tmp").write_text("half")
    with pytest.raises(run_folder.RunFolderError, match="--force"):
        run_folder.prepare(tmp_path, force=False)
    run_folder.prepare(tmp_path, force=True)
    assert not list(tmp_path.iterdir())
    (tmp_path / "journal.bin").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(run_folder.RunFolderError, match="holds no run"):
        run_folder.prepare(tmp_path, force=True)
    assert (tmp_path / "notes.txt").exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(run_folder.RunFolderError, match="not a folder"):
        run_folder.prepare(tmp_path / "x", force=True)


def test_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    run_folder.write_table(path, pa.table({"a": [1]}))
    before = path.read_bytes()
    with pytest.raises((TypeError, AttributeError)):
        run_folder.write_table(path, "no table")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.parquet"]


def test_equal_tables_give_equal_bytes(tmp_path: Path, make_requests: MakeRequests) -> None:
    parts = [(0, make_requests({"user": 1, "response_time_s": 0.1})), (1, make_requests())]
    for name in ("a", "b"):
        run_folder.write_table(tmp_path / name, record_table(DTYPE, parts))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_record_table_keeps_episode_order_and_types(make_requests: MakeRequests) -> None:
    parts = [
        (0, make_requests({"user": 1}, {"user": 2})),
        (0, make_requests()),
        (1, make_requests({"user": 3, "response_time_s": 0.25})),
    ]
    table = record_table(DTYPE, parts)
    assert table.column_names == ["episode", *(DTYPE.names or ())]
    assert table["episode"].to_pylist() == [0, 0, 1]
    assert table["user"].to_pylist() == [1, 2, 3]
    assert table["response_time_s"].to_pylist() == [0.0, 0.0, 0.25]
    assert table.schema.field("user").type == pa.int64()
    assert table.schema.field("response_time_s").type == pa.float64()


def test_empty_record_table_still_has_its_columns(tmp_path: Path) -> None:
    run_folder.write_table(tmp_path / "requests.parquet", record_table(DTYPE, []))
    table = pq.read_table(tmp_path / "requests.parquet")
    assert table.num_rows == 0
    assert "response_time_s" in table.column_names


def test_config_hash_ignores_order_only() -> None:
    assert config_hash({"a": 1, "b": 2}) == config_hash({"b": 2, "a": 1})
    assert config_hash({"a": 1, "b": 2}) != config_hash({"a": 1, "b": 3})


def test_structured_rows_survive_the_round_trip(
    tmp_path: Path, make_requests: MakeRequests
) -> None:
    rows = make_requests({"request_id": 2**53 + 1, "response_time_s": np.nextafter(0.1, 1)})
    run_folder.write_table(tmp_path / "t", record_table(DTYPE, [(0, rows)]))
    back = pq.read_table(tmp_path / "t")
    assert back["request_id"].to_pylist() == [2**53 + 1]
    assert back["response_time_s"].to_pylist() == [np.nextafter(0.1, 1)]


def test_labels_do_not_depend_on_how_a_number_is_written() -> None:
    def labels(mmacs: float) -> bytes:
        options = [{"option": 0, "mmacs": mmacs, "service_s": 1.5}]
        meta = {**schema().meta, "options": options}
        return labels_of(dataclasses.replace(schema(), meta=meta))

    assert labels(569.0) == labels(569)
    assert b'"mmacs":569,' in labels(569.0)
    assert b'"service_s":1.5' in labels(569.0)
