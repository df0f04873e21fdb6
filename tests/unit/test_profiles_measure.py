# SPDX-License-Identifier: MIT
"""The profiler: it measures real networks with real libraries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.dnn_profiles import machine
from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import MissingExtraError, ProfileError, require
from tandem.dnn_profiles.timing import MIN_SAMPLES, Timing, time_calls

pytest.importorskip("torch", reason="torch is not installed (extra 'profiles')")
pytest.importorskip("onnx", reason="onnx is not installed (extra 'profiles')")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra 'profiles')")

import torch

from tandem.dnn_profiles.measure import Measurement, Request, export_onnx, load_factory, measure
from tandem.dnn_profiles.measured import to_profile
from tandem.dnn_profiles.mobilenet import MobileNetV1

D3 = "tandem.dnn_profiles.mobilenet:d3"
D7 = "tandem.dnn_profiles.mobilenet:d7"


def request(**changes: object) -> Request:
    fields: dict[str, object] = {
        "model": D3,
        "variant": "d3",
        "device": "here",
        "runtime": "torch",
        "warmup": 2,
        "seconds": 0.02,
        **changes,
    }
    return Request(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("runtime", ["torch", "onnxruntime"])
def test_measuring_gives_a_row_of_the_catalogue(runtime: str) -> None:
    result = measure(request(runtime=runtime))
    row = to_profile(result, Catalogue.load())
    assert len(result.timing.samples) >= MIN_SAMPLES
    assert 0 < row.latency_p50_s < 1
    assert row.evidence == "measured"
    assert row.mmacs == 41
    assert row.threads == 1
    assert row.latency_min_s is not None
    assert row.latency_min_s <= row.latency_p50_s
    assert machine.processor() in (row.note or "")


@pytest.mark.parametrize(
    ("runtime", "method"),
    [
        ("torch", "static"),
        ("torch", "dynamic"),
        ("onnxruntime", "static"),
        ("onnxruntime", "dynamic"),
    ],
)
def test_int8_by_the_librarys_own_quantisation(runtime: str, method: str) -> None:
    result = measure(
        request(model=D7, variant="d7", runtime=runtime, precision="int8", quantise=method)
    )
    row = to_profile(result, Catalogue.load())
    assert row.precision == "int8"
    assert f"{method} quantisation" in (row.note or "")


def test_quantised_kernels_really_run(tmp_path: Path) -> None:
    import onnx

    from tandem.dnn_profiles.quantise import quantise_onnx, quantise_torch

    model = MobileNetV1(0.25, side=32).eval()
    example = model.example()
    source, target = tmp_path / "m.onnx", tmp_path / "q.onnx"
    export_onnx(model, example, source)
    quantise_onnx(source, target, [{"input": example.numpy()}], "static")
    kinds = {node.op_type for node in onnx.load(target).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    assert target.stat().st_size < source.stat().st_size / 2
    quantised = quantise_torch(model, example, "static")
    assert any("quantized" in type(m).__module__ for m in quantised.modules())


def test_an_onnx_file_of_ones_own(tmp_path: Path) -> None:
    model = MobileNetV1(0.25, classes=10, side=64).eval()
    path = tmp_path / "small.onnx"
    export_onnx(model, model.example(), path)
    result = measure(request(model=str(path), variant="small", runtime="onnxruntime"))
    row = to_profile(
        result,
        Catalogue.load(),
        input_bytes=12288,
        top1_percent=50.0,
        top5_percent=90.0,
        accuracy_source="my thesis",
    )
    assert (row.input_bytes, row.output_bytes, row.top5_percent) == (12288, 40, 90.0)
    with pytest.raises(ProfileError, match="torch cannot run"):
        measure(request(model=str(path), variant="small"))


def test_another_network_cannot_take_a_known_name() -> None:
    result = measure(request())

    def called(variant: str) -> Measurement:
        return replace(result, request=replace(result.request, variant=variant))

    with pytest.raises(ProfileError, match=r"569.*MMACs in the catalogue, this model 41"):
        to_profile(called("d0"), Catalogue.load())
    with pytest.raises(ProfileError, match="is int8 in the catalogue"):
        to_profile(called("d7"), Catalogue.load())
    with pytest.raises(ProfileError, match="already has input bytes and accuracy"):
        to_profile(result, Catalogue.load(), top1_percent=99.0)


def no_module() -> int:
    return 3


def without_example() -> torch.nn.Module:
    return torch.nn.Linear(4, 2)


def test_models_that_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="not a factory"):
        load_factory("tandem.dnn_profiles.mobilenet:d99")
    with pytest.raises(ProfileError, match="not a factory"):
        load_factory("no_such_module:factory")
    with pytest.raises(ProfileError, match="made a int"):
        load_factory(f"{__name__}:no_module")
    name = f"{__name__}:without_example"
    with pytest.raises(ProfileError, match="no example"):
        measure(request(model=name, variant="linear"))
    assert measure(request(model=name, variant="linear"), (1, 4)).graph.macs == 8
    with pytest.raises(ProfileError, match="threads 0"):
        measure(request(threads=0))
    with pytest.raises(ProfileError, match="no such file"):
        measure(request(model=str(tmp_path / "absent.onnx"), runtime="onnxruntime"))
    with pytest.raises(ProfileError, match="fp16"):
        measure(request(precision="fp16"))


def test_percentiles_are_nearest_rank() -> None:
    timing = Timing(tuple(float(i) for i in range(1, 101)), warmup=0)
    assert [timing.percentile(p) for p in (0, 10, 50, 90, 99, 100)] == [1, 10, 50, 90, 99, 100]
    assert timing.mean == 50.5
    assert Timing((3.0,), 0).percentile(99) == 3.0


def test_warm_up_is_not_counted_and_effort_is_checked() -> None:
    calls = []
    timing = time_calls(lambda: calls.append(1), warmup=5, seconds=1e-9)
    assert len(timing.samples) == MIN_SAMPLES
    assert len(calls) == MIN_SAMPLES + 5
    for warmup, seconds in ((-1, 1.0), (0, 0.0), (0, float("nan")), (0, float("inf"))):
        with pytest.raises(ProfileError, match="must be"):
            time_calls(lambda: None, warmup, seconds)


def test_threads_of_torch_are_put_back() -> None:
    before = torch.get_num_threads()
    measure(request(threads=1))
    assert torch.get_num_threads() == before


def test_a_missing_library_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtraError, match=r"needs no_such_library.*ns3-tandem\[profiles\]"):
        require("no_such_library", "this")


def test_the_machine_describes_itself(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name : Fast  CPU (R) @ 3 GHz\n")
    assert machine.processor(cpuinfo) == "Fast CPU (R) @ 3 GHz"
    assert machine.processor(tmp_path / "absent")
    assert machine.usable_cores() >= 1
    assert "torch 1" in machine.describe("torch 1")
    assert machine.device_name().replace("-", "").isalnum()
