# SPDX-License-Identifier: MIT
"""The soak's judgement: a slow leak among noise is told, noise alone is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "soak"))

from trend import HOUR_S, MIB, Series, judge, table

SAMPLE_S = 2.0


def series(value: Callable[[float], float], duration_s: float = HOUR_S) -> Series:
    rng = np.random.default_rng(0)
    made = Series()
    for time_s in np.arange(0.0, duration_s, SAMPLE_S):
        made.add(float(time_s), value(time_s) + int(rng.integers(20)))
    return made


def test_an_hour_with_a_leaked_descriptor_per_ten_minutes_grows() -> None:
    trend = judge(series(lambda t: 30 + t // 600), HOUR_S, counted=True)
    assert trend.grows
    assert 5 < trend.per_hour < 7


def test_an_hour_of_noise_does_not_grow() -> None:
    assert not judge(series(lambda _: 30), HOUR_S, counted=False).grows
    assert not judge(series(lambda t: 30 if t % 60 else 10), HOUR_S, counted=True).grows


def test_memory_may_settle_but_not_rise() -> None:
    settles = series(lambda t: 100 * MIB + 30 * MIB * (1 - np.exp(-t / 60)))
    assert not judge(settles, HOUR_S, counted=False).grows
    assert judge(series(lambda t: (100 + 12 * t / HOUR_S) * MIB), HOUR_S, counted=False).grows


def test_a_short_run_finds_what_is_lost_each_time() -> None:
    lost = judge(series(lambda t: 30 + 5 * t, 60.0), 60.0, counted=True)
    assert lost.grows
    assert not judge(series(lambda _: 30, 60.0), 60.0, counted=True).grows
    assert "GROWS" in table({}, {"descriptors": lost})
