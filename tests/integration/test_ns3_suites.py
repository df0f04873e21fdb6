# SPDX-License-Identifier: MIT
"""The unit tests of the C++ model (``ns3_scenarios/test``), which ns-3's own framework runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from cmake_targets import NEEDED, build

ROOT = Path(__file__).resolve().parents[2]
CASE = re.compile(r"^\s*(PASS|FAIL|CRASH|SKIP) (.+) [\d.]+ s$")
SUITES = [
    name
    for source in sorted((ROOT / "ns3_scenarios/test").glob("*-test.cc"))
    for name in re.findall(r'TestSuite\("([\w-]+)"', source.read_text())
]

pytestmark = [*NEEDED, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def runner() -> Path:
    return build("tandem-test")


@pytest.mark.parametrize("suite", SUITES)
def test_suite(runner: Path, suite: str, subtests: pytest.Subtests) -> None:
    done = subprocess.run(
        [runner, f"--suite={suite}", "--verbose"], capture_output=True, text=True, check=False
    )
    outcomes = [match for line in done.stdout.splitlines() if (match := CASE.match(line))]
    assert len(outcomes) > 1, done.stdout + done.stderr  # the suite and its cases
    for outcome in outcomes:
        with subtests.test(outcome[2]):
            assert outcome[1] == "PASS", done.stdout
    assert done.returncode == 0
