# SPDX-License-Identifier: MIT
"""The page "Your first WiFi scenario", followed from an empty folder with a space in its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import BIN, EXAMPLES, blocks

PAGE = "first_scenario.md"
SOURCES = EXAMPLES / "first_wifi"

pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed (extra 'sb3')")


def test_the_page_shows_the_files_of_the_example() -> None:
    shown = [block.text for block in blocks(PAGE) if block.language in ("cpp", "python")]
    assert shown[0].strip() == (SOURCES / "first_wifi.cc").read_text().strip()
    assert shown[1].strip() == (SOURCES / "reward.py").read_text().strip()


@pytest.mark.timeout(600)
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    folder = tmp_path / "my first scenario"
    folder.mkdir()
    program, reward, question = (
        block.text for block in blocks(PAGE) if block.language in ("cpp", "python")
    )
    (folder / "first_wifi.cc").write_text(program)
    (folder / "reward.py").write_text(reward)
    (folder / "question.py").write_text(question)
    lines = [line for b in blocks(PAGE) if b.language == "bash" for line in b.text.splitlines()]
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    for line in (*lines, f"'{sys.executable}' question.py"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.count("(") == 6  # a tuple of rewards for each choice
    assert (folder / "report.html").stat().st_size > 100_000
    assert len(list((folder / "runs" / "traced").glob("trace-seed*-n0-0.pcap"))) == 2
