# SPDX-License-Identifier: MIT
"""Split points of a network: work before and after a cut, and the bytes that cross it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.onnx_graph import Graph
from tandem.dnn_profiles.rows import Site, Split

MACS_PER_MMAC = 1e6


@dataclass(frozen=True, slots=True)
class SplitOption:
    """An option that is cut: layers before ``split`` on the device, the rest at ``site``.

    Times are seconds of one request alone. The halves of a latency are taken as proportional to
    their multiply-accumulates, which is an approximation: layers differ in speed.
    """

    site: Site
    variant: str
    split: int
    layer: str
    device_service_s: float
    site_service_s: float
    upload_bytes: int
    reply_bytes: int
    top1_percent: float | None
    top5_percent: float | None


def split_points(
    graph: Graph,
    variant: str,
    *,
    input_bytes: int | None = None,
    element_bytes: int | None = None,
) -> list[Split]:
    """Cuts of a graph, one per layer that does work.

    A cut falls between nodes; of the cuts with the same work before them (between a convolution
    and its activation, say) the one that sends least is kept.

    Args:
        input_bytes: what is sent when the whole network runs at the site, where that is not the
            graph's input tensor (a camera image has one byte per value, the tensor four).
        element_bytes: bytes of an activation's element; None takes the graph's.
    Raises:
        ProfileError: the size of a tensor on a cut is not known.
    """
    last_use = _last_use(graph)
    total = graph.macs
    done = 0
    alive = dict.fromkeys(graph.inputs)
    points = [_point(graph, variant, 0, "input", 0, total, alive, element_bytes)]
    if input_bytes is not None:
        points[0] = points[0].model_copy(update={"activation_bytes": input_bytes})
    layer = "input"
    for index, node in enumerate(graph.nodes):
        done += node.macs
        alive.update(dict.fromkeys(node.outputs))
        alive = {name: None for name in alive if last_use.get(name, -1) > index}
        if node.macs:
            layer = node.name
        if not done:
            continue
        number = points[-1].split + (1 if node.macs else 0)
        point = _point(graph, variant, number, layer, done, total, alive, element_bytes)
        if node.macs:
            points.append(point)
        elif point.activation_bytes <= points[-1].activation_bytes:
            points[-1] = point
    return points


def _last_use(graph: Graph) -> dict[str, int]:
    uses: dict[str, int] = {}
    for index, node in enumerate(graph.nodes):
        for name in node.inputs:
            uses[name] = index
    return uses


def _point(
    graph: Graph,
    variant: str,
    number: int,
    layer: str,
    done: int,
    total: int,
    alive: Sequence[str] | dict[str, None],
    element_bytes: int | None,
) -> Split:
    size = 0
    for name in alive:
        tensor = graph.tensors.get(name)
        if tensor is None:
            raise ProfileError(
                f"the size of tensor '{name}', which crosses the cut after '{layer}', is unknown"
            )
        size += tensor.size if element_bytes is None else tensor.elements * element_bytes
    return Split(
        variant=variant,
        split=number,
        layer=layer,
        mmacs_before=done / MACS_PER_MMAC,
        mmacs_after=(total - done) / MACS_PER_MMAC,
        activation_bytes=size,
        tensors=max(len(alive), 1),
    )


def split_options(
    catalogue: Catalogue,
    variant: str,
    *,
    device: str,
    site: Site,
    machine: str,
    threads: int | None = None,
) -> list[SplitOption]:
    """Every cut of a variant between a device and the machine of a site.

    Raises:
        ProfileError: unknown variant or device, or no latency of the variant on one of them.
    """
    here = catalogue.profile(variant, device, threads)
    there = catalogue.profile(variant, machine, threads)
    options = []
    for point in catalogue.split_points(variant):
        before = point.mmacs_before / (point.mmacs_before + point.mmacs_after)
        last = point.mmacs_after == 0
        options.append(
            SplitOption(
                site="device" if last else site,
                variant=variant,
                split=point.split,
                layer=point.layer,
                device_service_s=here.latency_p50_s * before,
                site_service_s=there.latency_p50_s * (1 - before),
                upload_bytes=point.activation_bytes,
                reply_bytes=0 if last else here.output_bytes,
                top1_percent=here.top1_percent,
                top5_percent=here.top5_percent,
            )
        )
    return options
