# SPDX-License-Identifier: MIT
"""What `tandem doctor` checks of this installation."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tandem.bridge.core import _native
from tandem.bridge.core.allocators import HOW_TO_GET_ONE
from tandem.bridge.core.errors import KERNEL_NEEDS, TandemError
from tandem.bridge.core.preload import AUTO, VARIABLE, allocator
from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.bridge.core.simulator import Simulator
from tandem.scripts.app.common.toolchain import BuildError, Toolchain, find_compiler

_OLDEST_PYTHON: Final = (3, 10)


_PROBE_BYTES: Final = 64 * 2**20


_FEW_FILES: Final = 256


_VERSION_TIMEOUT_S: Final = 10.0


#: What ns-3's libraries hold where these are compiled in.
_SLOW_PARTS: Final = {"asserts": b"NS_ASSERT failed", "logging": b"LogComponent9IsEnabled"}


class Verdict(Enum):
    """How a check ended, as it is shown."""

    OK = "[green]ok  [/]"
    NOTE = "[yellow]note[/]"
    FAIL = "[red]fail[/]"


@dataclass(frozen=True)
class Finding:
    """One check: what was found and, if it is a fault, what to do."""

    verdict: Verdict
    subject: str
    found: str
    fix: str = ""


def _python() -> Finding:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < _OLDEST_PYTHON:
        return Finding(Verdict.FAIL, "Python", found, "install Python 3.10 or later")
    return Finding(Verdict.OK, "Python", found)


def _package() -> Finding:
    version = importlib.metadata.version("ns3-tandem")
    return Finding(
        Verdict.OK, "tandem", f"{version}, channel layout version {_native.LAYOUT_VERSION}"
    )


def _ns3() -> Finding:
    try:
        toolchain = Toolchain.installed()
    except BuildError as error:
        return Finding(Verdict.FAIL, "ns-3", "no scenarios installed", str(error))
    found = f"{toolchain.ns3_version} ({toolchain.ns3_provider}) at {toolchain.library_dir}"
    if not toolchain.library_dir.is_dir():
        fix = "its folder is gone: set NS3_ROOT or unset it, and install tandem again"
        return Finding(Verdict.FAIL, "ns-3", found, fix)
    return Finding(Verdict.OK, "ns-3", found)


def _ns3_build() -> Finding:
    """Whether ns-3 checks and logs: what its libraries hold, whatever its build was called."""
    subject = "ns-3's build"
    try:
        folder = Toolchain.installed().library_dir
        content = next(folder.glob("libns3*-wifi*.so*")).read_bytes()
    except (BuildError, StopIteration, OSError) as error:
        return Finding(Verdict.NOTE, subject, f"cannot be looked at: {error!r}")
    extras = [word for word, mark in _SLOW_PARTS.items() if mark in content]
    if not extras:
        return Finding(Verdict.OK, subject, "without asserts and logging: as fast as it gets")
    fix = (
        "a release build of your own takes about a quarter less time (docs/speed.md); another "
        "release of ns-3 gives other results: NS3_ROOT=/path/to/ns-3 pip install ."
    )
    return Finding(Verdict.NOTE, subject, f"{' and '.join(extras)} compiled in", fix)


def _simulator() -> Finding:
    try:
        with Simulator("hello", {"queues": 2, "epochs": 2}) as simulator:
            simulator.reset(1)
            simulator.branch([[0], [1]])
            simulator.step([0])
            loaded = simulator.ns3_folder
    except TandemError as error:
        fix = "install tandem again; if it stays, run the scenario's executable by hand"
        return Finding(Verdict.FAIL, "simulator", str(error), fix)
    names = ", ".join(installed_scenarios())
    found = f"reset, branch and step work, ns-3 loaded from {loaded}; scenarios: {names}"
    return Finding(Verdict.OK, "simulator", found)


def _allocator() -> Finding:
    subject = "allocator"
    try:
        chosen = allocator(os.environ, scenario_executable("hello"))
    except TandemError as error:
        return Finding(Verdict.FAIL, subject, str(error), f"unset {VARIABLE}")
    if chosen.library is not None:
        return Finding(Verdict.OK, subject, f"{chosen.library}: {chosen.reason}")
    found = f"the C library's: {chosen.reason}"
    if os.environ.get(VARIABLE, AUTO) != AUTO:
        return Finding(Verdict.OK, subject, found)
    fix = f"mimalloc makes simulators about a tenth faster, results stay equal. {HOW_TO_GET_ONE}"
    return Finding(Verdict.NOTE, subject, found, fix)


def _compiler() -> Finding:
    compiler = find_compiler()
    if compiler is None:
        fix = "only `tandem build` needs one; for instance: apt-get install g++"
        return Finding(Verdict.NOTE, "C++ compiler", "none found", fix)
    output = subprocess.run(
        [compiler, "--version"],
        capture_output=True,
        text=True,
        timeout=_VERSION_TIMEOUT_S,
        check=False,
    ).stdout
    found = output.splitlines()[0] if output else "does not report its version"
    return Finding(Verdict.OK, "C++ compiler", f"{found} at {compiler}")


def _shared_memory() -> Finding:
    try:
        fd = os.memfd_create("tandem-doctor")
        try:
            os.posix_fallocate(fd, 0, _PROBE_BYTES)
        finally:
            os.close(fd)
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError) as error:
        return Finding(Verdict.FAIL, "shared memory", str(error), KERNEL_NEEDS)
    found = f"memfd of {_PROBE_BYTES // 2**20} MiB and pidfd work, Linux {platform.release()}"
    return Finding(Verdict.OK, "shared memory", found)


def _processors() -> Finding:
    count = len(os.sched_getaffinity(0))
    if count == 1:
        fix = "with one processor each step costs a context switch; two are much faster"
        return Finding(Verdict.NOTE, "processors", "1", fix)
    return Finding(Verdict.OK, "processors", str(count))


def _files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FEW_FILES:
        return Finding(Verdict.NOTE, "open files", f"limit {soft}", "raise it: ulimit -n 1024")
    return Finding(Verdict.OK, "open files", f"limit {soft}")


def _optional(module: str, purpose: str, fix: str) -> Finding:
    try:
        version = importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        return Finding(Verdict.NOTE, module, "not installed", f"needed for {purpose}: {fix}")
    return Finding(Verdict.OK, module, version)


def _tshark() -> Finding:
    path = shutil.which("tshark")
    if path is None:
        fix = "reads pcap files, used by some tests: apt-get install tshark"
        return Finding(Verdict.NOTE, "tshark", "not installed", fix)
    return Finding(Verdict.OK, "tshark", path)


CHECKS: Final[tuple[Callable[[], Finding], ...]] = (
    _python,
    _package,
    _ns3,
    _ns3_build,
    _simulator,
    _allocator,
    _compiler,
    _shared_memory,
    _processors,
    _files,
    lambda: _optional("torch", "the learning agents", 'pip install "ns3-tandem[agents]"'),
    lambda: _optional("pettingzoo", "one agent per user", 'pip install "ns3-tandem[multiagent]"'),
    _tshark,
)
