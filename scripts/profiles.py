# SPDX-License-Identifier: MIT
"""``tandem profiles``: show, measure, import and plot what DNN variants cost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal, ParamSpec

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from tandem.dnn_profiles.catalogue import DEFAULT_DEVICE, DEFAULT_SITES, Catalogue
from tandem.dnn_profiles.errors import MissingExtraError, ProfileError
from tandem.dnn_profiles.options import OPTION_COLUMNS, default_options_path, write_options
from tandem.dnn_profiles.rows import Profile, Split
from tandem.dnn_profiles.table import format_cell

profiles_app = typer.Typer(
    name="profiles",
    help="What each DNN variant costs on each device: measured or cited, never invented.",
    no_args_is_help=True,
)
MS = 1e3
PIPE_WIDTH = 160
Parameters = ParamSpec("Parameters")
Tables = Annotated[
    list[Path] | None,
    typer.Option("--table", "-t", help="Your own profile tables (CSV), besides the installed."),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads of one inference [default: the most of each device]"),
]


def reporting(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn the package's errors into one line on stderr and exit status 1."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ProfileError, MissingExtraError) as error:
            Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False)
            raise typer.Exit(1) from error

    return run


def _console() -> Console:
    """A console that keeps a table's columns whole where the output is not a terminal."""
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def _table(title: str) -> Table:
    return Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")


def _print_profiles(rows: Sequence[Profile], title: str) -> None:
    devices = {row.device for row in rows}
    if len(devices) == 1:
        title = f"{title}, device {rows[0].device}"
    table = _table(title)
    table.add_column("variant")
    if len(devices) > 1:
        table.add_column("device")
    for name in ("type", "threads", "runtime"):
        table.add_column(name)
    for name in ("MMACs", "top-1 %", "top-5 %", "p50 ms", "p90 ms"):
        table.add_column(name, justify="right")
    table.add_column("evidence")
    for row in rows:
        p90 = row.latency_p90_s
        table.add_row(
            row.variant,
            *((row.device,) if len(devices) > 1 else ()),
            row.precision,
            "–" if row.threads is None else str(row.threads),
            row.runtime,
            format_cell(row.mmacs),
            "–" if row.top1_percent is None else f"{row.top1_percent:.1f}",
            "–" if row.top5_percent is None else f"{row.top5_percent:.1f}",
            f"{row.latency_p50_s * MS:.2f}",
            "–" if p90 is None else f"{p90 * MS:.2f}",
            row.evidence,
        )
    _console().print(table)


@profiles_app.command()
@reporting
def show(
    device: Annotated[str | None, typer.Option(help="Only this device.")] = None,
    variant: Annotated[str | None, typer.Option(help="Only this variant.")] = None,
    sources: Annotated[bool, typer.Option(help="Print sources, licences and notes.")] = False,
    table: Tables = None,
) -> None:
    """Print the catalogue: latencies with what each variant costs and is worth."""
    catalogue = Catalogue.load(table or [])
    rows = catalogue.select(device=device, variant=variant)
    _print_profiles(rows, f"{len(rows)} profiles")
    console = _console()
    for row in catalogue.energy(device) if device else ():
        cells = (
            ("J per MAC", row.mac_j),
            ("W while sending", row.radio_tx_w),
            ("W while receiving", row.radio_rx_w),
        )
        text = ", ".join(f"{value:g} {unit}" for unit, value in cells if value is not None)
        console.print(f"energy ({row.radio or row.precision}, {row.evidence}): {text}")
    if device and not catalogue.energy(device):
        console.print("energy: no source known")
    if sources:
        for text in dict.fromkeys(_provenance(row) for row in rows):
            console.print(text, highlight=False, markup=False)


def _provenance(row: Profile) -> str:
    accuracy = f"; accuracy: {row.accuracy_source}" if row.accuracy_source else ""
    note = f"\n    {row.note}" if row.note else ""
    return f"[{row.device}] {row.evidence}: {row.source} ({row.licence}){accuracy}{note}"


