# SPDX-License-Identifier: MIT
"""C++ as far as a search for names needs it: without comments, in classes, with their members."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_HIDDEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_CLASS = re.compile(
    r"\b(?:class|struct)\s+(?:[A-Z_]{2,}\s+)?(\w+)\s*(?:final\s*)?(?::([^{};]*))?\{"
)
_BASE = re.compile(r"(?:public|protected|private)\s+(?:\w+::)*(\w+)")
_CALLABLE = re.compile(r"\b(\w+)\s*\(")
_MACRO = re.compile(r"^#define (\w+)\(([\w, ]+)\)((?:.*\\\n)*.*)", re.MULTILINE)
_OTHER_MEMBER = re.compile(r"\busing\s+(\w+)\s*=|\b(m_\w+)")
#: ns-3's classes that ours derive from, and the headers with their members.
_NS3_BASES: Final = {
    "Object": ("object.h", "object-base.h", "simple-ref-count.h"),
    "Singleton": ("singleton.h",),
}


@dataclass(frozen=True)
class CppClass:
    """A class's definition.

    Attributes:
        name: its name.
        bases: its bases' names, without namespaces.
        body: the text between its braces.
        start: where the definition begins in the text.
    """

    name: str
    bases: tuple[str, ...]
    body: str
    start: int


def without_comments(text: str) -> str:
    """The text with comments blanked out; lines keep their numbers."""
    return _COMMENT.sub(_blank, text)


def code_only(text: str) -> str:
    """The text with comments and the contents of strings blanked out."""
    return _HIDDEN.sub(_blank, text)


def with_macros(text: str) -> str:
    """The text with its own macros of several arguments written out where they are used."""
    for name, parameters, body in _MACRO.findall(text):
        names = [parameter.strip() for parameter in parameters.split(",")]

        def expand(use: re.Match[str], body: str = body, names: list[str] = names) -> str:
            values = [value.strip() for value in use.group(1).split(",")]
            out = body.replace("\\\n", "\n")
            for parameter, value in zip(names, values, strict=False):
                out = re.sub(rf"\b{parameter}\b", value, out)
            return out.replace("##", "")

        text = re.sub(rf"^[ \t]+{name}\(([^)]*)\)", expand, text, flags=re.MULTILINE)
    return text


def classes(text: str) -> Iterator[CppClass]:
    """The classes and structs that a text defines; nested ones are part of the outer's body too."""
    for hit in _CLASS.finditer(text):
        depth, end = 1, hit.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        bases = tuple(_BASE.findall(hit.group(2) or ""))
        yield CppClass(hit.group(1), bases, text[hit.end() : end], hit.start())


def served_members(include_dirs: Sequence[Path]) -> dict[str, frozenset[str]]:
    """The members of each class of the compatibility headers, from the headers themselves.

    Empty where the headers are not installed.
    """
    own: dict[str, set[str]] = {}
    bases: dict[str, tuple[str, ...]] = {}
    for folder in include_dirs:
        for header in sorted((folder / "compat").glob("*.h")):
            text = with_macros(code_only(header.read_text(errors="replace")))
            for found in classes(text):
                own.setdefault(found.name, set()).update(_members(found.body), [found.name])
                bases[found.name] = found.bases
    for folder in include_dirs:
        for base, headers in _NS3_BASES.items():
            for header in (folder / "ns3" / name for name in headers):
                if header.is_file():
                    text = code_only(header.read_text(errors="replace"))
                    own.setdefault(base, set()).update(_CALLABLE.findall(text))

    def all_members(name: str) -> set[str]:
        inherited = (all_members(base) for base in bases.get(name, ()))
        return own.get(name, set()).union(*inherited)

    return {name: frozenset(all_members(name)) for name in bases}


def _members(body: str) -> set[str]:
    others = {word for pair in _OTHER_MEMBER.findall(body) for word in pair if word}
    return others | set(_CALLABLE.findall(body))


def _blank(hit: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", hit.group(0))
