# SPDX-License-Identifier: MIT
"""Agents that need no PyTorch are trained, resumed and evaluated without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: As on a machine where PyTorch is not installed: neither found nor imported.
WITHOUT_TORCH = """
import importlib.util, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("no torch here", name=name)
sys.meta_path.insert(0, Missing())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else find(name, *rest)
from tandem.scripts.main import main
main()
"""


def tandem(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_hybrid_is_trained_resumed_and_evaluated(tmp_path: Path) -> None:
    folder = tmp_path / "h"
    given = ("--agent", "hybrid", "--users", 2, "--evaluation-states", 1, "--out", folder)
    cache = ("--cache", tmp_path / "oracle")
    first = tandem("train", *given, "--interactions", 3, *cache)
    assert first.returncode == 0, first.stderr
    more = tandem("train", "--resume", *given, "--interactions", 5, *cache)
    assert more.returncode == 0, more.stderr
    judged = tandem("evaluate", folder, *cache)
    assert judged.returncode == 0, judged.stderr
    assert "hybrid" in judged.stdout


def test_what_needs_it_says_how_to_get_it(tmp_path: Path) -> None:
    for agent in ("joint-dqn", "branching-dqn"):
        ended = tandem("train", "--agent", agent, "--users", 2, "--out", tmp_path / agent)
        assert ended.returncode == 2
        told = f"agent {agent}: PyTorch is not installed: pip install 'ns3-tandem[agents]'"
        assert told in " ".join(ended.stderr.split())
        assert not (tmp_path / agent).exists()
