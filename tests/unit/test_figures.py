# SPDX-License-Identifier: MIT
"""Figures of the report against runs with known content."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from run_folders import DEVICE_S, EDGE_S, EPOCH_S, write_run
from typer.testing import CliRunner

from tandem.agents.inference.request_table import RequestStatus
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.reader import Run, load_run
from tandem.scripts.app.figures import output
from tandem.scripts.cli import app

pytest.importorskip("plotly", reason="figures need plotly")
from tandem.scripts.app.figures import choices, learning, radio, style
from tandem.scripts.app.figures.gallery import FIGURES
from tandem.scripts.app.inspection import stages

UNTRAINED = {"learning", "model"}
#: What no run here has watched.
UNWATCHED = {"energy"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return load_run(write_run(tmp_path / "a", epochs=4))


def traces(figure: Any, **meta: Any) -> list[Any]:
    return [t for t in figure.data if meta.items() <= dict(t.meta or {}).items()]


def draw(key: str, *runs: Run) -> Any:
    return next(entry for entry in FIGURES if entry.key == key).build(runs)


def add_training(folder: Path, seed: int) -> None:
    """An agent that gets better, and whose model predicts with 10 % error."""
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    count = 40
    cost_s = 0.5 + 0.5 * np.exp(-np.arange(count) / 10) + 0.01 * rng.normal(size=count)
    history = {
        "interaction": np.arange(1, count + 1),
        "cost_s": cost_s,
        "predicted_s": 1.1 * cost_s,
        "model_error": np.where(np.arange(count) < 5, np.nan, 0.3),
    }
    run_folder.write_table(folder / "history.parquet", pa.table(history))
    evaluation = {
        "interaction": [0, 20, 40],
        "ratio": [2.0, 1.5 + 0.1 * seed, 1.04],
        "oracle_s": [0.25, 0.25, 0.25],
    }
    run_folder.write_table(folder / "evaluation.parquet", pa.table(evaluation))
    decisions = pd.read_parquet(folder / "decisions.parquet")
    many = pd.concat([decisions] * count).head(count).assign(mean_response_time_s=cost_s)
    many.to_parquet(folder / "decisions.parquet")


def test_every_figure_is_drawn_or_says_what_is_missing(run: Run) -> None:
    figures, missing = output.build_figures([run])
    assert set(missing) == UNTRAINED | UNWATCHED
    general = {"rewards", "action-option", "observation-cells", "records-positions"}
    assert set(figures) | set(missing) == {entry.key for entry in FIGURES} | general
    assert general <= set(figures)
    assert all(len(figure.data) > 0 for figure in figures.values())
    assert "tandem train" in missing["learning"]


def test_energy_is_drawn_where_it_was_watched(run: Run) -> None:
    radio_j = np.linspace(0.01, 0.1, len(run.requests))
    requests = run.requests.assign(radio_energy_j=radio_j)
    watched = replace(run, tables={**run.tables, "requests": requests})
    bars = draw("energy", watched).data
    assert [bar.name for bar in bars] == ["radio"], "nothing is known of the device"
    assert bars[0].x[-1] == "all"
    done = run.requests["status"] != RequestStatus.OPEN
    assert bars[0].y[-1] == pytest.approx(1e3 * radio_j[done].mean())


def test_cdf_rises_to_one_through_its_percentiles(run: Run) -> None:
    figure = draw("latency", run)
    (curve,) = traces(figure, recompute="ecdf", site=None)
    assert list(curve.x) == sorted(run.requests["response_time_s"])
    assert curve.y[-1] == 1.0
    (marks,) = traces(figure, recompute="percentiles")
    assert list(marks.x) == pytest.approx(
        np.percentile(run.requests["response_time_s"], [50, 95, 99])
    )


def test_components_stack_to_the_mean(run: Run) -> None:
    bars = traces(draw("components", run), recompute="components")
    stacked = np.sum([bar.y for bar in bars], axis=0)
    assert dict(zip(bars[0].x, stacked, strict=True)) == pytest.approx(
        {"device": DEVICE_S * 1e3, "edge": 1.5 * sum(EDGE_S) * 1e3, "all": run_mean_ms(run)}
    )


def run_mean_ms(run: Run) -> float:
    return float(run.requests["response_time_s"].mean()) * 1e3


def test_timeline_bars_follow_one_another(run: Run) -> None:
    bars = traces(draw("timeline", run), rows=True)
    pieces = sorted(
        (float(base), float(base) + float(length))
        for bar in bars
        for base, length, row in zip(bar.base, bar.x, bar.customdata, strict=True)
        if row == 2  # user 2 in the first epoch
    )
    assert pieces[0][0] == pytest.approx(1.0)
    assert pieces[-1][1] == pytest.approx(1.0 + 2 * sum(EDGE_S))
    for (_, end), (begin, _) in itertools.pairwise(pieces):
        assert begin == pytest.approx(end)


def test_epochs_reach_to_the_next_decision(run: Run) -> None:
    times = stages.epochs(run)
    assert times["begin_s"].tolist() == pytest.approx([1.0, 1.5, 2.0, 2.5])
    assert times["end_s"].tolist()[:3] == pytest.approx([1.5, 2.0, 2.5])
    assert times["end_s"].iloc[-1] == pytest.approx(2.5 + 2 * sum(EDGE_S))


def test_throughput_carries_every_byte_once(run: Run) -> None:
    table = radio.throughput_bps(run)
    length_s = stages.epochs(run).set_index("decision").eval("end_s - begin_s")
    bits = (table["throughput_bps"] * table["decision"].map(length_s)).sum()
    assert bits == pytest.approx(8 * run.requests["upload_bytes"].sum())
    assert set(table["user"]) == {1, 2}
    first = table[table["decision"] == 0]["throughput_bps"]
    assert first.tolist() == pytest.approx([8 * 150_528 / EPOCH_S] * 2)


def test_map_colours_by_site_and_cell(run: Run) -> None:
    figure = draw("map", run)
    fill = {
        t.meta["user"]: t.marker.color
        for t in figure.data
        if "user" in (t.meta or {}) and t.mode == "markers+text"
    }
    assert fill == {
        0: style.SITE_COLOURS["device"],
        1: style.SITE_COLOURS["edge"],
        2: style.SITE_COLOURS["edge"],
    }
    trail = next(t for t in figure.data if t.meta == {"run": 0, "user": 1} and t.mode == "lines")
    assert list(trail.x) == [11.0, 12.0, 13.0, 14.0]


def test_jain_over_time_ends_at_the_run_s(run: Run) -> None:
    from tandem.scripts.app.inspection import measures

    over_time = choices.jain_over_time(run)
    expected = measures.fairness(run.requests)["jain_response_time"]
    assert over_time.iloc[-1] == pytest.approx(expected)


def test_mix_adds_up(run: Run) -> None:
    table, per_bar = choices.mix_over_time(run)
    assert per_bar == 1
    assert table.sum(axis=1).tolist() == pytest.approx([1.0] * 4)
    assert table[1].tolist() == pytest.approx([2 / 3] * 4)


def test_seeds_are_put_together_with_an_interval(tmp_path: Path) -> None:
    runs = []
    for seed in (1, 2, 3):
        folder = write_run(tmp_path / f"s{seed}", seed=seed, agent="hybrid")
        add_training(folder, seed)
        runs.append(load_run(folder))
    (group,) = learning.groups(runs)
    assert group.runs == (0, 1, 2)
    assert "3 seeds" in group.name
    curve = learning.evaluation_curve([run.table("evaluation") for run in runs])
    middle = curve.loc[20]
    assert middle["mean"] == pytest.approx(1.7)
    assert middle["low"] < 1.7 < middle["high"]
    assert curve.loc[40, "high"] == pytest.approx(1.04)
    figures, missing = output.build_figures(runs)
    assert set(missing) == UNWATCHED
    lines = [trace for trace in figures["plane"].data if trace.mode == "lines"]
    assert [list(line.x) for line in lines] == [[0.25, 0.25]] * 3
    assert len(figures["learning"].data) >= 4


def test_calibration_finds_the_bias(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", agent="hybrid")
    add_training(folder, 1)
    pairs = learning.predictions(load_run(folder))
    assert len(pairs) == 40
    binned = learning.calibration_bins(pairs)
    assert np.allclose(binned["predicted_s"] / binned["simulated_s"], 1.1)


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    runs = [load_run(write_run(tmp_path / parent / "edge")) for parent in ("old", "new")]
    assert style.names(runs) == ["old/edge", "new/edge"]


def test_page_needs_no_network_and_holds_every_request(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["report", str(run.folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    text = out.read_text()
    head = text[: text.index("<script>")]
    assert "http" not in head
    assert 'src="' not in head
    assert f'"response_time_s":[{DEVICE_S}' in text


def test_figure_that_does_not_exist_is_refused(run: Run) -> None:
    with pytest.raises(TandemError, match=r"'pie'.*latency"):
        output.build_figures([run], ["pie"])
    figures, _ = output.build_figures([run], ["mix"])
    assert list(figures) == ["mix"]
