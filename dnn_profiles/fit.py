# SPDX-License-Identifier: MIT
"""Fits of latency against work, and the rows that are computed from them.

Every figure that the catalogue labels ``computed`` comes from here; ``tandem profiles fit``
prints the fits, their residuals and the steps.

No latency of an AWS A1 instance is published. The rows are computed in two steps:

1. MobileNetV1 1.0 fp32 on one A1 core, from the published figure for the Raspberry Pi 4, which
   has the same core design (Cortex-A72): scaled by clock, and by cores as if perfectly parallel.
2. The other variants relative to that one as on the Pixel 3, by the lines fitted there
   (``t = t0 + MACs / rate``, one line for fp32, one for int8).

Neither step has been checked against an A1 instance. The rows give an experiment the shape of the
paper's (Shahhosseini et al., ISQED 2022); for figures of your own machine use ``tandem profiles
measure``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.rows import Device, Profile

#: Where each step takes its figures.
LINE_DEVICE = "pixel-3"
ANCHOR_DEVICE = "raspberry-pi-4b"
ANCHOR_VARIANT = "d0"
DERIVED_DEVICES = ("a1.medium", "a1.large", "a1.xlarge")
#: Published figures have three significant digits; digits below microseconds would mean nothing.
LATENCY_DECIMALS = 6
MMACS = 1e6


@dataclass(frozen=True, slots=True)
class LatencyLine:
    """``t = overhead_s + macs / rate`` fitted to measured points by least squares.

    Attributes:
        overhead_s: time that does not depend on the work, seconds.
        macs_per_s: multiply-accumulates per second.
        points: (variant, macs, measured seconds) that were fitted.
    """

    overhead_s: float
    macs_per_s: float
    points: tuple[tuple[str, float, float], ...]

    def predict(self, macs: float) -> float:
        """Seconds of an inference of ``macs`` multiply-accumulates."""
        return self.overhead_s + macs / self.macs_per_s

    def residuals(self) -> list[tuple[str, float, float]]:
        """(variant, predicted seconds, predicted minus measured seconds) of each point."""
        return [
            (name, self.predict(macs), self.predict(macs) - seconds)
            for name, macs, seconds in self.points
        ]

    @property
    def worst_percent(self) -> float:
        """Largest residual relative to its measured value, percent."""
        pairs = zip(self.residuals(), self.points, strict=True)
        return max(100 * abs(error) / point[2] for (_, _, error), point in pairs)


def fit_line(points: Sequence[tuple[str, float, float]]) -> LatencyLine:
    """Fit ``t = overhead + macs / rate`` to (variant, macs, seconds) by least squares.

    Raises:
        ProfileError: fewer than two distinct amounts of work, or time does not grow with work.
    """
    count = len(points)
    if len({macs for _, macs, _ in points}) <= 1:
        raise ProfileError(
            f"a line needs latencies at two or more amounts of work, there are {count}; "
            "measure another variant on this device"
        )
    mean_macs = sum(macs for _, macs, _ in points) / count
    mean_s = sum(seconds for _, _, seconds in points) / count
    covariance = sum((macs - mean_macs) * (seconds - mean_s) for _, macs, seconds in points)
    slope = covariance / sum((macs - mean_macs) ** 2 for _, macs, _ in points)
    if slope <= 0:
        raise ProfileError("latency does not grow with the work: these points fit no line")
    return LatencyLine(mean_s - slope * mean_macs, 1 / slope, tuple(points))


def device_line(profiles: Iterable[Profile], device: str, precision: str) -> LatencyLine:
    """Fit the line of one device and precision to its measured or published latencies.

    Rows of several runtimes or thread counts would not be on one line: those with the most
    rows are taken.

    Raises:
        ProfileError: too few rows.
    """
    groups: dict[tuple[str, int | None], list[tuple[str, float, float]]] = {}
    for row in profiles:
        if row.device == device and row.precision == precision and not row.derived:
            point = (row.variant, row.mmacs * MMACS, row.latency_p50_s)
            groups.setdefault((row.runtime, row.threads), []).append(point)
    return fit_line(max(groups.values(), key=len, default=[]))


@dataclass(frozen=True, slots=True)
class Derivation:
    """The computed rows with what they were computed from."""

    lines: dict[str, LatencyLine]
    anchor: Profile
    core_s: dict[str, float]
    rows: tuple[Profile, ...]


def derive(profiles: Sequence[Profile], devices: dict[str, Device]) -> Derivation:
    """Compute the latency rows of the A1 instances from published ones.

    Raises:
        ProfileError: a published row or a device that a step needs is absent.
    """
    lines = {name: device_line(profiles, LINE_DEVICE, name) for name in ("fp32", "int8")}
    anchor = _only(profiles, ANCHOR_DEVICE, ANCHOR_VARIANT)
    board = devices[ANCHOR_DEVICE]
    if board.clock_hz is None:
        raise ProfileError(f"device '{ANCHOR_DEVICE}' has no clock_hz, which the scaling needs")
    core_s: dict[str, float] = {}
    rows: list[Profile] = []
    reference_s = lines[anchor.precision].predict(anchor.mmacs * MMACS)
    for name in DERIVED_DEVICES:
        device = devices[name]
        if device.clock_hz is None:
            raise ProfileError(f"device '{name}' has no clock_hz, which the scaling needs")
        core_s[name] = anchor.latency_p50_s * board.cores * board.clock_hz / device.clock_hz
        for row in profiles:
            if row.device != LINE_DEVICE:
                continue
            ratio = lines[row.precision].predict(row.mmacs * MMACS) / reference_s
            for threads in sorted({1, device.cores}):
                rows.append(_computed(row, device, threads, core_s[name] * ratio / threads, anchor))
    return Derivation(lines, anchor, core_s, tuple(rows))


def _only(profiles: Iterable[Profile], device: str, variant: str) -> Profile:
    found = [p for p in profiles if p.device == device and p.variant == variant and not p.derived]
    if len(found) != 1:
        raise ProfileError(
            f"need one published row of variant '{variant}' on device '{device}', "
            f"there are {len(found)}"
        )
    return found[0]


def _computed(
    row: Profile, device: Device, threads: int, seconds: float, anchor: Profile
) -> Profile:
    return Profile(
        variant=row.variant,
        device=device.device,
        precision=row.precision,
        threads=threads,
        runtime="derived",
        mmacs=row.mmacs,
        mparams=row.mparams,
        input_bytes=row.input_bytes,
        output_bytes=row.output_bytes,
        top1_percent=row.top1_percent,
        top5_percent=row.top5_percent,
        latency_p50_s=round(seconds, LATENCY_DECIMALS),
        source=f"tandem profiles fit, from {anchor.source} and {row.source}",
        revision=f"{anchor.revision[:7]} and {row.revision[:7]}",
        licence="MIT",
        derived=True,
        evidence="computed",
        accuracy_source=row.accuracy_source,
        accuracy_revision=row.accuracy_revision,
        note=f"{ANCHOR_DEVICE} by clock and cores, other variants relative as on {LINE_DEVICE}",
    )
