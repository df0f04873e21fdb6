# SPDX-License-Identifier: MIT
"""Describes this machine, for every measured row; without the names of host and user."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
#: Keys of /proc/cpuinfo that name the processor, x86 first, then ARM boards.
MODEL_KEYS = ("model name", "Model", "Hardware", "cpu model")


def processor(cpuinfo: Path = CPUINFO) -> str:
    """The processor's name, or the architecture if the system does not give it."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = dict(line.split(":", maxsplit=1) for line in reversed(lines) if ":" in line)
    fields = {key.strip(): value.strip() for key, value in found.items()}
    for key in MODEL_KEYS:
        if fields.get(key):
            return re.sub(r"\s+", " ", fields[key])
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Logical cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        return os.cpu_count() or 1


def describe(libraries: str) -> str:
    """One line: processor, cores, system and the libraries that were measured."""
    parts = [
        processor(),
        f"{usable_cores()} usable logical cores",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        f"Python {platform.python_version()}",
        libraries,
    ]
    if GOVERNOR.exists():
        parts.append(f"governor {GOVERNOR.read_text(encoding='utf-8').strip()}")
    return ", ".join(parts)


def device_name() -> str:
    """A name for this machine as a device of the catalogue, from its processor."""
    slug = re.sub(r"\((r|tm|c)\)|\bcpu\b|@.*$", " ", processor(), flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-") or "this-machine"
