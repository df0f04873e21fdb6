# SPDX-License-Identifier: MIT
"""The loader: what is accepted, and what each error names."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tandem.dnn_profiles.catalogue import PUBLISHED, Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.options import default_options_path, read_options, write_options
from tandem.dnn_profiles.rows import Device, Energy, Profile
from tandem.dnn_profiles.table import read_table, write_table

GOOD = {
    "variant": "mine",
    "device": "board",
    "precision": "fp32",
    "threads": "1",
    "runtime": "tflite",
    "mmacs": "100",
    "mparams": "2",
    "input_bytes": "1000",
    "output_bytes": "40",
    "top1_percent": "60",
    "top5_percent": "80",
    "latency_p50_s": "0.01",
    "source": "a paper",
    "revision": "1",
    "licence": "MIT",
    "derived": "false",
    "evidence": "published",
    "accuracy_source": "the same",
}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def profile_error(path: Path) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        Catalogue.load([path])
    assert caught.value.path == path
    assert str(path) in str(caught.value)
    return caught.value


def test_a_good_row_joins_the_catalogue(tmp_path: Path) -> None:
    catalogue = Catalogue.load([write(tmp_path / "mine.csv", [GOOD])])
    row = catalogue.profile("mine", "board")
    assert row.latency_p50_s == 0.01
    assert row.latency_p90_s is None
    assert "mine" in catalogue.variants()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("latency_p50_s", "fast", "number"),
        ("latency_p50_s", "-0.1", "greater than 0"),
        ("latency_p50_s", "nan", "finite"),
        ("latency_p50_s", "24000", "3600"),
        ("latency_p50_s", "", "is empty"),
        ("top1_percent", "101", "less than or equal to 100"),
        ("top1_percent", "90", "above top5_percent"),
        ("precision", "int9", "int8"),
        ("threads", "0", "greater than or equal to 1"),
        ("input_bytes", "1.5", "integer"),
        ("derived", "perhaps", "boolean"),
        ("derived", "true", "evidence is 'published'"),
        ("evidence", "guessed", "measured"),
        ("source", "", "is empty"),
        ("variant", "my net", "pattern"),
        ("accuracy_source", "", "is empty although"),
    ],
)
def test_a_bad_cell_names_file_row_and_column(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    other = {**GOOD, "variant": "fine"}
    error = profile_error(write(tmp_path / "bad.csv", [other, {**GOOD, column: value}]))
    assert (error.row, error.column) == (3, column)
    assert reason in str(error)
    assert f"row 3, column '{column}'" in str(error)


def test_a_percentile_below_a_lower_one(tmp_path: Path) -> None:
    row = {**GOOD, "latency_p90_s": "0.005"}
    error = profile_error(write(tmp_path / "bad.csv", [row]))
    assert (error.row, error.column) == (2, "latency_p90_s")


def test_a_missing_column(tmp_path: Path) -> None:
    row = {name: value for name, value in GOOD.items() if name != "mmacs"}
    error = profile_error(write(tmp_path / "bad.csv", [row]))
    assert (error.row, error.column) == (1, "mmacs")
    assert "missing" in str(error)


def test_an_unknown_and_a_repeated_column(tmp_path: Path) -> None:
    error = profile_error(write(tmp_path / "bad.csv", [{**GOOD, "latency_ms": "10"}]))
    assert (error.row, error.column) == (1, "latency_ms")
    path = tmp_path / "twice.csv"
    path.write_text("variant,variant\n1,2\n")
    assert profile_error(path).column == "variant"


def test_a_row_with_too_few_cells(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.csv", [GOOD])
    path.write_text(path.read_text() + "mine,board\n")
    error = profile_error(path)
    assert error.row == 3
    assert "2 cells" in str(error)


def test_a_duplicate_within_and_across_files(tmp_path: Path) -> None:
    error = profile_error(write(tmp_path / "bad.csv", [GOOD, GOOD]))
    assert error.row == 3
    assert "row 2" in str(error)
    first = write(tmp_path / "first.csv", [GOOD])
    second = write(tmp_path / "second.csv", [GOOD])
    with pytest.raises(ProfileError, match=r"second\.csv, row 2.*first\.csv, row 2"):
        Catalogue.load([first, second])


def test_a_variant_is_one_network_everywhere(tmp_path: Path) -> None:
    row = {**GOOD, "variant": "d0", "mmacs": "100"}
    error = profile_error(write(tmp_path / "bad.csv", [row]))
    assert error.column == "mmacs"
    assert "published.csv" in str(error)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    assert "no such file" in str(profile_error(tmp_path / "absent.csv"))
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "is empty" in str(profile_error(empty))
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    assert "UTF-8" in str(profile_error(binary))


def test_energy_rows_must_say_something(tmp_path: Path) -> None:
    path = tmp_path / "energy.csv"
    header = "device,precision,radio,mac_j,radio_tx_w,source,revision,licence,derived,evidence"
    tail = "a paper,1,MIT,false,published"
    for row, column in (
        ("board,,,,", "mac_j"),
        ("board,,,1e-12,", "precision"),
        ("board,,,,1.2", "radio"),
        ("board,int8,,1,", "mac_j"),
    ):
        path.write_text(f"{header}\n{row},{tail}\n")
        with pytest.raises(ProfileError) as caught:
            read_table(path, Energy)
        assert caught.value.column == column


def test_tables_survive_writing(tmp_path: Path) -> None:
    rows = [row for _, row in read_table(PUBLISHED, Profile)]
    copy = tmp_path / "copy.csv"
    write_table(copy, list(Profile.model_fields), rows)
    assert [row for _, row in read_table(copy, Profile)] == rows
    with pytest.raises(ProfileError, match="cannot be written"):
        write_table(tmp_path / "absent" / "copy.csv", ["variant"], [])


@pytest.mark.parametrize(
    ("old", "new", "row", "column"),
    [
        ("\n1,device", "\n11,device", 3, "option"),
        ("0,device,d0,0.189104", "0,roof,d0,0.189104", 2, "site"),
        ("0,device,d0,0.189104", "0,device,d0,soon", 2, "service_s"),
        ("0,device,d0,0.189104", "0,device,d0,-1", 2, "service_s"),
        ("150528", "-1", 10, "upload_bytes"),
        ("mmacs", "macs", 1, "macs"),
        ("service_s,", "", 1, "service_s"),
    ],
)
def test_option_tables_are_checked(
    tmp_path: Path, old: str, new: str, row: int, column: str
) -> None:
    text = default_options_path().read_text().replace(old, new, 1)
    path = tmp_path / "options.csv"
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        read_options(path)
    assert (caught.value.row, caught.value.column) == (row, column)


def test_option_tables_survive_writing(tmp_path: Path) -> None:
    path = tmp_path / "options.csv"
    write_options(path, read_options())
    assert path.read_bytes() == default_options_path().read_bytes()
    assert path.stat().st_mode & 0o044, "others must be able to read what is written"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(ProfileError, match="no options"):
        read_options(path)


def test_every_device_of_a_latency_is_described() -> None:
    catalogue = Catalogue.load()
    assert set(catalogue.device_names()) <= set(catalogue.devices)
    assert all(isinstance(device, Device) for device in catalogue.devices.values())
