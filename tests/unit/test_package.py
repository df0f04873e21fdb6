# SPDX-License-Identifier: MIT
"""The import package: said once, light, open to new modules, and still known by its old names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tandem
from tandem.moved import MOVED

ROOT = Path(__file__).parents[2]
IN_SOURCE = ROOT.joinpath("tandem") == Path(tandem.__file__).parent
LINKS = {
    "agents": "../agents",
    "bridge": "../bridge",
    "compat": "../bridge/compat",
    "dnn_profiles": "../dnn_profiles",
    "scripts": "../scripts",
}


def python(program: str) -> str:
    """What a program prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_package_is_links_to_the_folders() -> None:
    found = {
        path.name: str(path.readlink()) for path in (ROOT / "tandem").iterdir() if path.is_symlink()
    }
    assert found == LINKS


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = python(
        "import sys, tandem\n"
        "print([n for n in ('numpy', 'gymnasium', 'pandas', 'torch', 'typer') if n in sys.modules])"
    )
    assert heavy == "[]"


@pytest.mark.parametrize("order", ["gymnasium, tandem", "tandem, gymnasium"])
def test_the_environments_are_registered_in_either_order_of_imports(order: str) -> None:
    assert python(f"import {order}\nprint('tandem/Hello-v0' in gymnasium.registry)") == "True"


@pytest.mark.skipif(not IN_SOURCE, reason="needs an editable install: `make build`")
def test_a_new_module_counts_at_once() -> None:
    folder = ROOT / "bridge" / f"fresh_{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "one.py").write_text("# SPDX-License-Identifier: MIT\nVALUE = 42\n")
        name = f"tandem.bridge.{folder.name}.one"
        assert python(f"import importlib; print(importlib.import_module({name!r}).VALUE)") == "42"
    finally:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        folder.rmdir()


@pytest.mark.parametrize("old", sorted(old for old, new in MOVED.items() if new))
def test_an_old_name_warns_and_gives_what_is_there_now(old: str) -> None:
    for new in MOVED[old]:
        assert importlib.util.find_spec(f"tandem.{new}") is not None, new
    sys.modules.pop(f"tandem.{old}", None)
    with pytest.warns(DeprecationWarning, match=f"tandem.{MOVED[old][0]}"):
        importlib.import_module(f"tandem.{old}")


def test_names_of_split_modules_are_found() -> None:
    sys.modules.pop("tandem.bridge.objective", None)
    with pytest.warns(DeprecationWarning, match="next release"):
        from tandem.bridge.objective import EpochResult, PaperObjective
    assert EpochResult.__module__ == "tandem.bridge.core.objective"
    assert PaperObjective.__module__ == "tandem.agents.inference.objective"
    with pytest.raises(ImportError, match="Nothing"):
        from tandem.bridge.objective import Nothing  # noqa: F401


def test_the_citation_and_the_changelog_know_the_version() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)[0]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {version}\n" in citation
    released = re.findall(
        r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert released[0] == version
