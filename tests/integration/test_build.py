# SPDX-License-Identifier: MIT
"""A user's own scenario: template, compilation against the installed package, environment."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env
from typer.testing import CliRunner

import tandem  # noqa: F401
from tandem.scripts.app.common.toolchain import BuildError, find_compiler
from tandem.scripts.cli import app

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
RUNNER = CliRunner()


def test_template_compiles_runs_alone_and_under_an_agent(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["new", "mine", "--in", str(tmp_path)]).exit_code == 0
    folder = tmp_path / "mine"
    result = RUNNER.invoke(app, ["build", str(folder / "mine.cc")])
    assert result.exit_code == 0, result.output
    alone = subprocess.run([folder / "mine", "--epochs=20"], capture_output=True, check=True)
    assert b"after 20 epochs" in alone.stdout
    env = gymnasium.make("tandem/Custom-v0", scenario=str(folder / "mine"), queues=3, epochs=30)
    assert env.unwrapped.simulator.schema.scenario == "mine"
    check_env(env.unwrapped)
    env.close()
    agent = subprocess.run(
        [sys.executable, folder / "agent.py"], capture_output=True, text=True, check=True
    )
    random, longest = (float(line.split()[-1]) for line in agent.stdout.splitlines())
    assert longest < random


def test_compiler_errors_are_shown_and_the_old_executable_stays(tmp_path: Path) -> None:
    source = tmp_path / "broken.cc"
    source.write_text("int main() { return undeclared; }\n")
    (tmp_path / "broken").write_text("old")
    result = RUNNER.invoke(app, ["build", str(source)])
    assert isinstance(result.exception, BuildError)
    assert "undeclared" in str(result.exception)
    assert (tmp_path / "broken").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "broken.cc"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [("nowhere.cc", "does not exist"), (".", "no C\\+\\+ file")],
)
def test_what_is_no_source_is_refused(
    argument: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, ["build", argument])
    assert isinstance(result.exception, BuildError)
    assert re.search(message, str(result.exception))


@pytest.mark.parametrize("name", ["1st", "a b", "../up"])
def test_template_names_are_checked(name: str, tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["new", name, "--in", str(tmp_path)])
    assert "no scenario name" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    result = RUNNER.invoke(app, ["new", "mine", "--in", str(tmp_path)])
    assert "exists" in str(result.exception)
