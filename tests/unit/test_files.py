# SPDX-License-Identifier: MIT
"""Files are replaced whole, on the disk before they have their name, or not at all."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tandem.bridge.core import files

ROOT = Path(__file__).parents[2]
RENAMING = {"os.replace", "os.rename", "tempfile.mkstemp", "tempfile.NamedTemporaryFile"}
FOLDERS = ("agents", "bridge", "dnn_profiles", "scripts")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.replace_text(path, "old ü")
    files.replace_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    files.replace_text(tmp_path / "replaced", "")
    assert (tmp_path / "replaced").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    files.replace_text(path, "old")

    def fail() -> None:
        with files.replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_body_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "a.txt"):
        pass
    assert not names(tmp_path)


def test_content_and_folder_reach_the_disk_around_the_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    seen: list[tuple[str, bool]] = []
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        target = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen.append(("folder" if target == tmp_path else "file", path.exists()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    files.replace_text(path, "new")
    assert seen == [("file", False), ("folder", True)]


def test_what_killed_processes_left_is_found(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        assert list(files.unfinished(tmp_path)) == [temporary]
        os.link(temporary, tmp_path / ".left.tmp")
    files.remove_unfinished(tmp_path)
    assert names(tmp_path) == ["a.txt"]


def test_nothing_else_replaces_files() -> None:
    """``path.replace(path)``, ``os.replace`` and ``mkstemp`` stand in one module only."""
    found = set()
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = ast.unparse(node.func)
                # Of all methods called "replace" only a path's takes one argument.
                of_path = node.func.attr == "replace" and len(node.args) == 1 and not node.keywords
                if of_path or name in RENAMING:
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == {"bridge/core/files.py"}
