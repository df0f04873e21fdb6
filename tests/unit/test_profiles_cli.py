# SPDX-License-Identifier: MIT
"""``tandem profiles``: what each command prints and writes, and how it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.options import default_options_path, read_options
from tandem.scripts.profiles import profiles_app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(profiles_app, [str(argument) for argument in arguments])


def test_show_prints_a_device() -> None:
    result = run("show", "--device", "a1.medium", "--sources")
    assert result.exit_code == 0, result.output
    for text in ("d0", "189.10", "d7", "19.31", "computed", "no source known", "10cf1c0"):
        assert text in result.output
    result = run("show", "--device", "coral-dev-board")
    assert "1e-12 J per MAC" in result.output


def test_fit_prints_residuals_and_steps() -> None:
    result = run("fit")
    assert result.exit_code == 0, result.output
    for text in ("25.63 GMAC/s", "49.33 GMAC/s", "residual", "72.49 ms", "189.1 ms"):
        assert text in result.output


def test_options_writes_the_table_scenarios_read(tmp_path: Path) -> None:
    path = tmp_path / "options.csv"
    result = run("options", "-o", path)
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == default_options_path().read_bytes()
    result = run("options", "--device", "pixel-3", "--cloud", "", "--variants", "d4,d7", "-o", path)
    assert result.exit_code == 0, result.output
    assert [(o.site, o.variant) for o in read_options(path)] == [
        ("device", "d4"),
        ("device", "d7"),
        ("edge", "d0"),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("show", "--device", "toaster"), "unknown device 'toaster'"),
        (("show", "--table", "absent.csv"), "no such file"),
        (("options", "--variants", "d99"), "unknown variant 'd99'"),
        (("options", "--runtime", "torch"), "expected name=value"),
        (("import", "absent.onnx"), "no such file"),
        (("measure", "no_such:thing", "--variant", "x"), "not a factory"),
        (("measure", "d3", "--input-shape", "a,b"), "expected integers"),
        (("measure", "d3", "--seconds", "0"), "must be above 0"),
        (("plot", "--top", "3"), "only 1 and 5"),
        (("plot", "--device", "toaster"), "unknown device"),
        (("splits", "resnet"), "unknown variant"),
    ],
)
def test_errors_are_one_line_and_status_2(
    arguments: tuple[str, ...], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="torch is not installed (extra 'profiles')")
    pytest.importorskip("onnx", reason="onnx is not installed (extra 'profiles')")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra 'profiles')")
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    flat = " ".join(result.output.split())
    assert reason in flat
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_measure_appends_and_then_serves(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed (extra 'profiles')")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra 'profiles')")
    path = tmp_path / "mine.csv"
    common = ("--device", "here", "--seconds", "0.02", "--warmup", "1", "-o", path)
    for arguments in (("d3",), ("d3", "--runtime", "onnxruntime"), ("d7",)):
        result = run("measure", *arguments, *common)
        assert result.exit_code == 0, result.output
        assert "p50 ms" in result.output
    rows = Catalogue.load([path]).select(device="here")
    assert [(r.variant, r.runtime, r.precision) for r in rows] == [
        ("d3", "torch", "fp32"),
        ("d3", "onnxruntime", "fp32"),
        ("d7", "torch", "int8"),
    ]
    again = run("measure", "d3", *common)
    assert again.exit_code == 2
    assert "--replace" in " ".join(again.output.split())
    options = tmp_path / "options.csv"
    result = run(
        "options", "-t", path, "--device", "here", "--runtime", "here=torch", "-o", options
    )
    assert result.exit_code == 0, result.output
    served = read_options(options)
    assert [o.variant for o in served] == ["d3", "d7", "d0", "d0"]
    assert served[0].service_s == rows[0].latency_p50_s


def test_import_reads_a_model(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed (extra 'profiles')")
    pytest.importorskip("onnx", reason="onnx is not installed (extra 'profiles')")
    from tandem.dnn_profiles.measure import export_onnx
    from tandem.dnn_profiles.mobilenet import MobileNetV1

    model = MobileNetV1(0.25).eval()
    path = tmp_path / "d3.onnx"
    export_onnx(model, model.example(), path)
    result = run("import", path, "--tensors", "--splits")
    assert result.exit_code == 0, result.output
    for text in ("41.030 MMACs", "602112 bytes", "4000 bytes", "split points", "Conv"):
        assert text in result.output
    assert run("splits", "d3").exit_code == 0


def test_plot_writes_both_formats(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra 'profiles')")
    result = run("plot", "-o", tmp_path / "front.png", "--device", "a1.medium")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "front.svg").read_text()
    from tandem.dnn_profiles.plot import plot_pareto

    with pytest.raises(ProfileError, match="nothing to draw"):
        plot_pareto(Catalogue.load(), tmp_path / "x.png", devices=["a1.medium"], threads=7)


def test_a_missing_library_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("plot", "-o", tmp_path / "front.png")
    assert result.exit_code == 2
    assert "ns3-tandem[profiles]" in " ".join(result.output.split())
