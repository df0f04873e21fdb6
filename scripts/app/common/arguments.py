# SPDX-License-Identifier: MIT
"""Scenario arguments: from the command line, and as a scenario's ``--help`` tells them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from tandem.bridge.core.errors import TandemError

HELP_TIMEOUT_S: Final = 30.0
_SECTION: Final = re.compile(r"^(?P<title>[A-Z][\w ]*):\s*$")
_ARGUMENT: Final = re.compile(
    r"^\s+--(?P<name>\w+):\s+(?P<help>.*?)(?:\s+\[(?P<default>[^\[\]]*)\])?\s*$"
)


@dataclass(frozen=True, slots=True)
class ScenarioArgument:
    """One argument of a scenario: name, help with unit, default as text."""

    name: str
    help: str
    default: str


def parse_assignments(assignments: Iterable[str]) -> dict[str, object]:
    """``["edgeCores=4"]`` → ``{"edgeCores": "4"}``; ns-3 itself reads the values.

    Raises:
        typer.BadParameter: an item is not ``key=value``, or a key comes twice.
    """
    arguments: dict[str, object] = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        name = name.strip().removeprefix("--")
        if not separator or not name:
            raise typer.BadParameter(f"--set {assignment!r} is not key=value, as in edgeCores=4")
        if name in arguments:
            raise typer.BadParameter(f"--set gives {name!r} twice")
        arguments[name] = value
    return arguments


def scenario_arguments(executable: Path) -> list[ScenarioArgument]:
    """Ask a scenario for its own arguments.

    Raises:
        TandemError: the executable does not run.
    """
    try:
        result = subprocess.run(
            [str(executable), "--help"],
            capture_output=True,
            text=True,
            timeout=HELP_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TandemError(f"{executable} --help does not run: {error}") from error
    if result.returncode != 0:
        raise TandemError(
            f"{executable} --help ended with status {result.returncode}: {result.stderr.strip()}"
        )
    return parse_help(result.stdout)


def parse_help(text: str) -> list[ScenarioArgument]:
    """The program's own options in the output of ns-3's ``CommandLine`` help."""
    arguments: list[ScenarioArgument] = []
    own = False
    for line in text.splitlines():
        section = _SECTION.match(line)
        if section:
            own = section["title"] == "Program Options"
            continue
        argument = _ARGUMENT.match(line)
        if own and argument:
            arguments.append(
                ScenarioArgument(
                    argument["name"], argument["help"].strip(), argument["default"] or ""
                )
            )
    return arguments
