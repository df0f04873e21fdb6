# SPDX-License-Identifier: MIT
"""Timing one inference at a time: warm-up, samples, percentiles."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tandem.dnn_profiles.errors import ProfileError, require

DEFAULT_WARMUP = 10
DEFAULT_SECONDS = 2.0
MIN_SAMPLES = 20
#: torch times blocks of runs, each at least this fraction of the time it is given.
TORCH_BLOCKS = 1000
#: The first estimate comes from a slow run; stay this far below the limit that it suggests.
MARGIN = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """Latencies of single inferences, seconds, in the order they were taken.

    ``block`` runs share one sample where a single one was too short to time; then percentiles
    are those of block means.
    """

    samples: tuple[float, ...]
    warmup: int
    block: int = 1

    def percentile(self, percent: float) -> float:
        """Latency that ``percent`` % of the samples do not exceed (nearest rank)."""
        ordered = sorted(self.samples)
        rank = math.ceil(percent / 100 * len(ordered))
        return ordered[min(max(rank, 1), len(ordered)) - 1]

    @property
    def median(self) -> float:
        """Nearest-rank median, so that it is one of the samples as other percentiles are."""
        return self.percentile(50)

    @property
    def mean(self) -> float:
        """Arithmetic mean."""
        return statistics.fmean(self.samples)


def check_effort(warmup: int, seconds: float) -> None:
    """Refuse a warm-up or time to measure that cannot give a figure.

    Raises:
        ProfileError: negative warm-up, or no time to measure in.
    """
    if warmup < 0:
        raise ProfileError(f"warm-up of {warmup} runs: must be 0 or more")
    if not seconds > 0 or not math.isfinite(seconds):
        raise ProfileError(f"measuring time of {seconds} s: must be above 0")


def time_calls(call: Callable[[], object], warmup: int, seconds: float) -> Timing:
    """Time a call by the monotonic clock until ``seconds`` have passed, 20 samples at least."""
    check_effort(warmup, seconds)
    for _ in range(warmup):
        call()
    samples: list[float] = []
    spent = 0.0
    while spent < seconds or len(samples) < MIN_SAMPLES:
        start = time.perf_counter()
        call()
        samples.append(time.perf_counter() - start)
        spent += samples[-1]
    return Timing(tuple(samples), warmup)


def time_torch(model: Any, example: Any, threads: int, warmup: int, seconds: float) -> Timing:
    """Time a torch module with ``torch.utils.benchmark``, without gradients.

    Raises:
        MissingExtraError: torch is not installed.
    """
    check_effort(warmup, seconds)
    torch: Any = require("torch", "measuring a torch module")
    benchmark: Any = require("torch.utils.benchmark", "measuring a torch module")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            for _ in range(warmup):
                model(example)
            timer = benchmark.Timer(
                "model(example)", globals={"model": model, "example": example}, num_threads=threads
            )
            estimate = timer.timeit(1).mean
            # Blocks of one run need a time budget below the length that makes torch group runs.
            chunk = min(seconds, estimate * TORCH_BLOCKS / MARGIN)
            samples: list[float] = []
            block = 1
            spent = 0.0
            while spent < seconds or len(samples) < MIN_SAMPLES:
                taken = timer.blocked_autorange(min_run_time=chunk)
                block = max(block, taken.number_per_run)
                samples += taken.times
                spent += sum(taken.raw_times)
    finally:
        torch.set_num_threads(before)
    return Timing(tuple(samples), warmup, block)
