# SPDX-License-Identifier: MIT
"""Hostile JSON and YAML: a clear error, soon."""

from __future__ import annotations

import ast
import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tandem.bridge.core.documents import DocumentError, parse_json, read_json, read_yaml
from tandem.bridge.core.errors import SchemaMismatch, TandemError
from tandem.bridge.core.schema import Schema
from tandem.bridge.remote.messages import request_codec
from tandem.bridge.remote.wire import WireError
from tandem.scripts.app.sweep.grid import read_grid
from tandem.scripts.app.training.settings import read_agent_config

ROOT = Path(__file__).parents[2]
DEEP = "[" * 100_000
LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x1: 1, x2: 2, x3: 3, x4: 4, x5: 5}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 10)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML_FAULTS = {
    "aliases": (LAUGHS, "more than 50000 values: use fewer aliases"),
    "merges": (MERGES, "more than 50000 values"),
    "deep": (DEEP, "nested more than 64 levels deep"),
    "deep, closed": ("[" * 80 + "]" * 80, "nested more than 64 levels deep"),
    "itself": ("a: &a [*a]\n", "contains itself in line 1"),
    "large": ("a: 1\n" * 100_000, "more than 262144 bytes"),
    "a long number": ("a: " + "9" * 5000, "a value of 5000 characters in line 1"),
    "a number": ("a: " + "9" * 4400, "a value of 4400 characters"),
    "a date": ("a: 2001-99-99\n", "is not YAML"),
    "twice": ("a: 1\nb: 2\na: 3\n", "has 'a' twice"),
    "bytes": ("\udcff", "is not YAML"),
    "an object": ("!!python/object/apply:os.system [id]", "is not YAML"),
}


@pytest.mark.parametrize("fault", YAML_FAULTS)
@pytest.mark.parametrize("read", [read_yaml, read_grid, read_agent_config])
def test_hostile_yaml_is_refused(fault: str, read: Callable[[Path], Any], tmp_path: Path) -> None:
    text, message = YAML_FAULTS[fault]
    path = tmp_path / "grid.yaml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(TandemError, match=message) as error:
        read(path)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < 1000
    assert after.ru_utime - before.ru_utime < 5.0  # seconds of this process
    assert after.ru_maxrss - before.ru_maxrss < 100 * 1024  # KiB


def test_honest_yaml_is_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("base: &base {rate: 0.1, seeds: [1, 2]}\nmine: {<<: *base, rate: 0.2}\n")
    assert read_yaml(path)["mine"] == {"rate": 0.2, "seeds": [1, 2]}
    path.write_text("")
    assert read_yaml(path) is None


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 70 + "1" + "}" * 70, b"\xff", "{", "9" * 5000])
def test_hostile_json_is_refused(text: str | bytes, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="metadata"):
        parse_json(text, "metadata")
    path = tmp_path / "metadata.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DocumentError, match=r"metadata\.json"):
        read_json(path)
    with pytest.raises(SchemaMismatch, match="schema"):
        Schema.parse(text)


def test_brackets_within_texts_do_not_nest() -> None:
    value = {"a": "[" * 1000, "b": '\\"[[' * 100, "c": [[[]]]}
    assert parse_json(json.dumps(value), "it") == value


def test_a_deep_header_is_refused() -> None:
    for header in (DEEP.encode(), b'{"message":' + b"[" * 200 + b"]" * 200 + b"}"):
        with pytest.raises(WireError, match="not valid"):
            request_codec(1024).decode([header])


def test_nothing_else_reads_json_or_yaml() -> None:
    """Other calls would not have the limits."""
    readers = {"json": {"load", "loads"}, "yaml": {"load", "safe_load", "full_load"}}
    allowed = {"bridge/core/documents.py": readers, "scripts/app/figures/document.py": {"json"}}
    found = []
    for folder in ("agents", "bridge", "dnn_profiles", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.attr in readers.get(node.value.id, ())
                    and node.value.id not in allowed.get(name, ())
                ):
                    found.append(f"{name}:{node.lineno}")
    assert not found
