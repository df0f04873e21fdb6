# SPDX-License-Identifier: MIT
"""The command line without a simulator: help, parsing, friendly errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.agents.inference.objective import MeanResponseTime, PaperObjective
from tandem.scripts import cli
from tandem.scripts.app.common.arguments import parse_assignments
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.objective import make_objective
from tandem.scripts.app.common.run_config import default_folder
from tandem.scripts.main import main


def test_assignments() -> None:
    assert parse_assignments(["a=1", "--b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.parametrize("items", [["a"], ["=1"], ["a=1", "a=2"]])
def test_bad_assignments_are_refused(items: list[str]) -> None:
    with pytest.raises(OptionError, match="--set"):
        parse_assignments(items)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run --epochs 50 --set epochs=7", "--set epochs=7: --epochs gives it too"),
        ("run --users 3 --set users=3", "--set users=3: --users gives it too"),
        ("run --frames --set --frames=0", "--set frames=0: --frames gives it too"),
        ("run --pcap --set pcap=/tmp/x", "--set pcap=/tmp/x: --pcap gives it too"),
        ("train --epochs 50 --set epochs=7", "--set epochs=7: --epochs gives it too"),
        ("train --users 3 --set users=4", "--set users=4: --users gives it too"),
        ("calibrate --users 3 --set users=4", "--set users=4: --users gives it too"),
    ],
)
def test_set_does_not_beat_an_option_silently(command: str, words: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, [*command.split(), "--out", str(tmp_path / "out")])
    assert result.exit_code == cli.EXIT_ERROR
    text = " ".join(result.output.replace("│", " ").split())
    assert words in text
    assert not (tmp_path / "out").exists()


def test_objectives_by_name() -> None:
    assert make_objective("mean", "85") == MeanResponseTime()
    assert make_objective("paper", "max") == PaperObjective("max")
    assert make_objective("paper", "89") == PaperObjective(89.0)
    for name, accuracy in (("best", "85"), ("paper", "high"), ("paper", "120")):
        with pytest.raises(OptionError):
            make_objective(name, accuracy)


def test_default_folder_names_the_run() -> None:
    assert default_folder("wifi-edge", "edge", 5, 1) == Path("runs/wifi-edge-edge-u5-s1")
    assert default_folder("./x/mine", "random", None, 2) == Path("runs/mine-random-s2")


@pytest.mark.parametrize("command", ["run", "analyze", "scenarios", "demo"])
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output


def test_expected_error_is_one_message_without_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no-run"
    monkeypatch.setattr("sys.argv", ["tandem", "analyze", str(missing)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == cli.EXIT_ERROR
    message = capsys.readouterr().err
    assert "is no run folder" in message
    assert "Traceback" not in message
