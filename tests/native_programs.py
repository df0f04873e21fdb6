# SPDX-License-Identifier: MIT
"""Small C++ programs that tests build, with or without sanitizers."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANNEL = ROOT / "ns3_scenarios" / "channel"
NATIVE = ROOT / "tests" / "native"
ADDRESS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
THREAD = ("-fsanitize=thread",)
#: What the sanitizers exit with, so that it is not taken for something else.
SANITIZER_STATUS = 99
#: A sleep as long as this never ends by itself in a test.
LONG_SLICE_MS = 30000


@functools.cache
def missing(flags: tuple[str, ...]) -> str:
    """Why programs cannot be built and run with these flags; empty if they can."""
    compiler = shutil.which("g++")
    if compiler is None:
        return "no g++"
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "a.cc"), Path(folder, "a")
        source.write_text("int main() { return 0; }\n")
        built = subprocess.run(
            [compiler, *flags, source, "-o", program], capture_output=True, check=False
        )
        if built.returncode != 0:
            return f"g++ has no {' '.join(flags)}"
        done = subprocess.run([program], capture_output=True, check=False)
        return "" if done.returncode == 0 else f"programs with {' '.join(flags)} do not run here"


def build(
    source: str, program: Path, flags: Sequence[str] = (), includes: Sequence[Path] = ()
) -> Path:
    """Compile a program of ``tests/native/channel``."""
    folders = [*includes, ROOT / "ns3_scenarios", ROOT / "bridge" / "native", NATIVE / "channel"]
    compiled = subprocess.run(
        ["g++", "-std=c++17", "-O1", "-g1", "-Wall", "-Wextra", "-pthread", *flags]
        + [part for folder in folders for part in ("-I", str(folder))]
        + [str(NATIVE / "channel" / source), "-o", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    return program


def headers_with_long_slice(folder: Path, replacing: tuple[str, str] | None = None) -> Path:
    """Copies of the channel's headers in which a lost wake-up shows.

    Args:
        folder: where they go.
        replacing: text that stands once in ``wait.h``, and what comes in its place.
    """
    target = folder / "channel"
    shutil.copytree(CHANNEL, target)
    wait = target / "wait.h"
    text = wait.read_text()
    for old, new in filter(None, (("SLICE_MS = 100", f"SLICE_MS = {LONG_SLICE_MS}"), replacing)):
        assert text.count(old) == 1, f"wait.h has changed: {old}"
        text = text.replace(old, new)
    wait.write_text(text)
    return folder


def run(
    program: Path, *arguments: str, timeout_s: float = 100.0
) -> subprocess.CompletedProcess[str]:
    """Run a program; sanitizers report everything and end it with ``SANITIZER_STATUS``."""
    options = f"exitcode={SANITIZER_STATUS}:halt_on_error=1"
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        env={
            **os.environ,
            "ASAN_OPTIONS": options,
            "TSAN_OPTIONS": options,
            "UBSAN_OPTIONS": "print_stacktrace=1",
        },
    )
