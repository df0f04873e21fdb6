# SPDX-License-Identifier: MIT
"""The channel's headers with the words of the memory model in them (``tests/native/model``)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANNEL = ROOT / "ns3_scenarios" / "channel"
MODEL = ROOT / "tests" / "native" / "model"
INTACT = "intact"
HEADERS = ("kernel.h", "sizes.h", "layout.h", "wait.h", "duplex.h")

#: What the model replaces, per header: (the header's text, the model's).
STAND_INS: dict[str, tuple[tuple[str, str], ...]] = {
    "kernel.h": (),
    "sizes.h": (),
    "layout.h": (
        ("std::atomic<", "Atomic<"),
        ("std::uint32_t command;", "Plain<std::uint32_t> command;"),
    ),
    "wait.h": (
        ("std::atomic<", "Atomic<"),
        ("syscall(SYS_futex,", "FutexCall("),
        ("std::chrono::steady_clock", "SteadyClock"),
        ("_mm_pause();", ""),
        ("LOOKS_PER_CLOCK_READ = 16", "LOOKS_PER_CLOCK_READ = 1"),
        # A statistic, by which states that are alike would differ.
        ("++m_sleeps;", ""),
    ),
    "duplex.h": (("std::atomic<", "Atomic<"),),
}


@dataclass(frozen=True)
class Mutation:
    """A change of a header that must make the model fail.

    Attributes:
        name: what is weakened, a C++ name.
        header: in which file.
        old: text that stands there once.
        new: what replaces it.
    """

    name: str
    header: str
    old: str
    new: str


def modelled(header: str, mutation: Mutation | None) -> str:
    """A header's code for the model, without its includes and its guard."""
    text = (CHANNEL / header).read_text()
    if mutation is not None and mutation.header == header:
        assert text.count(mutation.old) == 1, f"{mutation.name}: {header} has changed"
        text = text.replace(mutation.old, mutation.new)
    for old, new in STAND_INS[header]:
        assert old in text, f"{header} has no {old!r} any more: adapt the model"
        text = text.replace(old, new)
    text, guards = re.subn(
        r"^#(ifndef|define|endif //) TANDEM_CHANNEL_\w+_H$", "", text, flags=re.M
    )
    assert guards == 3, f"{header}: the guard looks otherwise"
    text = re.sub(r"^#include.*$", "", text, flags=re.M)
    return text.replace("namespace tandem::channel", "namespace channel")


def build(folder: Path, mutations: Sequence[Mutation]) -> Path:
    """Compile one program with the channel as it is and with each mutation."""
    parts = []
    for mutation in (None, *mutations):
        name = INTACT if mutation is None else mutation.name
        headers = "\n".join(modelled(header, mutation) for header in HEADERS)
        parts.append(
            f"namespace {name}\n{{\nusing namespace ::tandem::model;\n{headers}\n"
            f'#include "protocol.inc"\n}}\n'
        )
    entries = ", ".join(
        f'{{"{name}", {name}::NameWords, {name}::Cases}}'
        for name in (INTACT, *(mutation.name for mutation in mutations))
    )
    parts.append(f"const Variant VARIANTS[] = {{{entries}}};\n")
    (folder / "variants.inc").write_text("\n".join(parts))
    program = folder / "model"
    compiled = subprocess.run(
        ["g++", "-std=c++17", "-O1", "-Wall", "-I", folder, "-I", MODEL]
        + [MODEL / name for name in ("main.cc", "explorer.cc", "memory.cc")]
        + ["-o", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    return program


def explore(program: Path, variant: str, messages: int) -> subprocess.CompletedProcess[str]:
    """Explore all executions; status 0 if every one is right, 1 if one is not."""
    return subprocess.run(
        [program, variant, str(messages)], capture_output=True, text=True, check=False
    )
