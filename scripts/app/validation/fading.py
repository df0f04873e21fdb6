# SPDX-License-Identifier: MIT
"""What a channel that fades within its width costs a frame: effective SNR by mutual information.

Carriers fade. A frame is coded over all of them, so it gets through where the mean over carriers of
the mutual information between coded bits and what is received is that of a flat channel at the SNR
that the frame needs there. (Mean mutual information as the link to system mapping is what TGax's
evaluation methodology, IEEE 802.11-14/0571, uses.)
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Channel D of 802.11n and 802.11ac (IEEE 802.11-03/940r4): taps in ns, and the power of the
#: clusters at each tap, dB, from the first tap at which a cluster has any.
DELAYS_NS: Final = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 110, 140, 170, 200, 240, 290, 340, 390)
_FIRST_DB: Final = (
    *(0, -0.9, -1.7, -2.6, -3.5, -4.3, -5.2, -6.1, -6.9, -7.8),
    *(-9.0, -11.1, -13.7, -16.3, -19.3, -23.2),
)
CLUSTERS_DB: Final = (
    (0, _FIRST_DB),
    (10, (-6.6, -9.5, -12.1, -14.7, -17.4, -21.9, -25.5)),
    (14, (-18.8, -23.2, -25.2, -26.7)),
)
#: Carriers of a channel of 80 MHz: -122 ... 122 without the three in the middle.
CARRIER_HZ: Final = 312_500
LAST_CARRIER: Final = 122
FIRST_CARRIER: Final = 2
#: Amplitudes of one dimension of 64-QAM, and their bits.
LEVELS: Final = np.array([-7, -5, -3, -1, 1, 3, 5, 7]) / np.sqrt(42)
GRAY: Final = np.array([0b000, 0b001, 0b011, 0b010, 0b110, 0b111, 0b101, 0b100])
BITS: Final = 3
#: From where on MCS 7 gets through a flat channel, by ns-3's error tables, dB.
NEEDED_DB: Final = 19.5
DRAWS: Final = 2_000
NODES: Final = 48
_LIMITS_DB: Final = (-20.0, 50.0)
_STEP_DB: Final = 0.25
_HIGHEST_LOSS_DB: Final = 15.0


def information(snr_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mutual information per coded bit of 64-QAM in a flat channel, ``[…]``; 0 to 1.

    Bits are decoded one by one, as a receiver of interleaved code does.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    # Half of the noise falls into each dimension.
    sigma = np.sqrt(0.5 / 10 ** (np.asarray(snr_db)[..., None, None] / 10))
    received = LEVELS[:, None] + sigma * node
    distance = (received[..., None] - LEVELS) ** 2 / (2 * sigma[..., None] ** 2)
    likelihood = np.exp(-(distance - distance.min(axis=-1, keepdims=True)))
    lost = np.zeros(received.shape)
    for bit in range(BITS):
        value = (GRAY >> bit) & 1
        same = (value[:, None] == value)[:, None, :]
        lost += np.log2(likelihood.sum(axis=-1) / (likelihood * same).sum(axis=-1))
    per_level = (lost * weight).sum(axis=-1) / weight.sum()
    return np.asarray(1.0 - per_level.mean(axis=-1) / BITS)


def tap_powers() -> NDArray[np.float64]:
    """Of channel D, ``[T]``; they sum to 1."""
    power = np.zeros(len(DELAYS_NS))
    for first, decibels in CLUSTERS_DB:
        power[first : first + len(decibels)] += 10 ** (np.array(decibels) / 10)
    return np.asarray(power / power.sum())


def carrier_gains(draws: int, seed: int = 0) -> NDArray[np.float64]:
    """Power gains of the carriers of 80 MHz, ``[draws, carriers]``: Rayleigh taps, mean 1."""
    rng = np.random.default_rng(seed)
    power = tap_powers()
    normal = rng.normal(size=(2, draws, len(power)))
    taps = (normal[0] + 1j * normal[1]) * np.sqrt(power / 2)
    upper = np.arange(FIRST_CARRIER, LAST_CARRIER + 1)
    frequency_hz = CARRIER_HZ * np.concatenate((-upper[::-1], upper))
    turn = np.exp(-2j * np.pi * np.outer(np.array(DELAYS_NS) * 1e-9, frequency_hz))
    return np.asarray(np.abs(taps @ turn) ** 2)


def loss_db() -> float:
    """More mean SNR than in a flat channel, with which half of the draws of channel D let MCS 7
    through 80 MHz; dB."""
    grid_db = np.arange(*_LIMITS_DB, _STEP_DB)
    curve = information(grid_db)
    needed = np.interp(NEEDED_DB, grid_db, curve)
    gain_db = 10 * np.log10(carrier_gains(DRAWS))
    low, high = 0.0, _HIGHEST_LOSS_DB
    while high - low > _STEP_DB / 8:
        middle = (low + high) / 2
        mean = np.interp(NEEDED_DB + middle + gain_db, grid_db, curve).mean(axis=1)
        low, high = (low, middle) if np.median(mean) >= needed else (middle, high)
    return (low + high) / 2
