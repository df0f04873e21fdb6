# SPDX-License-Identifier: MIT
"""The report in a real browser, on a run of real ns-3: drawn, filtered, without an error."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.agents.inference.heuristics import make_policy
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.reader import load_run
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.figures.output import (
    WIDTH_PX,
    ReportFormat,
    build_figures,
    write_images,
)
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.training.rollout import play
from tandem.scripts.report import report

pytest.importorskip("choreographer", reason="kaleido is not installed")
import browser

pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason="chromium is not installed")

DRAWN = "[...document.querySelectorAll('.figure')].map(f => [f.id, f.clientHeight, %s])"
MARKS = "f.querySelectorAll('.point, path.js-line, path.js-fill').length"
POLICIES = ("edge", "random")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two policies in a cell of each kind, with every frame."""
    root = tmp_path_factory.mktemp("report")
    made = []
    with TandemEnv("hetnet", users=4, epochs=5, frames=1) as env:
        for policy in POLICIES:
            folder = root / policy
            run_folder.prepare(folder, force=False)
            config = {"policy": policy, "seed": 1, "accuracy_threshold": "85"}
            with RunWriter(folder, schema=env.schema, config=config) as writer:
                play(env, make_policy(policy, env.schema), writer, seed=1)
            made.append(folder)
    return made


def test_report_in_a_browser(folders: list[Path], tmp_path: Path) -> None:
    page_file = tmp_path / "report.html"
    report(folders, output=ReportFormat.HTML, out=page_file, figure=None, oracle=0)
    browser.run(look_at(page_file, folders))


async def look_at(page_file: Path, folders: list[Path]) -> None:
    runs = [load_run(folder) for folder in folders]
    figures, _ = build_figures(runs)
    async with browser.open_page(page_file) as page:
        await page.evaluate("tandemReport.ready.then(() => true)")
        # Every figure drawn: with a height and with marks in it.
        drawn = await page.evaluate(DRAWN % MARKS)
        assert {name.removeprefix("figure-") for name, _, _ in drawn} == set(figures)
        for name, height_px, marks in drawn:
            assert height_px > 200, name
            assert marks > 0, name

        # What the page computes from all requests is what Python drew.
        for key, figure in figures.items():
            written = json.loads(figure.to_json())["data"]
            for index, trace in enumerate(written):
                if "recompute" in (trace.get("meta") or {}) and trace["meta"].get("site") is None:
                    shown = await traces(page, key, index)
                    assert_same(shown, figure.data[index], f"{key} {index}")

        # A user's filter: percentiles of that user only.
        await check(page, "user", 1, on_only=True)
        one = runs[0].requests[runs[0].requests["user"] == 1]
        shown = await traces(page, "latency", index_of(figures["latency"], "percentiles"))
        assert shown["x"] == pytest.approx(np.percentile(one["response_time_s"], [50, 95, 99]))
        stacked = [
            await traces(page, "components", k)
            for k, trace in enumerate(figures["components"].data)
            if trace.meta["run"] == 0
        ]
        total_ms = sum(bar["y"][bar["x"].index("all")] for bar in stacked)
        assert total_ms == pytest.approx(1e3 * one["response_time_s"].mean())
        count = await page.evaluate("document.getElementById('count').textContent")
        assert count.startswith(f"{2 * len(one)} of {sum(len(run.requests) for run in runs)} ")

        # A cell's filter, a run's, a range of decisions; then everything again.
        await page.evaluate("tandemReport.reset().then(() => true)")
        await check(page, "cell", 1)
        shown = await traces(page, "latency", 0)
        wifi = runs[0].requests[runs[0].requests["cell"] == 0]
        assert shown["x"] == pytest.approx(sorted(wifi["response_time_s"]))
        await page.evaluate("tandemReport.reset().then(() => true)")
        await check(page, "run", 0)
        hidden = await page.evaluate(
            "tandemReport.drawn.timeline.traces.filter(t => t.meta.run === 0)"
            ".every(t => t.visible === false)"
        )
        assert hidden is True
        await page.evaluate("tandemReport.reset().then(() => true)")
        await page.evaluate(
            "(() => { const i = document.getElementById('from'); i.value = 3;"
            "i.dispatchEvent(new Event('change')); })()"
        )
        count = await page.evaluate("document.getElementById('count').textContent")
        late = sum(int((run.requests["decision"] >= 3).sum()) for run in runs)
        assert count.startswith(f"{late} of ")
        await page.evaluate("tandemReport.reset().then(() => true)")
        shown = await traces(page, "latency", 0)
        assert len(shown["x"]) == len(runs[0].requests)

        # Zoom into a decision.
        await page.evaluate("tandemReport.zoom('2').then(() => true)")
        low, high = await page.evaluate(
            "tandemReport.drawn.timeline.element._fullLayout.xaxis.range"
        )
        places = runs[0].positions.groupby("decision")["time_s"].first()
        assert low < places[2] < places[3] < high
        assert low > places[1]
        assert page.errors == []


async def traces(page: browser.Page, key: str, index: int) -> dict[str, list[Any]]:
    text = await page.evaluate(
        f"JSON.stringify((t => ({{x: t.x, y: t.y}}))(tandemReport.drawn['{key}'].traces[{index}]))"
    )
    shown: dict[str, list[Any]] = json.loads(text)
    return shown


async def check(page: browser.Page, name: str, value: int, *, on_only: bool = False) -> None:
    """Click a filter's box; with ``on_only`` all the others instead."""
    which = f'box.value {"!==" if on_only else "==="} "{value}"'
    await page.evaluate(
        f"document.querySelectorAll('input[name={name}]').forEach(box => {{"
        f" if ({which}) box.click(); }})"
    )


def index_of(figure: Any, recompute: str) -> int:
    kinds = [(trace.meta or {}).get("recompute") for trace in figure.data]
    return kinds.index(recompute)


def assert_same(shown: dict[str, list[Any]], drawn: Any, what: str) -> None:
    for axis in ("x", "y"):
        ours, theirs = list(drawn[axis]), shown[axis]
        if ours and isinstance(ours[0], str):
            assert theirs == ours, what
        else:
            assert sorted(theirs) == pytest.approx(sorted(map(float, ours)), rel=1e-6), what


@pytest.mark.parametrize(
    ("output", "begin"), [(ReportFormat.PNG, b"\x89PNG"), (ReportFormat.SVG, b"<svg")]
)
def test_files_for_papers(
    folders: list[Path], output: ReportFormat, begin: bytes, tmp_path: Path
) -> None:
    figures, _ = build_figures([load_run(folder) for folder in folders], ["latency", "timeline"])
    write_images(figures, tmp_path / "figures", output)
    for key, figure in figures.items():
        content = (tmp_path / "figures" / f"{key}.{output.value}").read_bytes()
        assert content.startswith(begin)
        assert len(content) > 5000
        # As high as on the page, or the panels of several runs overlap.
        if output is ReportFormat.PNG:
            width, height = struct.unpack(">II", content[16:24])
        else:
            found = re.search(rb'width="(\d+)" height="(\d+)"', content)
            assert found is not None
            width, height = map(int, found.groups())
        assert height / width == pytest.approx(figure.layout.height / WIDTH_PX, rel=0.01)


def test_summary_of_the_page_is_the_analysis(folders: list[Path], tmp_path: Path) -> None:
    page_file = tmp_path / "report.html"
    report(folders[:1], output=ReportFormat.HTML, out=page_file, figure=["mix"], oracle=0)
    mean_ms = 1e3 * measures.summary(load_run(folders[0]).requests)["mean_s"]
    assert f"<td>{mean_ms:.1f}</td>" in page_file.read_text()
