# SPDX-License-Identifier: MIT
"""Figures of runs, as a page or as files for papers."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.packages import not_installed, require
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.common.named import load_named
from tandem.scripts.app.figures.figure import Figure, draw
from tandem.scripts.app.figures.registry import figures_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Width of a figure in a file, pixels at 96 per inch: a two-column page of a paper.
WIDTH_PX: Final = 1000


PNG_SCALE: Final = 2


REPORT: Final = "report.html"


class ReportFormat(str, enum.Enum):
    """What is written."""

    HTML = "html"
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


def default_target(folders: Sequence[Path], output: ReportFormat) -> Path:
    """Where a report goes by default: into the run, or beside several."""
    first = folders[0].resolve()
    folder = folders[0] if len(folders) == 1 else first.parent
    return folder / (REPORT if output is ReportFormat.HTML else "figures")


def choose_figures(
    runs: Sequence[Run], wanted: Sequence[str] | None = None, extra: str | None = None
) -> list[Figure]:
    """The figures of a report, in order.

    Args:
        runs: to be drawn.
        wanted: only those of these names; default: all.
        extra: ``file.py:name`` of more, as `Figure` or a sequence of it.

    Raises:
        TandemError: plotly is missing, or there is no figure of a wanted name.
    """
    require("plotly", "drawing figures")
    loaded = () if extra is None else load_named(extra, "--figures")
    figures = figures_of(runs, [loaded] if isinstance(loaded, Figure) else list(loaded))
    known = [figure.key for figure in figures]
    for name in wanted or ():
        if name not in known:
            raise TandemError(f"there is no figure {name!r}: one of {', '.join(known)}")
    return [figure for figure in figures if not wanted or figure.key in wanted]


def build_figures(
    runs: Sequence[Run], wanted: Sequence[str] | None = None
) -> tuple[dict[str, go.Figure], dict[str, str]]:
    """Every figure that the runs allow, and why the others cannot be drawn.

    Raises:
        TandemError: as `choose_figures`.
    """
    return draw(choose_figures(runs, wanted), runs)


def write_images(figures: dict[str, go.Figure], folder: Path, output: ReportFormat) -> None:
    """One file per figure.

    Raises:
        TandemError: the browser that draws them is missing.
    """
    import plotly.io as pio

    folder.mkdir(parents=True, exist_ok=True)
    try:
        import kaleido  # noqa: F401 (plotly uses it and explains less when it is missing)

        pio.write_images(
            fig=list(figures.values()),
            file=[folder / f"{key}.{output.value}" for key in figures],
            format=output.value,
            width=WIDTH_PX,
            # Without these all would have plotly's 500 px, and many panels would overlap.
            height=[figure.layout.height for figure in figures.values()],
            scale=PNG_SCALE if output is ReportFormat.PNG else 1,
        )
    except ModuleNotFoundError as error:
        raise TandemError(f"--format {output.value}: {not_installed('kaleido')}") from error
    except Exception as error:
        if "chrome" not in f"{type(error).__name__} {error}".lower():
            raise
        raise TandemError(
            f"--format {output.value} draws with Chrome or Chromium, which was not found: install "
            "one (Debian: apt install chromium), or use --format html and a browser's own export"
        ) from error
