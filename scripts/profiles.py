# SPDX-License-Identifier: MIT
"""``tandem profiles``: show, measure, import and plot what DNN variants cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal, ParamSpec

import typer
from rich.console import Console

from tandem.dnn_profiles import machine
from tandem.dnn_profiles.architecture import WIDTHS
from tandem.dnn_profiles.catalogue import DEFAULT_DEVICE, DEFAULT_SITES, REMOTE_SITES, Catalogue
from tandem.dnn_profiles.errors import MissingExtraError, ProfileError
from tandem.dnn_profiles.measure import MOBILENET_FACTORIES, Request
from tandem.dnn_profiles.measure import measure as measure_model
from tandem.dnn_profiles.measured import to_profile
from tandem.dnn_profiles.onnx_graph import read_graph
from tandem.dnn_profiles.options import default_options_path, write_options
from tandem.dnn_profiles.plot import plot_pareto
from tandem.dnn_profiles.printing import (
    make_console,
    print_derivation,
    print_energy,
    print_options,
    print_profiles,
    print_splits,
    print_tensors,
    provenance,
)
from tandem.dnn_profiles.regenerate import derivation, write_derived, write_splits
from tandem.dnn_profiles.split import add_splits, split_points
from tandem.dnn_profiles.store import append_profile
from tandem.scripts.app.common.outputs import check_file
from tandem.scripts.app.common.parsing import parse_names, parse_pairs, parse_shape
from tandem.scripts.overview import summary

profiles_app = typer.Typer(
    name="profiles",
    help=summary("profiles"),
    no_args_is_help=True,
    add_completion=False,
)
#: As in the other commands: an error that the user can fix.
EXIT_ERROR = 2
Parameters = ParamSpec("Parameters")
Tables = Annotated[
    list[Path] | None,
    typer.Option("--table", "-t", help="Your profile tables (CSV), besides the installed ones."),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads of one inference [default: the most of each device]"),
]


def reporting(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn the package's errors into one line on stderr and exit status 2, as for bad options."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ProfileError, MissingExtraError) as error:
            # No markup: a message may hold brackets, as in ns3-tandem[profiles].
            Console(stderr=True, markup=False, highlight=False).print(f"error: {error}")
            raise typer.Exit(EXIT_ERROR) from error

    return run


@profiles_app.command()
@reporting
def show(
    device: Annotated[str | None, typer.Option(help="Only this device.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only this variant.")] = None,
    sources: Annotated[bool, typer.Option(help="Print sources, licences and notes.")] = False,
    table: Tables = None,
) -> None:
    """Print the catalogue: latencies with the cost and accuracy of each variant."""
    console = make_console()
    catalogue = Catalogue.load(table or [])
    rows = catalogue.select(device=device, variant=variant)
    print_profiles(console, rows, f"{len(rows)} profiles")
    if device:
        print_energy(console, catalogue.energy(device))
    if sources:
        for text in dict.fromkeys(provenance(row) for row in rows):
            console.print(text, highlight=False, markup=False)


@profiles_app.command()
@reporting
def fit(
    write: Annotated[bool, typer.Option(help="Rewrite the installed computed tables.")] = False,
) -> None:
    """Print the fits behind every computed latency, with residuals and steps."""
    console = make_console()
    result = derivation()
    print_derivation(console, result)
    print_profiles(console, result.rows, "computed rows (unchecked against real A1 instances)")
    if write:
        for path in write_derived():
            console.print(f"wrote {path}")


@profiles_app.command()
@reporting
def options(
    device: Annotated[str, typer.Option(help="Device of each user.")] = DEFAULT_DEVICE,
    edge: Annotated[str, typer.Option(help="Device at the edge; empty for none.")] = DEFAULT_SITES[
        "edge"
    ],
    cloud: Annotated[
        str, typer.Option(help="Device in the cloud; empty for none.")
    ] = DEFAULT_SITES["cloud"],
    variants: Annotated[
        str | None, typer.Option(help="Variants on the device, by commas [default: all]")
    ] = None,
    site_variants: Annotated[
        str, typer.Option(help="Variants at edge and cloud, by commas.")
    ] = "d0",
    threads: Threads = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(help="device=runtime, for a device that was measured with several."),
    ] = None,
    split: Annotated[
        list[int] | None,
        typer.Option(help="Besides, a cut of --split-variant at each site; repeatable."),
    ] = None,
    split_variant: Annotated[str, typer.Option(help="The variant that is cut.")] = "d0",
    split_tensor: Annotated[
        Literal["fp32", "int8"], typer.Option(help="How what crosses a cut is sent.")
    ] = "fp32",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write CSV for a scenario's --options.")
    ] = None,
    table: Tables = None,
) -> None:
    """Make the option table that scenarios and agents share."""
    sites = {name: machine for name, machine in (("edge", edge), ("cloud", cloud)) if machine}
    catalogue = Catalogue.load(table or [])
    runtimes = parse_pairs(runtime or (), "--runtime")
    rows = catalogue.options(
        device=device,
        sites=sites,
        variants=parse_names(variants),
        site_variants=parse_names(site_variants) or (),
        threads=threads,
        runtimes=runtimes,
    )
    rows = add_splits(
        catalogue,
        rows,
        split_variant,
        split or (),
        device=device,
        sites={REMOTE_SITES[name]: machine for name, machine in sites.items()},
        threads=threads,
        runtimes=runtimes,
        quantised=split_tensor == "int8",
    )
    console = make_console()
    print_options(console, rows)
    if output is not None:
        check_file(output, "--output")
    if output is None:
        console.print(f"the default table is {default_options_path()}; --output writes another")
    else:
        write_options(output, rows)
        console.print(f"wrote {output}")


@profiles_app.command()
@reporting
def plot(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File; its suffix is replaced by png and svg.")
    ] = Path("pareto.png"),
    device: Annotated[
        list[str] | None, typer.Option(help="Device to draw; repeat it [default: all]")
    ] = None,
    top: Annotated[int, typer.Option(help="Top-1 or top-5 accuracy.")] = 5,
    threads: Threads = None,
    table: Tables = None,
) -> None:
    """Draw the accuracy–latency Pareto front of each device, as PNG and SVG."""
    check_file(output, "--output")
    if top not in (1, 5):
        raise ProfileError(f"--top {top}: only 1 and 5 are known")
    catalogue = Catalogue.load(table or [])
    for path in plot_pareto(catalogue, output, devices=device, top=top, threads=threads):
        make_console().print(f"wrote {path}")


@profiles_app.command()
@reporting
def measure(
    model: Annotated[
        str, typer.Argument(help="model.onnx, module:factory of a torch module, or d0 … d7")
    ],
    runtime: Annotated[
        Literal["torch", "onnxruntime"] | None,
        typer.Option(help="[default: onnxruntime for .onnx, else torch]"),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one inference.")] = 1,
    precision: Annotated[
        Literal["fp32", "int8"] | None,
        typer.Option(help="[default: that of a known variant, else fp32]"),
    ] = None,
    quantise: Annotated[
        Literal["static", "dynamic"], typer.Option(help="How to make int8.")
    ] = "static",
    variant: Annotated[
        str | None, typer.Option(help="Name of the row [default: from the model's name]")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Name of this machine [default: its processor]")
    ] = None,
    input_shape: Annotated[
        str | None, typer.Option(help="Shape of a torch module's input, as 1,3,224,224.")
    ] = None,
    input_bytes: Annotated[
        int | None, typer.Option(min=0, help="Bytes sent to offload [default: the input tensor]")
    ] = None,
    top1: Annotated[float | None, typer.Option(help="Top-1 accuracy of a new variant, %.")] = None,
    top5: Annotated[float | None, typer.Option(help="Top-5 accuracy of a new variant, %.")] = None,
    accuracy_source: Annotated[str | None, typer.Option(help="Where accuracy is from.")] = None,
    warmup: Annotated[int, typer.Option(min=0, help="Runs thrown away first.")] = 10,
    seconds: Annotated[float, typer.Option(help="Time to spend measuring.")] = 2.0,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Your table; the row is appended.")
    ] = Path("profiles.csv"),
    replace: Annotated[bool, typer.Option(help="Overwrite a row of the same key.")] = False,
    installed: Annotated[bool, typer.Option(help="Allow changing installed tables.")] = False,
) -> None:
    """Measure a model on this machine and append a row to your table."""
    catalogue = Catalogue.load()
    if model in WIDTHS:
        variant = variant or model
        model = f"{MOBILENET_FACTORIES}:{model}"
    default = Path(model).stem if model.endswith(".onnx") else model.rpartition(":")[2]
    name = variant or default
    known = [row for row in catalogue.profiles if row.variant == name]
    request = Request(
        model=model,
        variant=name,
        device=device or machine.device_name(),
        runtime=runtime or ("onnxruntime" if model.endswith(".onnx") else "torch"),
        threads=threads,
        precision=precision or (known[0].precision if known else "fp32"),
        quantise=quantise,
        warmup=warmup,
        seconds=seconds,
    )
    result = measure_model(
        request, parse_shape(input_shape, "--input-shape") if input_shape else None
    )
    row = to_profile(
        result,
        catalogue,
        input_bytes=input_bytes,
        top1_percent=top1,
        top5_percent=top5,
        accuracy_source=accuracy_source,
    )
    append_profile(output, row, replace=replace, installed=installed)
    console = make_console()
    print_profiles(console, [row], f"measured: {result.description}")
    console.print(row.note or "", highlight=False)
    if result.graph.uncounted:
        console.print(f"not counted in MMACs: {', '.join(result.graph.uncounted)}")
    console.print(f"appended to {output}")


@profiles_app.command("import")
@reporting
def import_model(
    model: Annotated[Path, typer.Argument(help="An ONNX file.")],
    input_shape: Annotated[
        list[str] | None,
        typer.Option(help="name=1,3,224,224 for an input whose shape the file leaves open."),
    ] = None,
    tensors: Annotated[bool, typer.Option(help="List every activation's shape and size.")] = False,
    splits: Annotated[bool, typer.Option(help="List the split points.")] = False,
) -> None:
    """Read an ONNX model's work, parameters, tensor sizes and split points."""
    shapes = {
        name: parse_shape(text, "--input-shape")
        for name, text in parse_pairs(input_shape or (), "--input-shape").items()
    }
    graph = read_graph(model, shapes)
    console = make_console()
    console.print(f"{model}: {graph.macs / 1e6:.3f} MMACs, {graph.parameters / 1e6:.4f} M params")
    for title, names in (("input", graph.inputs), ("output", graph.outputs)):
        for name in names:
            tensor = graph.tensors[name]
            console.print(f"  {title} {name} {list(tensor.shape)}: {tensor.size} bytes")
    if graph.uncounted:
        console.print(f"not counted in MMACs: {', '.join(graph.uncounted)}")
    if tensors:
        print_tensors(console, graph)
    if splits:
        print_splits(console, split_points(graph, model.stem.replace(" ", "-")))


@profiles_app.command()
@reporting
def splits(
    variant: Annotated[str, typer.Argument(help="A variant of the catalogue.")] = "d0",
    write: Annotated[bool, typer.Option(help="Rewrite the installed table first.")] = False,
) -> None:
    """List where a variant can be cut between device and site."""
    if write:
        make_console().print(f"wrote {write_splits()}")
    print_splits(make_console(), Catalogue.load().split_points(variant))
