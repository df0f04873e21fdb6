# SPDX-License-Identifier: MIT
"""What fading costs, against what is known about the channel and about 64-QAM."""

from __future__ import annotations

import numpy as np
import pytest

from tandem.scripts.app.validation import fading


def test_channel_d_has_its_published_delay_spread() -> None:
    power, delay_ns = fading.tap_powers(), np.array(fading.DELAYS_NS)
    mean_ns = (power * delay_ns).sum()
    spread_ns = np.sqrt((power * (delay_ns - mean_ns) ** 2).sum())
    assert power.sum() == pytest.approx(1.0)
    assert spread_ns == pytest.approx(50.0, abs=0.5)


def test_carriers_have_a_mean_gain_of_1_and_fade_apart() -> None:
    gains = fading.carrier_gains(4000, seed=1)
    assert gains.shape == (4000, 242)
    assert gains.mean() == pytest.approx(1.0, abs=0.02)
    # A Rayleigh carrier's power is exponential: its deviation is its mean.
    assert gains.std(axis=0).mean() == pytest.approx(1.0, abs=0.03)
    # Neighbours fade together, the ends of the channel do not.
    assert np.corrcoef(gains[:, 0], gains[:, 1])[0, 1] > 0.98
    assert abs(np.corrcoef(gains[:, 0], gains[:, -1])[0, 1]) < 0.1


def test_information_of_64_qam() -> None:
    none, little, much = fading.information(np.array([-20.0, 19.5, 40.0]))
    assert none == pytest.approx(0.0, abs=0.01)
    assert little == pytest.approx(0.956, abs=0.002)  # by drawing noise instead of quadrature
    assert much == pytest.approx(1.0, abs=1e-6)
    rising = fading.information(np.arange(-20.0, 40.0, 0.5))
    assert (np.diff(rising) > -1e-9).all()
    # Never more than the capacity of the channel, log2(1 + SNR) per symbol of 6 bits.
    assert 6 * fading.information(np.array([5.0]))[0] < np.log2(1 + 10**0.5)


def test_loss_of_channel_d() -> None:
    # Drawn apart from this program, with other random numbers: half of the frames at 26.0 dB.
    assert fading.loss_db() == pytest.approx(26.0 - fading.NEEDED_DB, abs=0.25)


def test_a_channel_that_does_not_fade_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fading, "carrier_gains", lambda draws: np.ones((draws, 242)))
    assert fading.loss_db() == pytest.approx(0.0, abs=0.05)
