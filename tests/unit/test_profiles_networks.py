# SPDX-License-Identifier: MIT
"""Work, parameters and split points: counted by three means that must agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tandem.dnn_profiles import architecture
from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import ProfileError

pytest.importorskip("torch", reason="torch is not installed (extra 'profiles')")
pytest.importorskip("onnx", reason="onnx is not installed (extra 'profiles')")

import onnx
import torch

from tandem.dnn_profiles import measure, mobilenet
from tandem.dnn_profiles.onnx_graph import read_graph
from tandem.dnn_profiles.regenerate import SPLITS, mobilenet_splits
from tandem.dnn_profiles.rows import Split
from tandem.dnn_profiles.split import split_options, split_points
from tandem.dnn_profiles.table import read_table

VARIANTS = ("d0", "d1", "d2", "d3")
#: Million parameters that tensorflow/models at 10cf1c0 prints.
PUBLISHED_MPARAMS = {"d0": 4.24, "d1": 2.59, "d2": 1.34, "d3": 0.47}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("onnx")
    paths = {}
    for name in VARIANTS:
        model = mobilenet.factory(name)()
        paths[name] = folder / f"{name}.onnx"
        measure.export_onnx(model, model.example(), paths[name])
    return paths


@pytest.mark.parametrize("name", VARIANTS)
def test_work_and_parameters_agree_with_the_catalogue(name: str) -> None:
    model = mobilenet.factory(name)()
    row = Catalogue.load().profile(name, "pixel-3")
    counted = mobilenet.count_macs(model, model.example())
    assert counted == architecture.macs(architecture.WIDTHS[name])
    assert counted / 1e6 == pytest.approx(row.mmacs, rel=0.01)
    parameters = mobilenet.count_parameters(model) / 1e6
    assert parameters == pytest.approx(PUBLISHED_MPARAMS[name], rel=0.01)


def test_the_published_317_leaves_the_first_convolution_out() -> None:
    """tensorflow/models prints 317 for the 0.75 network, the paper 325; both are accounted for."""
    layers = architecture.convolutions(0.75)
    whole = architecture.macs(0.75)
    assert whole / 1e6 == pytest.approx(325, rel=0.01)
    assert (whole - layers[0].macs) / 1e6 == pytest.approx(317, rel=0.01)


def test_shapes_and_widths() -> None:
    model = mobilenet.MobileNetV1(0.25, classes=10, side=64).eval()
    with torch.no_grad():
        assert model(model.example()).shape == (1, 10)
    assert architecture.scaled(32, 0.1) == architecture.MIN_CHANNELS
    with pytest.raises(ValueError, match="must be positive"):
        architecture.convolutions(0)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_onnx_counter_agrees_with_torchs(name: str, exported: dict[str, Path]) -> None:
    graph = read_graph(exported[name])
    model = mobilenet.factory(name)()
    assert graph.macs == mobilenet.count_macs(model, model.example())
    # Normalisation is folded into the convolutions on export: a bias where there were two.
    assert graph.parameters == pytest.approx(mobilenet.count_parameters(model), rel=0.015)
    assert (graph.input_bytes, graph.output_bytes) == (224 * 224 * 3 * 4, 4000)
    assert graph.uncounted == ()


def test_other_layers_count_as_in_torch(tmp_path: Path) -> None:
    class Mixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.grouped = torch.nn.Conv2d(4, 8, 3, groups=2, stride=2, dilation=2)
            self.up = torch.nn.ConvTranspose2d(8, 6, 2, stride=2, groups=2)
            self.line = torch.nn.Conv1d(6, 5, 3, padding=1)
            self.dense = torch.nn.Linear(5, 7)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            up = self.up(self.grouped(image))
            line = self.line(up.flatten(2))
            mixed = torch.matmul(line.transpose(1, 2), torch.matmul(line, line.transpose(1, 2)))
            result: torch.Tensor = self.dense(mixed)
            return result

    model, example = Mixed().eval(), torch.rand(1, 4, 16, 16)
    path = tmp_path / "mixed.onnx"
    measure.export_onnx(model, example, path)
    assert read_graph(path).macs == mobilenet.count_macs(model, example)


def product_model(path: Path, shape: Sequence[str | int]) -> Path:
    helper = onnx.helper
    weight = helper.make_tensor("w", onnx.TensorProto.FLOAT, [4, 3], [0.5] * 12)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None] * len(shape))],
        [weight],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def test_open_dimensions(tmp_path: Path) -> None:
    batch = read_graph(product_model(tmp_path / "batch.onnx", ["n", 4]))
    assert (batch.macs, batch.parameters) == (12, 12)
    path = product_model(tmp_path / "open.onnx", [2, "rows", 4])
    with pytest.raises(ProfileError, match=r"dimension 1 \('rows'\) open.*--input-shape x="):
        read_graph(path)
    assert read_graph(path, {"x": (2, 5, 4)}).macs == 2 * 5 * 4 * 3
    with pytest.raises(ProfileError, match="no input 'z'; its inputs: x"):
        read_graph(path, {"z": (1,)})
    with pytest.raises(ProfileError, match="3 dimensions, the given shape 1"):
        read_graph(path, {"x": (1,)})


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such file"):
        read_graph(tmp_path / "absent.onnx")
    path = tmp_path / "text.onnx"
    path.write_text("not a model")
    with pytest.raises(ProfileError, match="not a valid ONNX model"):
        read_graph(path)


def test_work_that_is_not_counted_is_named(tmp_path: Path) -> None:
    helper = onnx.helper
    tensor = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Einsum", ["x", "x"], ["y"], equation="ij,ij->i")],
        "g",
        [helper.make_tensor_value_info("x", tensor, [2, 4])],
        [helper.make_tensor_value_info("y", tensor, [2])],
    )
    path = tmp_path / "einsum.onnx"
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    assert read_graph(path).uncounted == ("Einsum",)


def test_split_points_of_mobilenet(exported: dict[str, Path]) -> None:
    graph = read_graph(exported["d0"])
    points = split_points(graph, "d0")
    assert points[0].activation_bytes == graph.input_bytes
    assert [p.tensors for p in points] == [1] * len(points)
    layers = architecture.convolutions(1.0)
    done = 0
    for layer, point in zip(layers, points[1:], strict=False):
        done += layer.macs
        assert point.mmacs_before * 1e6 == pytest.approx(done)
        if layer is not layers[-1]:
            assert point.activation_bytes == layer.outputs * layer.side**2 * 4
    # After the last convolution the pooled features are the smaller thing to send.
    assert points[len(layers)].activation_bytes == layers[-1].outputs * 4
    assert points[-1].mmacs_after == 0


def test_a_cut_across_a_skip_connection_sends_both_tensors(tmp_path: Path) -> None:
    class Skip(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(1, 4, 1)
            self.second = torch.nn.Conv2d(4, 4, 1)
            self.third = torch.nn.Conv2d(4, 4, 1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            first = self.first(image)
            result: torch.Tensor = self.third(self.second(first)) + first
            return result

    path = tmp_path / "skip.onnx"
    measure.export_onnx(Skip().eval(), torch.rand(1, 1, 8, 8), path)
    points = split_points(read_graph(path), "skip")
    one = 4 * 8 * 8 * 4
    assert [p.activation_bytes for p in points] == [8 * 8 * 4, one, 2 * one, 0]
    assert [p.tensors for p in points] == [1, 1, 2, 1]


def test_the_stored_splits_are_what_the_graphs_give() -> None:
    stored = [row for _, row in read_table(SPLITS, Split) if row.variant in ("d3", "d7")]
    assert stored == mobilenet_splits(("d3", "d7"))


def test_split_options_between_device_and_edge() -> None:
    loaded = Catalogue.load()
    options = split_options(loaded, "d0", device="a1.medium", site="edge", machine="a1.large")
    whole = loaded.options()
    assert options[0].device_service_s == 0
    assert options[0].site_service_s == whole[8].service_s
    assert options[0].upload_bytes == whole[8].upload_bytes
    assert options[-1].site == "device"
    assert options[-1].device_service_s == whole[0].service_s
    assert options[-1].upload_bytes == options[-1].reply_bytes == 0
    times = [option.device_service_s for option in options]
    assert times == sorted(times)
