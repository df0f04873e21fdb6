# SPDX-License-Identifier: MIT
"""The tables that are computed: derived latencies, split points and the default options.

``tandem profiles fit --write`` rewrites the first and the last, ``tandem profiles splits --write``
the second; tests assert that the installed files are what this module gives.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tandem.dnn_profiles.architecture import WIDTHS, convolutions
from tandem.dnn_profiles.catalogue import DATA, DERIVED, Catalogue
from tandem.dnn_profiles.fit import Derivation, derive
from tandem.dnn_profiles.options import default_options_path, write_options
from tandem.dnn_profiles.rows import Split
from tandem.dnn_profiles.store import PROFILE_COLUMNS
from tandem.dnn_profiles.table import columns, write_table

SPLITS = DATA / "splits.csv"
#: Bytes of an activation's element; None takes those of the graph, which is of 32-bit floats.
ACTIVATION_BYTES: dict[str, int | None] = {"fp32": None, "int8": 1}


def derivation() -> Derivation:
    """Compute the derived rows from the published ones."""
    catalogue = Catalogue.load(derived=False)
    return derive(catalogue.profiles, catalogue.devices)


def write_derived() -> list[Path]:
    """Rewrite the installed derived rows and the default option table; returns the files."""
    write_table(DERIVED, PROFILE_COLUMNS, derivation().rows)
    options = default_options_path()
    write_options(options, Catalogue.load().options())
    return [DERIVED, options]


def mobilenet_splits(variants: tuple[str, ...] = tuple(WIDTHS)) -> list[Split]:
    """Split points of the variants d0 to d7, from the exported graphs of the networks.

    Raises:
        MissingExtraError: torch or onnx is not installed.
    """
    from tandem.dnn_profiles.measure import (
        MOBILENET_FACTORIES,
        example_input,
        export_onnx,
        load_factory,
    )
    from tandem.dnn_profiles.onnx_graph import read_graph
    from tandem.dnn_profiles.split import split_points

    catalogue = Catalogue.load(derived=False)
    rows: list[Split] = []
    with tempfile.TemporaryDirectory(prefix="tandem-splits-") as folder:
        for variant in variants:
            model = load_factory(f"{MOBILENET_FACTORIES}:{variant}")
            path = Path(folder) / f"{variant}.onnx"
            export_onnx(model, example_input(model, None), path)
            reference = catalogue.select(variant=variant)[0]
            points = split_points(
                read_graph(path),
                variant,
                input_bytes=reference.input_bytes,
                element_bytes=ACTIVATION_BYTES[reference.precision],
            )
            layers = [layer.name for layer in convolutions(WIDTHS[variant])]
            names = ["input", *layers, "classifier"]
            rows += [
                point.model_copy(update={"layer": name})
                for name, point in zip(names, points, strict=True)
            ]
    return rows


def write_splits() -> Path:
    """Rewrite the installed table of split points; returns the file."""
    write_table(SPLITS, columns(Split), mobilenet_splits())
    return SPLITS
