# SPDX-License-Identifier: MIT
"""JSON and YAML from files and other programs: the one place that reads either.

Both are bounded before they are built. A few lines of YAML whose aliases refer to each other can
stand for billions of values, and deep nesting exhausts the stack of whoever walks through it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

from tandem.bridge.core.errors import TandemError

#: What nests deeper is no document of this package; its own have less than ten levels.
MAX_DEPTH: Final = 64
#: JSON is read fast; a schema of the largest scenarios has some 100 kB.
MAX_JSON_BYTES: Final = 64 * 2**20
#: YAML is written by hand, and read slowly.
MAX_YAML_BYTES: Final = 256 * 2**10
#: Values of a YAML document, each alias counted as what it stands for.
MAX_YAML_VALUES: Final = 50_000
MAX_SCALAR_CHARACTERS: Final = 4096
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class DocumentError(TandemError, ValueError):
    """A document that cannot be read, or is larger or deeper than any that belongs here."""


def parse_json(text: str | bytes, name: str) -> Any:
    """The value of a JSON text.

    Args:
        text: UTF-8 if bytes.
        name: of the document, for messages.

    Raises:
        DocumentError: no JSON, too large, or nested too deeply.
    """
    if len(text) > MAX_JSON_BYTES:
        raise DocumentError(f"{name} has {len(text)} bytes of JSON, at most {MAX_JSON_BYTES}")
    try:
        plain = text if isinstance(text, str) else text.decode()
        _check_depth(plain, name)
        return json.loads(plain)
    except DocumentError:
        raise
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{name} is not JSON: {error}") from error


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        OSError: the file cannot be read.
        DocumentError: as `parse_json`.
    """
    return parse_json(_read(path, MAX_JSON_BYTES), str(path))


def read_yaml(path: Path) -> Any:
    """The value in a YAML file; ``None`` if it is empty.

    Raises:
        OSError: the file cannot be read.
        DocumentError: no YAML, too large, nested too deeply, or a key comes twice.
    """
    try:
        return _parse_yaml(_read(path, MAX_YAML_BYTES).decode())
    except _Refused as error:
        raise DocumentError(f"{path} {error}") from error
    except RecursionError as error:
        raise DocumentError(f"{path} {_too_deep()}") from error
    except (ValueError, yaml.YAMLError) as error:  # ValueError: dates and numbers out of range
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(f"{path} is not YAML: {error}") from error


class _Refused(Exception):
    """What is wrong with a document, without its name."""


def _parse_yaml(text: str) -> Any:
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _count(root, 1, {})
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _count(node: yaml.Node, depth: int, known: dict[yaml.Node, int]) -> int:
    """How many values a node stands for, checked against the limits.

    ``known`` has the numbers of the nodes that were counted, 0 for those that are being counted.
    """
    if depth > MAX_DEPTH:
        raise _Refused(_too_deep())
    line = node.start_mark.line + 1
    if node in known:
        if known[node] == 0:
            raise _Refused(f"contains itself in line {line}: leave the alias out")
        return known[node]
    known[node] = 0
    total = 1
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > MAX_SCALAR_CHARACTERS:
            raise _Refused(
                f"has a value of {len(node.value)} characters in line {line}, at most "
                f"{MAX_SCALAR_CHARACTERS}"
            )
    else:
        keys: set[tuple[str, str]] = set()
        parts: list[yaml.Node] = []
        for entry in node.value:
            parts.extend(entry if isinstance(entry, tuple) else (entry,))
            if isinstance(entry, tuple) and isinstance(entry[0], yaml.ScalarNode):
                key = (entry[0].tag, entry[0].value)
                if key in keys:
                    raise _Refused(f"has {entry[0].value!r} twice, again in line {line}")
                keys.add(key)
        for part in parts:
            total += _count(part, depth + 1, known)
            if total > MAX_YAML_VALUES:
                raise _Refused(f"stands for more than {MAX_YAML_VALUES} values: use fewer aliases")
    known[node] = total
    return total


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise DocumentError(f"{name} {_too_deep()}")
        elif first != '"':
            depth -= 1


def _too_deep() -> str:
    return f"is nested more than {MAX_DEPTH} levels deep"


def _read(path: Path, limit: int) -> bytes:
    """A file's content, no more of it than may be."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DocumentError(f"{path} has more than {limit} bytes: it is none of tandem's files")
    return content
