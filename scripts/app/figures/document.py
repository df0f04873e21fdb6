# SPDX-License-Identifier: MIT
"""A page of figures as one HTML file that needs no network; what is on it, others say."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from string import Template
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs


@dataclass(frozen=True)
class Document:
    """The parts of a page; all but title and data are HTML.

    Attributes:
        title: heading and title of the window.
        facts: what it is about, in a few lines.
        summary: a table.
        contents: links to the sections.
        sections: each with an element for its figure, ``figure-KEY``.
        figures: by key.
        controls: filters; empty: none.
        data: what the filters work on.
    """

    title: str
    facts: str
    summary: str
    contents: str
    sections: str
    figures: Mapping[str, go.Figure]
    controls: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: {"runs": []})

    def render(self) -> str:
        """The whole page."""
        title = f"{self.title} – ns3-tandem"
        return head(title, f"<style>{_text('page.css')}</style>") + Template(
            _text("page.html")
        ).substitute(
            title=html.escape(title),
            facts=self.facts,
            summary=self.summary,
            contents=self.contents,
            hidden="" if self.controls else "hidden",
            controls=self.controls,
            sections=self.sections,
            plotly=get_plotlyjs(),
            page_data=_embed(self.data),
            figure_data=_embed(
                {key: json.loads(fig.to_json()) for key, fig in self.figures.items()}
            ),
            script=_text("page.js"),
        )


def head(title: str, style: str) -> str:
    """The beginning of a page, up to its body.

    Args:
        title: of the window.
        style: HTML that brings the style sheet.
    """
    return Template(_text("head.html")).substitute(window=html.escape(title), style=style)


def link(key: str, title: str) -> str:
    """A link to a section."""
    return f'<a href="#{key}">{html.escape(title)}</a>'


def section(key: str, title: str, body: str) -> str:
    """A section with its heading; ``body`` is HTML."""
    return f'<section id="{key}"><h2>{html.escape(title)}</h2>{body}</section>'


def place(key: str, caption: str, between: str = "") -> str:
    """What a figure is, and the element that it is drawn in; ``between`` is HTML."""
    return f'<p>{html.escape(caption)}</p>{between}<div id="figure-{key}" class="figure"></div>'


def _text(name: str) -> str:
    return resources.files("tandem.scripts.app.figures").joinpath(name).read_text(encoding="utf-8")


def _embed(value: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
