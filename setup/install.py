# SPDX-License-Identifier: MIT
"""Installs packages into the environment of this Python with uv, as pip would be told to.

    python setup/install.py [--torch none|auto|cpu|any] -- <arguments of `uv pip install`>

uv does not read pip's settings (pip.conf, ``PIP_*``): where packages come from is handed over here,
unless uv was told so itself (``UV_*``). It uses the standard library only: it runs before anything
is installed.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CONSTRAINTS: Final = ROOT / "constraints.txt"
#: What uv calls a setting of pip. Where both have several values, pip separates them by blanks.
SETTINGS: Final[Mapping[str, str]] = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}
#: uv separates these by commas.
BY_COMMA: Final = ("UV_FIND_LINKS", "UV_INSECURE_HOST")
#: Later ones win, as with pip.
SECTIONS: Final = ("global", "install", ":env:")
#: Linux tells here that a GPU's driver runs.
GPU_DRIVERS: Final = (Path("/proc/driver/nvidia/version"), Path("/dev/kfd"))


def pip_settings(listing: str) -> dict[str, str]:
    """The settings in what ``pip config list`` prints, by their plain name."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        for line in listing.splitlines():
            key, equals, value = line.partition("=")
            if equals and key.startswith(f"{section}."):
                found[key[len(section) + 1 :]] = str(ast.literal_eval(value))
    return found


def uv_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` with pip's settings under uv's names; what uv was told itself stays."""
    result = dict(environment)
    for name, uv_name in SETTINGS.items():
        if name in settings:
            values = settings[name].split()
            result.setdefault(uv_name, ("," if uv_name in BY_COMMA else " ").join(values))
    # pip takes the best version of all its indexes, uv the first index that has the package.
    result.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return result


def gpu_seen() -> bool:
    """Whether this machine has a GPU that PyTorch could use."""
    return any(path.exists() for path in GPU_DRIVERS)


def torch_version(constraints: str) -> str:
    """The version of PyTorch in the text of a constraints file.

    Raises:
        LookupError: it has none.
    """
    for line in constraints.splitlines():
        name, equals, version = line.partition("==")
        if equals and name.strip() == "torch":
            return version.strip()
    raise LookupError("constraints.txt names no version of torch")


def torch_arguments(uv: list[str], environment: Mapping[str, str], choice: str) -> list[str]:
    """What to tell uv so that PyTorch comes without the libraries of GPUs, where none is seen.

    The build for CPUs is looked for where packages come from, then in PyTorch's own index.
    """
    if choice == "any" or (choice == "auto" and gpu_seen()):
        return []
    build = f"torch=={torch_version(CONSTRAINTS.read_text(encoding='utf-8'))}+cpu"
    backend = ["--torch-backend", "cpu"]
    for arguments in ([], backend):
        trial = [*uv, "--dry-run", "--reinstall", "--no-deps", *arguments, build]
        tried = subprocess.run(
            trial, env={**environment, "UV_HTTP_RETRIES": "0"}, capture_output=True, check=False
        )
        if tried.returncode == 0:
            return arguments
    print(
        "PyTorch: no build for CPUs only can be reached; the build for GPUs, some gigabytes, may "
        "be fetched instead. To use your own: UV_FIND_LINKS=<folder with the wheel>",
        flush=True,
    )
    return []


def find_uv() -> str:
    """uv's program, installed with pip if it is missing."""
    program = Path(sys.executable).with_name("uv")
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--constraint", str(CONSTRAINTS), "uv"], check=True)
    return str(program)


def main() -> int:
    """Install; the exit status is uv's."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--torch", choices=("none", "auto", "cpu", "any"), default="none")
    parser.add_argument("arguments", nargs="+")
    given = parser.parse_args()
    uv = [find_uv(), "pip", "install", "--python", sys.executable, "--constraint", str(CONSTRAINTS)]
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    environment = uv_environment(pip_settings(listing.stdout), os.environ)
    if given.torch != "none":
        uv += torch_arguments(uv, environment, given.torch)
    return subprocess.run(
        [*uv, "--quiet", *given.arguments], env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
