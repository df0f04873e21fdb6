# SPDX-License-Identifier: MIT
"""A validation as one HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from tandem.scripts.app.figures.document import Document, link, place, section
from tandem.scripts.app.validation.figures import FIGURES, draw
from tandem.scripts.app.validation.record import (
    HEADINGS,
    cells,
    numbered_sources,
    summary,
    verdict,
)
from tandem.scripts.app.validation.yardstick import Row


def page(rows: Sequence[Row], facts: Mapping[str, Any]) -> str:
    """The whole page: table, figures, sources."""
    figures = draw(rows)
    shown = [figure for figure in FIGURES if figure[0] in figures]
    told = (
        summary(rows),
        " · ".join(f"{name} {value}" for name, value in facts.items()),
    )
    parts = [section(key, title, place(key, caption)) for key, title, caption, _, _ in shown]
    return Document(
        title="Validation",
        facts="".join(f'<p class="facts">{html.escape(text)}</p>' for text in told),
        summary="",
        contents="".join(
            [
                link("table", "Table"),
                *(link(key, title) for key, title, _, _, _ in shown),
                link("sources", "Sources"),
            ]
        ),
        sections="\n".join(
            [
                section("table", "Table", f'<div class="scroll">{_table(rows)}</div>'),
                *parts,
                section("sources", "Sources", _sources(rows)),
            ]
        ),
        figures=figures,
    ).render()


def _table(rows: Sequence[Row]) -> str:
    numbers = numbered_sources(rows)
    head = "".join(f"<th>{heading}</th>" for heading in (*HEADINGS, "source"))
    lines = []
    for row in rows:
        texts = (*cells(row), f"[{numbers[row.case.source]}]")
        columns = "".join(f"<td>{html.escape(text)}</td>" for text in texts)
        lines.append(f'<tr class="{verdict(row)}">{columns}</tr>')
    body = "".join(lines)
    return f'<table class="verdicts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _sources(rows: Sequence[Row]) -> str:
    texts = [f"[{number}] {source}" for source, number in numbered_sources(rows).items()]
    return "".join(f"<p>{html.escape(text)}</p>" for text in texts)
