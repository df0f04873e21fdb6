# SPDX-License-Identifier: MIT
"""Pages that are generated: commands, tables and arguments, from the package itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from tandem.bridge.core.arguments import declared_arguments, to_text
from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.bridge.core.schema import Schema
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.runs.description import describe

COMMANDS = "<!-- commands -->"
TABLES = "<!-- tables -->"
ARGUMENTS = "<!-- arguments -->"
#: Scenario whose tables are shown: all inference scenarios have the same.
SCENARIO = "wifi-edge"
ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("build/docs/tandem")
FOLDERS = ("bridge", "agents", "dnn_profiles", "scripts")


def on_startup(**_: Any) -> None:
    """Let the reference find the folders as the one package that they are installed as."""
    package = ROOT / PACKAGE
    shutil.rmtree(package, ignore_errors=True)
    # Copies: the tool that reads them does not follow links, nor folders without an __init__.
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, package / folder, ignore=shutil.ignore_patterns("*.pyc"))
    for folder in (package, *(package / name for name in FOLDERS)):
        (folder / "__init__.py").touch()


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what is generated."""
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, commands())
    if TABLES in markdown:
        markdown = markdown.replace(TABLES, tables(schema()))
    if ARGUMENTS in markdown:
        markdown = markdown.replace(ARGUMENTS, "\n".join(map(arguments, installed_scenarios())))
    return markdown


def commands() -> str:
    """Every command with its options."""
    from tandem.scripts.cli import loaded_app

    group = loaded_app()
    context = typer.Context(group, info_name="tandem")
    text = get_docs_for_click(obj=group, ctx=context, name="tandem")
    return text.partition("\n")[2]


def arguments(scenario: str) -> str:
    """What can be set in a scenario, as a Markdown table."""
    lines = [
        f"## {scenario}",
        "",
        "| argument | default | allowed | meaning |",
        "|---|---|---|---|",
    ]
    for argument in declared_arguments(scenario_executable(scenario)).arguments.values():
        if argument.owner != "bridge":
            cells = (to_text(argument.default), argument.limits, argument.help)
            texts = [cell.replace("|", "\\|") for cell in cells]
            lines.append(f"| `{argument.name}` | {' | '.join(texts)} |")
    return "\n".join([*lines, ""])


def schema() -> Schema:
    """What the scenario declares, with the frame tables."""
    with Simulator(SCENARIO, {"users": 1, "frames": 1}) as simulator:
        return simulator.schema


def tables(schema: Schema) -> str:
    """Every table with the columns' units and meanings."""
    described_run = describe(schema)
    parts = []
    for table in described_run["records"]:
        parts.append(f"## {table['name']}.parquet\n\n| column | unit | meaning |\n|---|---|---|")
        parts += [
            f"| `{column['name']}` | {column['unit']} | {column['help']} |"
            for column in table["columns"]
        ]
        parts.append("")
    for block in described_run["observation"]:
        parts.append(
            f"## observation: {block['name']}\n\n| column | unit | meaning |\n|---|---|---|"
        )
        parts += [
            f"| `{column['name']}` | {column['unit']} | {column['help']} |"
            for column in block["columns"]
        ]
        parts.append("")
    return "\n".join(parts)
