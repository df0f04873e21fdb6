# SPDX-License-Identifier: MIT
"""A figure lies within its band, or the line says so and the command fails."""

from __future__ import annotations

import pytest

from tandem.scripts.app.validation.record import summary, verdict
from tandem.scripts.app.validation.yardstick import Band, Case, Row, Yardstick


def row(measured: float) -> Row:
    yardstick = Yardstick("box", 10.0, "Mbit/s", Band(0.75, 1.25))
    case = Case("box", "tgax", "a paper", (yardstick,), lambda _: [measured], weight=1)
    return Row(case, yardstick, measured)


@pytest.mark.parametrize(
    ("measured", "word"),
    [
        (7.5, "within"),
        (12.5, "within"),
        (7.4, "outside"),
        (12.6, "outside"),
        (float("nan"), "outside"),
    ],
)
def test_a_figure_outside_its_band_is_told(measured: float, word: str) -> None:
    one = row(measured)
    assert verdict(one) == word
    assert one.passes is (word == "within")


def test_the_summary_counts_those_within() -> None:
    assert summary([row(10.0), row(15.0), row(11.0)]) == "2 of 3 within their bands"
