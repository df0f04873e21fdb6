# SPDX-License-Identifier: MIT
"""From a measurement to a row of the catalogue."""

from __future__ import annotations

from tandem.dnn_profiles.catalogue import Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.measure import Measurement, Request
from tandem.dnn_profiles.onnx_graph import Graph
from tandem.dnn_profiles.rows import Profile

MILLION = 1e6
LATENCY_DECIMALS = 7
#: A network is a variant of the catalogue if its work agrees to this, …
MACS_TOLERANCE = 0.01
#: … and its parameters to this: published counts are rounded, exporters fold normalisation away.
PARAMETERS_TOLERANCE = 0.02


def to_profile(
    measurement: Measurement,
    catalogue: Catalogue,
    *,
    input_bytes: int | None = None,
    top1_percent: float | None = None,
    top5_percent: float | None = None,
    accuracy_source: str | None = None,
) -> Profile:
    """Make a row of the catalogue from a measurement.

    A variant that the catalogue knows keeps the catalogue's work, parameters, bytes and accuracy,
    which the measured network must agree with; a new variant takes them from its graph.

    Raises:
        ProfileError: the variant is known and this is another network, or a figure was given
            for it that the catalogue already has.
    """
    request, timing, graph = measurement.request, measurement.timing, measurement.graph
    known = [row for row in catalogue.profiles if row.variant == request.variant]
    accuracy_note = ""
    if known:
        reference = known[0]
        if (input_bytes, top1_percent, top5_percent, accuracy_source) != (None,) * 4:
            raise ProfileError(
                f"variant '{request.variant}' already has input bytes and accuracy in the "
                "catalogue; choose another --variant name for another network"
            )
        _same_network(request, graph, reference)
        if request.precision == "int8":
            accuracy_note = "; accuracy is that of the published int8 weights, not of these"
        fields = {
            name: getattr(reference, name)
            for name in (
                "mmacs",
                "mparams",
                "input_bytes",
                "output_bytes",
                "top1_percent",
                "top5_percent",
                "accuracy_source",
                "accuracy_revision",
            )
        }
    else:
        fields = {
            "mmacs": round(graph.macs / MILLION, 3),
            "mparams": round(graph.parameters / MILLION, 4),
            "input_bytes": graph.input_bytes if input_bytes is None else input_bytes,
            "output_bytes": graph.output_bytes,
            "top1_percent": top1_percent,
            "top5_percent": top5_percent,
            "accuracy_source": accuracy_source,
        }
    latency = {
        name: round(value, LATENCY_DECIMALS)
        for name, value in (
            ("latency_p50_s", timing.median),
            ("latency_min_s", min(timing.samples)),
            ("latency_mean_s", timing.mean),
            ("latency_p10_s", timing.percentile(10)),
            ("latency_p90_s", timing.percentile(90)),
            ("latency_p99_s", timing.percentile(99)),
        )
    }
    how = f", {request.quantise} quantisation" if request.precision == "int8" else ""
    block = f", each the mean of {timing.block} runs" if timing.block > 1 else ""
    return Profile.model_validate(
        {
            "variant": request.variant,
            "device": request.device,
            "precision": request.precision,
            "threads": request.threads,
            "runtime": request.runtime,
            **fields,
            **latency,
            "source": "tandem profiles measure",
            "revision": measurement.library,
            "licence": "own measurement",
            "derived": False,
            "evidence": "measured",
            "note": (
                f"{len(timing.samples)} samples{block} after {timing.warmup} warm-up runs{how}; "
                f"{measurement.description}{accuracy_note}"
            ),
        }
    )


def _same_network(request: Request, graph: Graph, reference: Profile) -> None:
    if request.precision != reference.precision:
        raise ProfileError(
            f"variant '{request.variant}' is {reference.precision} in the catalogue and was "
            f"measured in {request.precision}; use --precision {reference.precision} or another "
            "--variant name"
        )
    for name, counted, listed, tolerance in (
        ("MMACs", graph.macs / MILLION, reference.mmacs, MACS_TOLERANCE),
        (
            "million parameters",
            graph.parameters / MILLION,
            reference.mparams,
            PARAMETERS_TOLERANCE,
        ),
    ):
        if abs(counted - listed) > tolerance * listed:
            raise ProfileError(
                f"variant '{request.variant}' has {listed} {name} in the catalogue, this model "
                f"{counted:.3f}; choose another --variant name for another network"
            )
