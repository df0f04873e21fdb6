# SPDX-License-Identifier: MIT
"""Split points of a network: work before and after a cut, and the bytes that cross it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.onnx_graph import Graph
from tandem.dnn_profiles.rows import Option, Site, Split

MACS_PER_MMAC = 1e6
#: Bytes of an activation's element in a variant that is not quantised.
FLOAT_BYTES = 4
#: Nanoseconds are enough for a table.
TIME_DIGITS = 9


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
    runtimes: Mapping[str, str] | None = None,
) -> list[SplitOption]:
    """Every cut of a variant between a device and the machine of a site.

    Args:
        runtimes: device to runtime, for devices that were measured with several.

    Raises:
        ProfileError: unknown variant or device, or no latency of the variant on one of them.
    """
    chosen = runtimes or {}
    here = catalogue.profile(variant, device, threads, chosen.get(device))
    there = catalogue.profile(variant, machine, threads, chosen.get(machine))
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


def add_splits(
    catalogue: Catalogue,
    rows: Sequence[Option],
    variant: str,
    splits: Sequence[int],
    *,
    device: str,
    sites: Mapping[Site, str],
    threads: int | None = None,
    runtimes: Mapping[str, str] | None = None,
    quantised: bool = False,
) -> tuple[Option, ...]:
    """An option table with cuts of a variant behind its rows, at each site.

    Args:
        rows: the table so far.
        splits: numbers of the cuts, as ``tandem profiles splits`` lists them.
        sites: site to the device that serves there.
        quantised: send one byte per value instead of four. The accuracy stays the variant's: what
            quantising a tensor costs is not in the catalogue.

    Raises:
        ProfileError: no such cut, one before the first or behind the last layer, or a variant of
            8 bits, whose values have one byte already.
    """
    added: list[Option] = []
    if not splits:
        return tuple(rows)
    whole = catalogue.profile(variant, device, threads, (runtimes or {}).get(device))
    if quantised and whole.precision != "fp32":
        raise ProfileError(f"the values of '{variant}' have one byte already: leave int8 out")
    for site, machine in sites.items():
        cuts = split_options(
            catalogue,
            variant,
            device=device,
            site=site,
            machine=machine,
            threads=threads,
            runtimes=runtimes,
        )
        inner = {cut.split: cut for cut in cuts if 0 < cut.split < len(cuts) - 1}
        for number in splits:
            if number not in inner:
                raise ProfileError(
                    f"'{variant}' has no split {number}: 1 to {len(cuts) - 2} leave work on both "
                    f"sides (tandem profiles splits {variant})"
                )
            cut = inner[number]
            added.append(
                Option(
                    option=len(rows) + len(added),
                    site=site,
                    variant=f"{variant}-cut{number}" + ("-int8" if quantised else ""),
                    service_s=round(cut.site_service_s, TIME_DIGITS),
                    upload_bytes=cut.upload_bytes // (FLOAT_BYTES if quantised else 1),
                    reply_bytes=cut.reply_bytes,
                    top1_percent=_known(cut.top1_percent, variant),
                    top5_percent=_known(cut.top5_percent, variant),
                    mmacs=whole.mmacs,
                    device_service_s=round(cut.device_service_s, TIME_DIGITS),
                )
            )
    return (*rows, *added)


def _known(percent: float | None, variant: str) -> float:
    if percent is None:
        raise ProfileError(f"the accuracy of '{variant}' is not known")
    return percent
