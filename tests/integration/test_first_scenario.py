# SPDX-License-Identifier: MIT
"""The page "Your first WiFi scenario", followed from an empty folder with a space in its name.

Then everything else that a shipped scenario can do, with the scenario that is there now.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commands import tandem
from remote_servers import ServerProcess, free_address
from test_docs import BIN, EXAMPLES, blocks

from tandem import load_run
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.vector import TandemVectorEnv
from tandem.scripts.app.common.objective import own_objective

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("first scenario")]
PAGE = "first_scenario.md"
SOURCES = EXAMPLES / "first_wifi"

sb3 = pytest.importorskip(
    "stable_baselines3", reason="Stable-Baselines3 is not installed (extra 'sb3')"
)
from tandem.agents.sb3_vector import Sb3VecEnv  # noqa: E402


def test_the_page_shows_the_files_of_the_example() -> None:
    shown = [block.text for block in blocks(PAGE) if block.language in ("cpp", "python")]
    assert shown[0].strip() == (SOURCES / "first_wifi.cc").read_text().strip()
    assert shown[1].strip() == (SOURCES / "reward.py").read_text().strip()


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has followed the page."""
    folder = tmp_path_factory.mktemp("a newcomer") / "my first scenario"
    folder.mkdir()
    program, reward, question = (
        block.text for block in blocks(PAGE) if block.language in ("cpp", "python")
    )
    (folder / "first_wifi.cc").write_text(program)
    (folder / "reward.py").write_text(reward)
    (folder / "question.py").write_text(question)
    for block in blocks(PAGE):
        if block.language == "bash":
            for line in block.text.splitlines():
                shell(folder, line)
    return folder


@pytest.fixture
def inside(followed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(followed)
    monkeypatch.syspath_prepend(str(followed))
    return followed


def shell(folder: Path, line: str) -> str:
    """A command as a user types it; its output."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def fair() -> Any:
    return own_objective("reward.py:fair")


def test_every_command_of_the_page_runs(followed: Path) -> None:
    """Built, run alone, trained by PPO, evaluated, analysed, reported, explained, traced."""
    asked = shell(followed, f"'{sys.executable}' question.py")
    assert asked.count("(") == 6  # a tuple of rewards for each choice
    assert (followed / "report.html").stat().st_size > 100_000
    assert len(list((followed / "runs" / "traced").glob("trace-seed*-n0-0.pcap"))) == 2


def test_the_trained_agent_is_swept_over_two_arguments(inside: Path) -> None:
    Path("grid.yaml").write_text(
        "scenario: ./first_wifi\nobjective: reward.py:fair\npolicies: [runs/ppo]\n"
        "seeds: [1]\nepochs: 3\ngrid:\n  radius: [5, 40]\n  neighbour: [0, 2e7]\n"
    )
    swept = tandem("sweep", "grid.yaml", "--out", "runs/sweep", "--quiet")
    assert swept.returncode == 0, swept.stderr
    table = pd.read_csv("runs/sweep/sweep.csv")
    assert len(table) == 2 * 2
    assert table["return_mean"].nunique() == 4


def test_its_rewards_are_rated_by_another_objective(inside: Path) -> None:
    Path("other.py").write_text("def half(result):\n    return 0.5\n")
    shown = tandem("analyze", "runs/ppo", "--objective", "other.py:half", "--format", "json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)[0]["summary"]["reward_mean"] == 0.5


def test_branches_and_forks_see_what_steps_meet(inside: Path) -> None:
    plan = [[1, 1, 1, 1], [5, 0, 3, 2], [2, 2, 2, 2]]
    with TandemEnv("./first_wifi", epochs=8, objective=fair()) as env:
        env.reset(seed=1)
        env.step(plan[0])
        sequence, ruled = env.branch([plan, lambda seen: plan[0]], horizon=2)
        with env.fork() as fork:
            forked = [fork.step(action)[1] for action in plan]
        assert tuple(env.step(action)[1] for action in plan) == sequence.rewards == tuple(forked)
        assert ruled.rewards[0] == sequence.rewards[0]


def test_four_of_them_teach_stable_baselines3(inside: Path) -> None:
    envs = TandemVectorEnv(
        "./first_wifi", num_envs=4, epochs=4, objective=fair(), autoreset_mode="SameStep"
    )
    model = sb3.PPO(
        "MultiInputPolicy", Sb3VecEnv(envs), n_steps=8, batch_size=16, n_epochs=1, seed=1
    )
    model.learn(32)
    assert model.num_timesteps == 32
    envs.close()


def test_it_is_served_and_trained_from_elsewhere(inside: Path) -> None:
    server = ServerProcess(free_address(), "--scenario", "./first_wifi", "--telemetry", "")
    try:
        for place in ("here", "there"):
            where = ("--connect", server.address) if place == "there" else ()
            scenario = "first_wifi" if place == "there" else "./first_wifi"  # a file here, too
            ran = tandem(
                *("run", "--scenario", scenario, *where, "--objective", "reward.py:fair"),
                *("--policy", "random", "--epochs", "4", "--out", f"runs/{place}", "--quiet"),
            )
            assert ran.returncode == 0, ran.stderr
    finally:
        server.end()
    here, there = (load_run(f"runs/{place}") for place in ("here", "there"))
    assert here.decisions.to_json() == there.decisions.to_json()
    assert here.packets.equals(there.packets)
