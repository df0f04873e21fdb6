# SPDX-License-Identifier: MIT
"""The tests of the bridge once more, on code built with AddressSanitizer and UBSan.

Channel, agent link, scenarios and both Python modules are instrumented, ns-3 and Python are not.
The build takes minutes, so this is marked slow; it stays in ``build/sanitize``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from native_programs import ADDRESS, ROOT, SANITIZER_STATUS, missing
from test_ns3_suites import SUITES as UNIT_SUITES

from tandem.bridge.core.scenarios import package_root

#: Those of the environment first: make does not put them on the path.
TOOLS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
CMAKE, NINJA = (shutil.which(tool, path=TOOLS) for tool in ("cmake", "ninja"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(bool(missing(ADDRESS)), reason=missing(ADDRESS)),
    pytest.mark.skipif(not (CMAKE and NINJA), reason="no cmake or no ninja"),
]

BUILD = ROOT / "build" / "sanitize"
SCENARIOS = ("echo", "hello", "wifi-edge", "lte-edge", "hetnet")
UNIT_TESTS = "tandem-test"
#: Relative to ``tests``. Those that only concern Python would prove nothing here.
SUITES = {
    "bridge": (
        "integration/test_simulator.py",
        "integration/test_env.py",
        "integration/test_env_errors.py",
        "integration/test_timeout.py",
        "integration/test_workload_files.py",
    ),
    "vector": ("integration/test_vector.py", "integration/test_traces.py"),
    "deaths": ("faults/test_deaths.py",),
    "compat": ("integration/test_compat_gym.py",),
}


def command(*arguments: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def package() -> Path:
    """A folder laid out like the installed package, with everything of ours instrumented."""
    installed = package_root()
    if not (installed / "_ns3").is_dir():
        pytest.skip("ns-3 is not bundled: build with the pinned wheel")
    wheel = BUILD / "ns3"  # in the layout of a wheel
    wheel.mkdir(parents=True, exist_ok=True)
    for name, target in (("include", "_ns3/include"), ("lib64", "_ns3")):
        (wheel / name).unlink(missing_ok=True)
        (wheel / name).symlink_to(installed / target)
    command(
        *(str(CMAKE), "-S", ROOT, "-B", BUILD, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={NINJA}"),
        *("-DTANDEM_SANITIZE=address,undefined", f"-DPython_EXECUTABLE={sys.executable}"),
        *("-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1"),
        *("-DNS3_PROVIDER=wheel", f"-DNS3_WHEEL_DIR={wheel}"),
    )
    command(str(CMAKE), "--build", BUILD, "--target", "_native", "_duplex", UNIT_TESTS, *SCENARIOS)
    package = BUILD / "package"
    shutil.rmtree(package, ignore_errors=True)
    for folder, source in (
        ("bridge/core", "bridge/native"),
        ("compat", "bridge/compat/native"),
    ):
        (package / folder).mkdir(parents=True)
        for library in (BUILD / source).glob("*.so"):
            shutil.copy2(library, package / folder)
    (package / "_bin").mkdir()
    for scenario in SCENARIOS:
        shutil.copy2(BUILD / "ns3_scenarios" / scenario, package / "_bin")
    for name in ("_ns3", "_cpp"):
        (package / name).symlink_to(installed / name)
    return package


@pytest.mark.parametrize("suite", SUITES)
def test_sanitizers_find_nothing(package: Path, suite: str, tmp_path: Path) -> None:
    # Python is not instrumented, so the run-time has to be there before it.
    preload = [command("g++", f"-print-file-name={name}.so") for name in ("libasan", "libstdc++")]
    # Python itself never frees everything: leaks are memcheck's business (test_native_checks).
    options = f"exitcode={SANITIZER_STATUS}:log_path={tmp_path / 'report'}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "sanitized", "-p", "no:cacheprovider"),
            *("-o", "timeout=600", *SUITES[suite]),
        ],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "tests"),
            "TANDEM_SANITIZED": str(package),
            "LD_PRELOAD": " ".join(preload),
            "ASAN_OPTIONS": f"detect_leaks=0:{options}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:{options}",
        },
    )
    reports = "\n".join(path.read_text() for path in sorted(tmp_path.glob("report.*")))
    assert not reports, reports[:8000]
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]


@pytest.mark.parametrize("suite", UNIT_SUITES)
def test_sanitizers_find_nothing_in_the_unit_tests(package: Path, suite: str) -> None:
    assert package.is_dir()  # built
    done = subprocess.run(
        [BUILD / "ns3_scenarios" / UNIT_TESTS, f"--suite={suite}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
