# SPDX-License-Identifier: MIT
"""The channel without ns-3 and Python: under the sanitizers, and in millions of handovers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from native_programs import (
    ADDRESS,
    SANITIZER_STATUS,
    THREAD,
    build,
    headers_with_long_slice,
    missing,
    run,
)

pytestmark = pytest.mark.skipif(bool(missing(())), reason=missing(()))

CHECKS = 15
SHORT_S = "0.5"
LONG_S = "20"
SPINS = (("0", "0"), ("75", "75"), ("0", "75"))
ADVANCE = "mailbox.sequence.fetch_add(1, std::memory_order_seq_cst)"


def handovers(output: str) -> int:
    found = re.search(r"^(\d+) handovers", output, re.MULTILINE)
    assert found is not None, output
    return int(found[1])


@pytest.mark.skipif(bool(missing(ADDRESS)), reason=missing(ADDRESS))
def test_blocks_headers_messages_and_deaths_under_address_sanitizer(tmp_path: Path) -> None:
    done = run(build("channel_checks.cc", tmp_path / "checks", ADDRESS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": ok\n") == CHECKS
    assert not done.stderr


def test_two_processes_lose_no_wake_up(tmp_path: Path) -> None:
    headers = headers_with_long_slice(tmp_path / "headers")
    program = build("stress.cc", tmp_path / "stress", ["-O2"], [headers])
    for spins in SPINS:
        done = run(program, "processes", SHORT_S, *spins)
        assert done.returncode == 0, done.stdout + done.stderr
        assert handovers(done.stdout) > 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(bool(missing(THREAD)), reason=missing(THREAD))
def test_millions_of_handovers_under_thread_sanitizer(tmp_path: Path) -> None:
    headers = headers_with_long_slice(tmp_path / "headers")
    program = build("stress.cc", tmp_path / "stress", [*THREAD, "-O2"], [headers])
    plain = build("stress.cc", tmp_path / "plain", ["-O2"], [headers])
    total = 0
    for spins in SPINS:
        for each, kind in ((program, "threads"), (plain, "processes")):
            done = run(each, kind, LONG_S, *spins, timeout_s=300)
            assert done.returncode == 0, done.stdout + done.stderr
            total += handovers(done.stdout)
            print(kind, spins, done.stdout.replace("\n", "; "))
    print(f"{total} handovers")


@pytest.mark.slow
@pytest.mark.skipif(bool(missing(THREAD)), reason=missing(THREAD))
def test_thread_sanitizer_sees_a_post_that_releases_nothing(tmp_path: Path) -> None:
    """What makes the test above worth something."""
    weak = ADVANCE, ADVANCE.replace("seq_cst", "relaxed")
    headers = headers_with_long_slice(tmp_path / "headers", weak)
    program = build("stress.cc", tmp_path / "stress", [*THREAD, "-O2"], [headers])
    done = run(program, "threads", SHORT_S, "75", "75")
    assert done.returncode == SANITIZER_STATUS, done.stdout + done.stderr
    assert "data race" in done.stderr
