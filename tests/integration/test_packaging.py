# SPDX-License-Identifier: MIT
"""How ns-3 gets in, and the package out: clear errors here, whole builds under `slow`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tandem.bridge.core import _native

ROOT = Path(__file__).resolve().parents[2]
CMAKE = shutil.which("cmake", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
BUILD_LIMIT_S = 900

needs_cmake = pytest.mark.skipif(CMAKE is None, reason="no cmake")


def configure(folder: Path, **settings: str) -> str:
    """Run CMake without the extension; return its error output as one line of words."""
    assert CMAKE is not None
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NS3_")}
    environment["PIP_NO_INDEX"] = "1"  # as on a machine without network
    environment["PIP_NO_CACHE_DIR"] = "1"
    result = subprocess.run(
        [
            CMAKE,
            f"-S{ROOT}",
            f"-B{folder}",
            "-DTANDEM_NATIVE=OFF",
            f"-DPython_EXECUTABLE={sys.executable}",
            *(f"-D{name}={value}" for name, value in settings.items()),
        ],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode != 0
    return " ".join(result.stderr.split())


@needs_cmake
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"NS3_ROOT": "/nowhere"}, r"Tried root: NS3_ROOT='/nowhere'.*is it built"),
        ({"NS3_WHEEL_DIR": "/nowhere"}, r"Tried wheel: NS3_WHEEL_DIR='/nowhere'"),
        ({"NS3_PROVIDER": "bogus"}, r"'bogus' is none of auto, download, wheel, root, system"),
        ({}, r"Tried download: ns3==3\.44\.post0 .*no network.*NS3_WHEEL_DIR.*without network"),
    ],
)
def test_a_missing_ns3_says_what_was_tried_and_what_to_do(
    settings: dict[str, str], message: str, tmp_path: Path
) -> None:
    assert re.search(message, configure(tmp_path, **settings))


@needs_cmake
def test_an_ns3_that_is_too_old_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "ns-3"
    (root / "include/ns3").mkdir(parents=True)
    (root / "include/ns3/core-module.h").touch()
    (root / "lib").mkdir()
    (root / "lib/libns3.36-core.so").touch()
    assert "3.36" in configure(tmp_path / "build", NS3_ROOT=str(root))


@needs_cmake
def test_a_missing_json_library_says_what_to_install(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    venv.create(bare)
    error = configure(
        tmp_path / "build",
        Python_EXECUTABLE=str(bare / "bin/python"),
        CMAKE_FIND_USE_CMAKE_SYSTEM_PATH="OFF",
    )
    assert re.search(r"No nlohmann/json.hpp found.*pip install nlohmann-json", error)


def test_the_extension_does_not_link_ns3() -> None:
    needed = subprocess.run(
        ["ldd", _native.__file__], capture_output=True, text=True, check=True
    ).stdout
    assert "ns3" not in needed


def run(*command: str | Path, **environment: str) -> str:
    """Run a command, show its output if it fails, return its standard output."""
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=BUILD_LIMIT_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.timeout(2 * BUILD_LIMIT_S)
def test_sdist_to_wheel_to_a_bare_environment(tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    source = tmp_path / "source"
    run("git", "clone", "--quiet", ROOT, source)
    # `pip wheel` of the unpacked sdist is what an index's users do.
    run(sys.executable, "-m", "venv", tmp_path / "build")
    build_python = tmp_path / "build/bin/python"
    run(build_python, "-m", "pip", "install", "--quiet", "build")
    run(build_python, "-m", "build", "--sdist", "--outdir", tmp_path, source)
    (sdist,) = tmp_path.glob("*.tar.gz")
    run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, sdist)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("_bin/wifi-edge", "_ns3/libns3.44-lte.so", "_ns3/LICENSE", "_cpp/hello.cc"):
        assert f"tandem/{part}" in names
    for part in (
        "_cpp/libtandem-compat.a",
        "_cpp/compat/ns3/ai-module.h",
        "compat/names/ns3gym/ns3env.py",
        "scripts/app/migration/forms/forms.cc",
    ):
        assert f"tandem/{part}" in names
    assert any(name.startswith("tandem/compat/_duplex") for name in names)
    assert not [name for name in names if name.startswith("tandem/bridge/compat/")]
    environment = tmp_path / "bare"
    venv.create(environment, with_pip=True)
    run(environment / "bin/python", "-m", "pip", "install", "--quiet", wheel)
    shutil.rmtree(source)
    assert "everything that tandem needs" in run(environment / "bin/tandem", "doctor")
    run(
        environment / "bin/tandem",
        *("run", "--scenario", "lte-edge", "--users", "2", "--epochs", "2"),
        *("--quiet", "--out", tmp_path / "run"),
    )
