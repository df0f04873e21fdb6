# SPDX-License-Identifier: MIT
"""Bands, and differences that are known."""

from __future__ import annotations

import pytest

from tandem.scripts.app.validation.record import reasons, summary, verdict
from tandem.scripts.app.validation.yardstick import Band, Case, Known, Row, Yardstick

KNOWN = Known("the other one fades", Band(1.4, 1.6))


def row(measured: float, known: Known | None) -> Row:
    yardstick = Yardstick("box", 10.0, "Mbit/s", Band(0.75, 1.25), known=known)
    case = Case("box", "tgax", "a paper", (yardstick,), lambda _: [measured], weight=1)
    return Row(case, yardstick, measured)


@pytest.mark.parametrize(
    ("measured", "known", "word", "fails"),
    [
        (10.0, None, "within", False),
        (10.0, KNOWN, "within", False),
        (15.0, KNOWN, "outside, known", False),
        (15.0, None, "outside", True),
        (13.0, KNOWN, "outside", True),  # neither where it should be nor where it was
        (17.0, KNOWN, "outside", True),
        (float("nan"), KNOWN, "outside", True),
    ],
)
def test_a_known_difference_is_told_and_held(
    measured: float, known: Known | None, word: str, fails: bool
) -> None:
    one = row(measured, known)
    assert verdict(one) == word
    assert one.fails is fails
    assert ("fades" in str(reasons([one]))) is (word == "outside, known")


def test_the_summary_counts_them_apart() -> None:
    rows = [row(10.0, KNOWN), row(15.0, KNOWN), row(15.0, None)]
    assert summary(rows) == "1 of 3 within their bands, 1 outside for a known reason"
    assert summary(rows[:1]) == "1 of 1 within their bands"
