# SPDX-License-Identifier: MIT
"""`tandem validate` runs ns-3, writes its page, and says so when a figure is missed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.scripts.app.validation import accounting, bianchi, tcp
from tandem.scripts.app.validation.yardstick import Band
from tandem.scripts.cli import app

FAST = ("radio-snr-0", "radio-wire", "books-sum-wifi-edge", "lte-rr-0-1")


def only(*names: str) -> list[str]:
    return [text for name in names for text in ("--only", name)]


def test_quick_cases_and_their_page(tmp_path: Path) -> None:
    out = tmp_path / "validation"
    done = CliRunner().invoke(app, ["validate", "--jobs", "2", "--out", str(out), *only(*FAST)])
    assert done.exit_code == 0, done.output
    assert "within" in done.output
    assert "outside" not in done.output
    data = json.loads((out / "validation.json").read_text())
    assert all(row["passes"] for row in data["rows"])
    assert (out / "validation.csv").read_text().count("\n") == len(data["rows"]) + 1
    page = (out / "report.html").read_text()
    assert "SNR, WiFi, 20 MHz, 20 m" in page


def test_exit_status_1_if_a_figure_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    published = bianchi.RATES[0]
    wrong = replace(published, published_mbps=(5.1, *published.published_mbps[1:]))
    monkeypatch.setattr(bianchi, "RATES", (wrong,))
    monkeypatch.setattr(bianchi, "MEASURED_S", 1.0)
    done = CliRunner().invoke(app, ["validate", *only("bianchi-80211a-6-5")])
    assert done.exit_code == 1, done.output
    assert "outside" in done.output


@pytest.mark.parametrize("module", [accounting, tcp])
def test_a_band_that_does_not_hold_is_missed(
    module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BAND", "SUM_BAND", "EXACT"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, Band(1.01, 1.02))
    monkeypatch.setattr(tcp, "FIRST_EPOCH", 5)
    monkeypatch.setattr(tcp, "EPOCHS", 15)
    group = "books-sum-wifi-edge" if module is accounting else "tcp-TcpNewReno"
    done = CliRunner().invoke(app, ["validate", *only(group)])
    assert done.exit_code == 1, done.output


def test_another_direction_or_access_changes_the_measurement(tmp_path: Path) -> None:
    """The yardsticks see what they are meant to see: DIFS, rates, guard intervals."""
    rate = bianchi.RATES[2]
    measured = bianchi.measured_mbps(tmp_path, rate, 5, 1.0)
    slower = bianchi.measured_mbps(tmp_path, replace(rate, constant=18), 5, 1.0)
    assert slower < 0.85 * measured


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_yardstick_is_met(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", "--quiet", "--out", str(tmp_path / "all")])
    assert done.exit_code == 0, done.output
