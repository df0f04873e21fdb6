# SPDX-License-Identifier: MIT
"""The command line imports what it needs, and says what its commands do in one place."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.scripts import app
from tandem.scripts.cli import load_command
from tandem.scripts.overview import SECTIONS, page

NAMES = [name for lines in SECTIONS.values() for name in lines]
#: Heavy, or a sign that a command was imported.
FORBIDDEN = ("numpy", "pandas", "torch", "gymnasium", "pydantic", "typer", "rich", "scipy")
PROBE = """
import sys
from tandem.scripts.main import main
sys.argv = ["tandem", {option!r}]
main()
print(*sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_no_command_and_nothing_heavy(option: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROBE.format(option=option)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    modules = result.stderr.split()
    assert "tandem.scripts.main" in modules
    assert [name for name in FORBIDDEN if name in modules] == []
    assert [name for name in NAMES if f"tandem.scripts.{name}" in modules] == []


def test_completion_of_a_command_name_imports_no_command() -> None:
    code = "import sys; from tandem.scripts.cli import app, typer\n"
    code += "group = typer.main.get_command(app); context = typer.Context(group)\n"
    code += "print(*(item.value for item in group.shell_complete(context, 'ex')))\n"
    code += "print([name for name in sys.modules if name == 'tandem.scripts.explain'])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.splitlines() == ["explain", "[]"]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_first_what_the_overview_says(name: str) -> None:
    """Its own help begins with the summary that `tandem --help` shows."""
    summary = next(lines[name] for lines in SECTIONS.values() if name in lines)
    text = inspect.cleandoc(load_command(name).help)
    assert " ".join(text.split("\n\n")[0].split()) == summary


def test_the_overview_names_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = page().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == [
        *NAMES,
        "--version",
        "--install-completion",
        "--show-completion",
        "--help",
    ]


def test_what_commands_do_is_free_of_typer() -> None:
    """`scripts/app` raises errors of its own; only the command files know Typer."""
    (folder,) = app.__path__
    for file in Path(folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] in ("typer", "click") for name in names), file