@profiles_app.command()
@reporting
def fit(
    write: Annotated[bool, typer.Option(help="Rewrite the installed computed tables.")] = False,
) -> None:
    """Print the fits behind every computed latency, with residuals and steps."""
    from tandem.dnn_profiles import fit as fitting
    from tandem.dnn_profiles.regenerate import derivation, write_derived

    console = _console()
    result = derivation()
    for precision, line in result.lines.items():
        table = _table(
            f"{fitting.LINE_DEVICE} {precision}: t = {line.overhead_s * MS:.3f} ms + "
            f"MACs / {line.macs_per_s / 1e9:.2f} GMAC/s, "
            f"worst residual {line.worst_percent:.1f} %"
        )
        for name in ("variant", "MMACs", "published ms", "fitted ms", "residual ms", "residual %"):
            table.add_column(name, justify="right")
        for (name, macs, seconds), (_, fitted, residual) in zip(
            line.points, line.residuals(), strict=True
        ):
            table.add_row(
                name,
                f"{macs / 1e6:g}",
                f"{seconds * MS:.2f}",
                f"{fitted * MS:.2f}",
                f"{residual * MS:+.2f}",
                f"{100 * residual / seconds:+.1f}",
            )
        console.print(table)
    anchor = result.anchor
    console.print(
        f"{anchor.variant} {anchor.precision} on {anchor.device}: "
        f"{anchor.latency_p50_s * MS:.2f} ms, taken as that of all its cores"
    )
    for name, seconds in result.core_s.items():
        console.print(f"  scaled by clock and cores to one core of {name}: {seconds * MS:.1f} ms")
    _print_profiles(result.rows, "computed rows (unchecked against real A1 instances)")
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
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write CSV for a scenario's --options.")
    ] = None,
    table: Tables = None,
) -> None:
    """Make the option table that scenarios and agents share."""
    sites = {name: machine for name, machine in (("edge", edge), ("cloud", cloud)) if machine}
    rows = Catalogue.load(table or []).options(
        device=device,
        sites=sites,
        variants=_names(variants),
        site_variants=_names(site_variants) or (),
        threads=threads,
        runtimes=_pairs(runtime or (), "--runtime"),
    )
    printed = _table(f"{len(rows)} options")
    for name in OPTION_COLUMNS:
        printed.add_column(name, justify="left" if name in ("site", "variant") else "right")
    for row in rows:
        printed.add_row(*(format_cell(getattr(row, name)) for name in OPTION_COLUMNS))
    _console().print(printed)
    if output is None:
        _console().print(f"the default table is {default_options_path()}; --output writes another")
    else:
        write_options(output, rows)
        _console().print(f"wrote {output}")


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _pairs(texts: Sequence[str], flag: str) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ProfileError(f"{flag} {text}: expected name=value")
        pairs[name] = value
    return pairs


def _shape(text: str, flag: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ProfileError(f"{flag} {text}: expected integers by commas") from error
    if not shape or min(shape) < 1:
        raise ProfileError(f"{flag} {text}: every dimension must be 1 or more")
    return shape


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
    from tandem.dnn_profiles.plot import plot_pareto

    if top not in (1, 5):
        raise ProfileError(f"--top {top}: only 1 and 5 are known")
    catalogue = Catalogue.load(table or [])
    for path in plot_pareto(catalogue, output, devices=device, top=top, threads=threads):
        _console().print(f"wrote {path}")


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
    from tandem.dnn_profiles import machine
    from tandem.dnn_profiles.architecture import WIDTHS
    from tandem.dnn_profiles.measure import MOBILENET_FACTORIES, Request, to_profile
    from tandem.dnn_profiles.measure import measure as run
    from tandem.dnn_profiles.store import append_profile

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
    result = run(request, _shape(input_shape, "--input-shape") if input_shape else None)
    row = to_profile(
        result,
        catalogue,
        input_bytes=input_bytes,
        top1_percent=top1,
        top5_percent=top5,
        accuracy_source=accuracy_source,
    )
    append_profile(output, row, replace=replace, installed=installed)
    _print_profiles([row], f"measured: {result.description}")
    console = _console()
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
    from tandem.dnn_profiles.onnx_graph import read_graph
    from tandem.dnn_profiles.split import split_points

    shapes = {
        name: _shape(text, "--input-shape")
        for name, text in _pairs(input_shape or (), "--input-shape").items()
    }
    graph = read_graph(model, shapes)
    console = _console()
    console.print(f"{model}: {graph.macs / 1e6:.3f} MMACs, {graph.parameters / 1e6:.4f} M params")
    for title, names in (("input", graph.inputs), ("output", graph.outputs)):
        for name in names:
            tensor = graph.tensors[name]
            console.print(f"  {title} {name} {list(tensor.shape)}: {tensor.size} bytes")
    if graph.uncounted:
        console.print(f"not counted in MMACs: {', '.join(graph.uncounted)}")
    if tensors:
        table = _table("activations")
        for name in ("node", "operator", "tensor", "shape", "bytes", "MMACs"):
            table.add_column(name)
        for node in graph.nodes:
            for output in node.outputs:
                known = graph.tensors.get(output)
                table.add_row(
                    node.name,
                    node.operator,
                    output,
                    str(list(known.shape)) if known else "–",
                    str(known.size) if known else "–",
                    f"{node.macs / 1e6:.3f}",
                )
        console.print(table)
    if splits:
        _print_splits(split_points(graph, model.stem.replace(" ", "-")))


@profiles_app.command()
@reporting
def splits(
    variant: Annotated[str, typer.Argument(help="A variant of the catalogue.")] = "d0",
    write: Annotated[bool, typer.Option(help="Rewrite the installed table first.")] = False,
) -> None:
    """List where a variant can be cut between device and site."""
    if write:
        from tandem.dnn_profiles.regenerate import write_splits

        _console().print(f"wrote {write_splits()}")
    _print_splits(Catalogue.load().split_points(variant))


def _print_splits(rows: Sequence[Split]) -> None:
    table = _table("split points: layers up to and including this one run on the device")
    for name in ("split", "layer", "MMACs before", "MMACs after", "bytes sent", "tensors"):
        table.add_column(name, justify="left" if name == "layer" else "right")
    for row in rows:
        table.add_row(
            str(row.split),
            row.layer,
            f"{row.mmacs_before:.2f}",
            f"{row.mmacs_after:.2f}",
            str(row.activation_bytes),
            str(row.tensors),
        )
    _console().print(table)


if __name__ == "__main__":
    profiles_app()
