# SPDX-License-Identifier: MIT
"""The installed catalogue: its figures, its queries, and its computed files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tandem.dnn_profiles import catalogue
from tandem.dnn_profiles.catalogue import DERIVED, Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.fit import derive, device_line, fit_line
from tandem.dnn_profiles.options import default_options_path, write_options
from tandem.dnn_profiles.pareto import pareto_front
from tandem.dnn_profiles.regenerate import derivation
from tandem.dnn_profiles.rows import Profile
from tandem.dnn_profiles.store import PROFILE_COLUMNS, append_profile
from tandem.dnn_profiles.table import read_table, write_table

#: tensorflow/models at 10cf1c0; MMACs of the 0.75 network from arXiv 1704.04861, table 6.
PUBLISHED_VARIANTS = {
    "d0": ("fp32", 569, 70.9, 89.9),
    "d1": ("fp32", 325, 68.4, 88.2),
    "d2": ("fp32", 150, 63.3, 84.9),
    "d3": ("fp32", 41, 49.8, 74.2),
    "d4": ("int8", 569, 70.1, 88.9),
    "d5": ("int8", 325, 66.8, 87.0),
    "d6": ("int8", 150, 60.7, 83.2),
    "d7": ("int8", 41, 48.0, 72.8),
}


def test_the_papers_variants() -> None:
    rows = {row.variant: row for row in Catalogue.load().select(device="pixel-3")}
    found = {
        name: (row.precision, row.mmacs, row.top1_percent, row.top5_percent)
        for name, row in rows.items()
    }
    assert found == PUBLISHED_VARIANTS


def test_every_row_names_source_revision_and_licence() -> None:
    for row in Catalogue.load().profiles:
        assert row.source
        assert row.revision
        assert row.licence
        assert row.derived == row.device.startswith("a1.")
        assert row.accuracy_source is not None


def test_the_default_options_are_what_the_catalogue_gives(tmp_path: Path) -> None:
    path = tmp_path / "options.csv"
    options = catalogue.options()
    write_options(path, options)
    assert path.read_bytes() == default_options_path().read_bytes()
    assert len(options) == 10
    assert [o.site for o in options] == ["device"] * 8 + ["edge", "cloud"]
    assert [o.variant for o in options] == [*PUBLISHED_VARIANTS, "d0", "d0"]
    assert {o.upload_bytes for o in options[8:]} == {224 * 224 * 3}
    assert {o.reply_bytes for o in options[8:]} == {1000 * 4}
    assert {o.upload_bytes for o in options[:8]} == {0}


def test_the_derived_file_is_what_the_fit_gives(tmp_path: Path) -> None:
    path = tmp_path / "derived.csv"
    write_table(path, PROFILE_COLUMNS, derivation().rows)
    assert path.read_bytes() == DERIVED.read_bytes()


def test_the_derivation_by_hand() -> None:
    result = derivation()
    one_core_s = 0.07249 * 4 * 1.5e9 / 2.3e9
    assert result.core_s["a1.medium"] == pytest.approx(one_core_s)
    by_key = {(r.variant, r.device, r.threads): r.latency_p50_s for r in result.rows}
    assert by_key["d0", "a1.medium", 1] == pytest.approx(one_core_s, abs=1e-6)
    assert by_key["d0", "a1.large", 2] == pytest.approx(one_core_s / 2, abs=1e-6)
    assert by_key["d0", "a1.xlarge", 4] == pytest.approx(one_core_s / 4, abs=1e-6)
    assert by_key["d0", "a1.xlarge", 1] == by_key["d0", "a1.medium", 1]


def test_a_line_is_recovered_and_its_residuals_are_zero() -> None:
    line = fit_line([(f"v{m}", m * 1e6, 0.002 + m * 1e6 / 20e9) for m in (40, 150, 570)])
    assert line.overhead_s == pytest.approx(0.002)
    assert line.macs_per_s == pytest.approx(20e9)
    assert line.worst_percent < 1e-9


def test_the_pixel_line_fits_the_published_points() -> None:
    profiles = Catalogue.load().profiles
    assert device_line(profiles, "pixel-3", "fp32").worst_percent < 6
    assert device_line(profiles, "pixel-3", "int8").worst_percent < 8


def test_lines_that_cannot_be_fitted() -> None:
    with pytest.raises(ProfileError, match="two or more"):
        fit_line([("a", 1e6, 0.1), ("b", 1e6, 0.2)])
    with pytest.raises(ProfileError, match="does not grow"):
        fit_line([("a", 1e6, 0.2), ("b", 2e6, 0.1)])
    with pytest.raises(ProfileError, match="two or more"):
        device_line(Catalogue.load().profiles, "i7-12700k", "fp32")
    loaded = Catalogue.load(derived=False)
    rows = [row for row in loaded.profiles if row.device != "raspberry-pi-4b"]
    with pytest.raises(ProfileError, match="need one published row"):
        derive(rows, loaded.devices)


def test_options_of_other_devices_and_variants() -> None:
    options = catalogue.options(
        device="pixel-3",
        sites={"edge": "i7-12700k"},
        variants=["d4", "d7"],
        site_variants=["d0"],
    )
    assert [(o.option, o.site, o.variant) for o in options] == [
        (0, "device", "d4"),
        (1, "device", "d7"),
        (2, "edge", "d0"),
    ]
    assert options[2].service_s == 0.00587


def test_one_thread_per_request_takes_one_core_everywhere() -> None:
    options = catalogue.options(threads=1)
    assert options[8].service_s == options[9].service_s == options[0].service_s


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"device": "toaster"}, "unknown device 'toaster'; known: "),
        ({"variants": ["d9"]}, "unknown variant 'd9'"),
        ({"sites": {"fog": "a1.large"}}, "unknown site 'fog'; known sites: edge, cloud"),
        ({"device": "i7-12700k", "variants": ["d3"]}, "no latency of variant 'd3'"),
        ({"threads": 3}, "threads 3"),
    ],
)
def test_bad_queries_say_what_is_known(arguments: dict[str, object], reason: str) -> None:
    with pytest.raises(ProfileError, match=reason):
        catalogue.options(**arguments)  # type: ignore[arg-type]


def new_row(**changes: object) -> Profile:
    base = Catalogue.load().profile("d0", "pixel-3").model_dump()
    return Profile.model_validate(
        {**base, "device": "board", "threads": 1, "evidence": "measured", **changes}
    )


def test_a_row_without_accuracy_is_no_option(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    bare = {"top1_percent": None, "top5_percent": None, "accuracy_source": None}
    append_profile(path, new_row(variant="mine", **bare))
    loaded = Catalogue.load([path])
    with pytest.raises(ProfileError, match="no accuracy"):
        loaded.options(device="board")


def test_two_runtimes_must_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    append_profile(path, new_row(runtime="slow", latency_p50_s=0.2))
    append_profile(path, new_row(runtime="fast", latency_p50_s=0.1))
    loaded = Catalogue.load([path])
    with pytest.raises(ProfileError, match="need exactly one"):
        loaded.options(device="board")
    options = loaded.options(device="board", runtimes={"board": "fast"})
    assert options[0].service_s == 0.1


def test_appending_refuses_what_it_should(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    append_profile(path, new_row())
    with pytest.raises(ProfileError, match="--replace"):
        append_profile(path, new_row(latency_p50_s=0.5))
    append_profile(path, new_row(latency_p50_s=0.5), replace=True)
    assert [row.latency_p50_s for _, row in read_table(path, Profile)] == [0.5]
    with pytest.raises(ProfileError, match="mmacs of variant 'd0'"):
        append_profile(path, new_row(device="other", mmacs=1.0))
    with pytest.raises(ProfileError, match="in the catalogue already"):
        append_profile(tmp_path / "more.csv", Catalogue.load().profile("d0", "pixel-3"))
    before = DERIVED.read_bytes()
    with pytest.raises(ProfileError, match="installed catalogue"):
        append_profile(DERIVED, new_row())
    assert DERIVED.read_bytes() == before


def test_the_front_holds_what_nothing_beats() -> None:
    rows = Catalogue.load().select(device="pixel-3")
    front = pareto_front(rows, top=5)
    assert [row.variant for row in front] == ["d7", "d3", "d6", "d2", "d5", "d4", "d0"]
    with pytest.raises(ValueError, match="top-3"):
        pareto_front(rows, top=3)


def test_energy_is_absent_where_no_source_is_known() -> None:
    loaded = Catalogue.load()
    assert loaded.energy("a1.medium") == []
    (edge_tpu,) = loaded.energy("coral-dev-board")
    assert edge_tpu.mac_j == pytest.approx(1 / (4e12 / 2 / 2.0))
    (phone,) = loaded.energy("pixel-2-xl")
    assert phone.radio_tx_w == pytest.approx(0.350 * 3.7)
    assert phone.mac_j is None


def test_stored_splits_cover_each_network() -> None:
    loaded = Catalogue.load()
    for variant, (_, mmacs, _, _) in PUBLISHED_VARIANTS.items():
        points = loaded.split_points(variant)
        assert [p.split for p in points] == list(range(29))
        assert points[0].activation_bytes == 224 * 224 * 3
        assert points[-1].activation_bytes == 0
        totals = {round(p.mmacs_before + p.mmacs_after, 3) for p in points}
        assert len(totals) == 1
        assert totals.pop() == pytest.approx(mmacs, rel=0.01)
        assert [p.mmacs_before for p in points] == sorted(p.mmacs_before for p in points)
    with pytest.raises(ProfileError, match="unknown variant"):
        loaded.split_points("resnet")


def test_the_catalogue_needs_no_heavy_library() -> None:
    code = (
        "import sys; import tandem.dnn_profiles;"
        "print([m for m in ('torch', 'onnx', 'onnxruntime', 'matplotlib') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
