# SPDX-License-Identifier: MIT
"""The commands of a CMakeLists.txt with their words, as CMake's language splits them.

Quoted words keep their spaces, unquoted ones are lists where they hold semicolons or a variable
that does. Conditions and loops are commands like others here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"#\[(=*)\[.*?\]\1\]|#[^\n]*", re.DOTALL)
_NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")
_VARIABLE = re.compile(r"\$\{([\w./+-]+)\}")
_WORD = re.compile(
    r"""
      (?P<comment> \#\[(=*)\[.*?\]\2\] | \#[^\n]* )
    | "(?P<quoted> (?:[^"\\]|\\.)* )"
    | \[(?P<level>=*)\[(?P<bracket>.*?)\](?P=level)\]
    | (?P<parenthesis> [()] )
    | (?P<plain> (?:\\.|[^\s()"\#])+ )
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        name: as it is written.
        words: each word, and whether it is one argument whatever it holds (it was quoted).
    """

    name: str
    words: tuple[tuple[str, bool], ...]

    def expand(self, variables: Mapping[str, Sequence[str]]) -> list[str]:
        """The arguments; variables that are not known stay as they are written."""
        arguments: list[str] = []
        for text, whole in self.words:
            if not whole and (only := _VARIABLE.fullmatch(text)) and only.group(1) in variables:
                arguments += variables[only.group(1)]
                continue
            value = _VARIABLE.sub(
                lambda hit: ";".join(variables.get(hit.group(1), [hit.group(0)])), text
            )
            value = _ESCAPED.sub(r"\1", value)
            arguments += [value] if whole else [part for part in value.split(";") if part]
        return arguments


def commands(text: str) -> Iterator[Command]:
    """The commands of a file, in order."""
    position = 0
    while True:
        comment = _COMMENT.search(text, position)
        name = _NAME.search(text, position)
        if name is None:
            return
        if comment is not None and comment.start() < name.start():
            position = comment.end()
            continue
        words, position = _words(text, name.end())
        yield Command(name.group(1), tuple(words))


def _words(text: str, position: int) -> tuple[list[tuple[str, bool]], int]:
    """The words up to the parenthesis that closes a command, and where it ends."""
    words: list[tuple[str, bool]] = []
    depth = 1
    for hit in _WORD.finditer(text, position):
        if hit["parenthesis"] is not None:
            depth += 1 if hit["parenthesis"] == "(" else -1
            if depth == 0:
                return words, hit.end()
        elif hit["quoted"] is not None:
            words.append((hit["quoted"], True))
        elif hit["bracket"] is not None:
            words.append((hit["bracket"], True))
        elif hit["plain"] is not None:
            words.append((hit["plain"], False))
    return words, len(text)
