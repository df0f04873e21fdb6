# SPDX-License-Identifier: MIT
"""The documentation: every command and program in it runs, the site builds without a warning."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import browser_path
import pytest
from typer.testing import CliRunner

from tandem.scripts.cli import app, loaded_app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
BIN = Path(sys.executable).parent
FENCE = re.compile(
    r"^(?P<indent> *)```(?:\{\.(?P<braced>\w+)(?: \.(?P<kind>\w+))?\}|(?P<plain>\w*))\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
#: Languages of blocks that are no programs.
QUIET = {"", "cpp", "yaml"}
#: Commands in older pages, without a language on their fence, that are run elsewhere or take long.
OTHER_TESTS = {
    "api.md": "tests/integration/test_docs.py",  # written from docstrings
    "cli.md": "tests/integration/test_docs.py",  # written from the commands
    "dnn_profiles.md": "tests/unit/test_profiles_cli.py",
    "first_scenario.md": "tests/integration/test_first_scenario.py",
    "migration.md": "tests/integration/test_compat_gym.py",
    "oracle.md": "tests/integration/test_oracle.py",
    "remote.md": "tests/integration/test_remote.py",
    "scaling.md": "tests/integration/test_ray_parts.py",  # a cluster
    "training.md": "tests/integration/test_training.py",
}
PAGES = sorted(
    str(path.relative_to(DOCS))
    for path in (*DOCS.glob("*.md"), *DOCS.glob("tutorials/*.md"))
    if path.name not in OTHER_TESTS
)
LIMIT_S = 110
#: First line of a Python block that is a file.
FILE_NAME = re.compile(r"# (\w+\.py)\n")
#: A command that needs no shell.
PLAIN = re.compile(r"^tandem [\w ./=,-]+$")
#: Kinds of blocks that only `make test-slow` runs: minutes, or a browser.
SLOW = {"slow", "browser"}


class Block(NamedTuple):
    """A fenced block: its language, what it needs, its lines."""

    language: str
    kind: str
    text: str


def blocks(page: str) -> list[Block]:
    """Fenced blocks of a page, dedented."""
    found = []
    for match in FENCE.finditer((DOCS / page).read_text(encoding="utf-8")):
        lines = match["text"].splitlines()
        text = "\n".join(line.removeprefix(match["indent"]) for line in lines)
        found.append(Block(match["braced"] or match["plain"] or "", match["kind"] or "", text))
    return found


def run_block(block: Block, folder: Path) -> None:
    """Run a block as a user would, in a folder.

    Raises:
        AssertionError: it fails; the message has its output.
    """
    if block.language == "yaml":
        name = block.text.splitlines()[0].removeprefix("# ")
        (folder / name).write_text(block.text)
        return
    if block.language == "python":
        named = FILE_NAME.match(block.text)
        if named is not None:  # a file of the user's, for a command further down
            (folder / named[1]).write_text(block.text)
        exec(compile(block.text, "docs", "exec"), {"__name__": "__docs__"})
        return
    lines = block.text.splitlines()
    if all(PLAIN.match(line) for line in lines):
        # In this process: the imports of a command take longer than its work.
        for line in lines:
            result = CliRunner().invoke(app, shlex.split(line)[1:])
            assert result.exit_code == 0, f"{line}\n{result.output}{result.exception!r}"
        return
    program = ["bash", "-euo", "pipefail", "-c", block.text]
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        program,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20 * LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


def unmet(block: Block) -> str | None:
    """What a block needs and this machine lacks."""
    if block.kind == "tshark" and shutil.which("tshark") is None:
        return "tshark is not installed"
    if block.kind == "browser" and browser_path.find() is None:
        return "chromium is not installed"
    return None


@pytest.mark.timeout(6 * LIMIT_S)
@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.language in QUIET - {"yaml"} or block.kind in SLOW:
            continue
        if unmet(block) is None:
            run_block(block, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(30 * LIMIT_S)
@pytest.mark.parametrize("page", PAGES)
def test_slow_commands_of_the_page_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if not any(block.kind in SLOW for block in blocks(page)):
        pytest.skip("the page has no slow command")
    for block in blocks(page):
        if block.language not in QUIET - {"yaml"} and unmet(block) is None:
            run_block(block, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    """So that no command can hide from the tests above."""
    for block in blocks(page):
        assert block.language in QUIET | {"bash", "python"}, block
        if not block.language:
            assert not re.search(r"^(tandem|make|python|pip) ", block.text, re.MULTILINE), block


@pytest.mark.parametrize("page", OTHER_TESTS)
def test_commands_of_older_pages_exist(page: str) -> None:
    """They are run by tests of their own; here that no command of them is gone."""
    names = set(loaded_app().commands)
    used = re.findall(r"^ *tandem (\w+)", (DOCS / page).read_text(), re.MULTILINE)
    assert set(used) <= names
    assert (ROOT / OTHER_TESTS[page]).is_file()


def test_readme_commands_have_the_options_they_use() -> None:
    """The README's commands are those of the tutorial at full size: checked, not run."""
    commands = loaded_app().commands
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    lines = re.findall(r"^ {4}tandem (\w+)([^#\n]*)", text, re.MULTILINE)
    assert len(lines) > 5
    for name, rest in lines:
        assert name in commands, name
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= known, f"tandem {name}{rest}"


def test_reference_pages_are_what_the_package_says() -> None:
    pytest.importorskip("griffe", reason="griffe is not installed (extra 'docs')")
    done = subprocess.run(
        [sys.executable, str(DOCS / "generate"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(2 * LIMIT_S)
def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (extra 'docs')")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    commands = (tmp_path / "site" / "cli" / "index.html").read_text()
    for word in ("tandem explain", "--mix-builds", "--frames"):
        assert word in commands
    tables = (tmp_path / "site" / "tables" / "index.html").read_text()
    for word in ("uplink_air_s", "resource_blocks", "met_site_jobs", "airtime_fraction"):
        assert word in tables
    assert "load_run" in (tmp_path / "site" / "api" / "index.html").read_text()


@pytest.mark.timeout(2 * LIMIT_S)
def test_notebook_runs(tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    notebook = nbformat.read(EXAMPLES / "look_into_a_run.ipynb", as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=LIMIT_S, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    shown = [
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        for kind in output.get("data", {})
    ]
    assert shown.count("text/html") >= 2
    assert any("plotly" in kind for kind in shown)


def test_tree_search_example_finds_what_it_then_plays() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "tree_search.py")],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    best, played, greedy = re.findall(r"(?:gives|gave|itself:) (-[\d.]+)", done.stdout)
    assert best == played
    assert float(best) > float(greedy)
    assert "125 plans: 30 forks, 125 branches, 155 epochs" in done.stdout


def test_torchrl_example_checks_its_specs_and_rolls_out(tmp_path: Path) -> None:
    pytest.importorskip("torchrl", reason="TorchRL is not installed")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "torchrl_rollout.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "5 decisions" in done.stdout
    assert "check_env_specs succeeded" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "name"),
    [("env", "TandemEnv"), ("vector", "TandemVectorEnv"), ("parallel_env", "TandemParallelEnv")],
)
def test_examples_in_docstrings(module: str, name: str) -> None:
    if module == "parallel_env":
        pytest.importorskip("pettingzoo")
    described = getattr(importlib.import_module(f"tandem.bridge.core.{module}"), name)
    (example,) = doctest.DocTestFinder(recurse=False).find(described, name)
    failed, attempted = doctest.DocTestRunner().run(example)
    assert attempted > 0
    assert failed == 0
