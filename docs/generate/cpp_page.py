# SPDX-License-Identifier: MIT
"""The page of the C++ interface: what a scenario's author calls, from the headers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

HEADERS: Final = Path(__file__).resolve().parents[2] / "ns3_scenarios"
#: Sections of the page: header and the classes of it that stand there.
SECTIONS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "The link to the agent": (("agent-link/agent-link.h", "AgentLink"),),
    "What is seen, done and recorded": (
        ("agent-link/column.h", "Column"),
        ("agent-link/blocks.h", "ObservationBlock"),
        ("agent-link/action-block.h", "ActionBlock"),
        ("agent-link/action-mask.h", "ActionMask"),
        ("agent-link/blocks.h", "RecordColumn"),
        ("agent-link/record-table.h", "RecordTable"),
        ("agent-link/typed-observation.h", "ObservationField"),
        ("agent-link/typed-observation.h", "TypedObservation"),
        ("agent-link/typed-records.h", "RecordField"),
        ("agent-link/typed-records.h", "TypedRecords"),
    ),
    "Arguments": (
        ("agent-link/arguments.h", "Arguments"),
        ("agent-link/argument.h", "Range"),
        ("agent-link/argument.h", "Choices"),
        ("agent-link/argument.h", "Argument"),
    ),
    "Traces": (("access/trace-outputs.h", "TraceOutputs"),),
}
_COMMENT: Final = re.compile(r"/\*\*(.*?)\*/", re.DOTALL)
_CODE: Final = re.compile(r"@code\n(.*?)@endcode", re.DOTALL)
_TAG: Final = re.compile(r"^@(param|return|throws|tparam)\s+", re.MULTILINE)
#: Declarations that say nothing to a user.
_SKIPPED: Final = ("~", "= delete", "operator", "virtual ~", "friend ", "using ")


def cpp() -> str:
    """The generated part of the page."""
    parts: list[str] = []
    for title, classes in SECTIONS.items():
        parts.append(f"## {title}")
        for header, name in classes:
            parts += _class(header, name)
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts))


def _class(header: str, name: str) -> Iterator[str]:
    text = (HEADERS / header).read_text(encoding="utf-8")
    found = re.search(
        r"(?:/\*\*((?:(?!\*/).)*?)\*/\s*)?(?:template <[^>]*>\s*)?"
        rf"(class|struct) {name}\b[^;{{]*\{{",
        text,
        re.DOTALL,
    )
    if found is None:
        raise ValueError(f"{header} has no class {name}")
    yield f"### `{name}`"
    yield f'```cpp\n#include "{header}"\n```'
    if found[1]:
        yield from _described(found[1])
    end = _closing(text, found.end())
    if found[2] == "struct":  # its fields are what there is to know
        yield f"```cpp\n{text[found.start(2) : end]}}};\n```"
        return
    for comment, declarations in _members(text[found.end() : end]):
        yield "```cpp\n" + "\n".join(declarations) + "\n```"
        yield from _described(comment)


def _members(body: str) -> Iterator[tuple[str, list[str]]]:
    """Comment and declarations of each public member that has a comment."""
    at, public, comment, declarations = 0, False, "", list[str]()
    while at < len(body):
        rest = body[at:]
        blank = re.match(r"\s+", rest)
        access = re.match(r"(public|private|protected):", rest)
        documented = _COMMENT.match(rest)
        if blank:
            at += blank.end()
        elif access:
            public = access[1] == "public"
            at += access.end()
        elif documented:
            if comment and declarations:
                yield comment, declarations
            comment, declarations = documented[1], []
            at += documented.end()
        elif rest.startswith("//"):
            at += rest.find("\n") + 1 or len(rest)
        else:
            end = _end_of_declaration(body, at)
            declaration = _declaration(body[at:end])
            if public and comment and not any(word in declaration for word in _SKIPPED):
                declarations.append(declaration)
            elif not public:
                if comment and declarations:
                    yield comment, declarations
                comment, declarations = "", []
            at = end
    if comment and declarations:
        yield comment, declarations


def _end_of_declaration(body: str, at: int) -> int:
    """Behind the semicolon, or behind the body of what is defined here."""
    depth = 0
    for place in range(at, len(body)):
        character = body[place]
        if character in "({":
            if character == "{" and depth == 0:
                end = _closing(body, place + 1) + 1
                return end + 1 if body[end : end + 1] == ";" else end
            depth += 1
        elif character in ")}":
            depth -= 1
        elif character == ";" and depth == 0:
            return place + 1
    return len(body)


def _closing(text: str, begin: int) -> int:
    """Where the brace that was opened before ``begin`` is closed."""
    depth = 1
    for place in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError("a brace is not closed")


def _declaration(text: str) -> str:
    """Without the body and the list of initialisers."""
    note = re.search(r"//!<\s*(.*)", text)
    head = re.split(r"\n\s*:\s|\s*\{\s*\n", text, maxsplit=1)[0].rstrip()
    head = textwrap.dedent(f"    {head}" if "\n" in head else head).strip()
    return head if head.endswith(";") or note else f"{head};"


def _described(comment: str) -> Iterator[str]:
    """A comment as Markdown."""
    lines = [re.sub(r"^\s*\* ?", "", line) for line in comment.strip().splitlines()]
    text = "\n".join(lines).strip()
    codes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        codes.append(f"```cpp\n{textwrap.dedent(match[1]).rstrip()}\n```")
        return f"\n\n\0{len(codes) - 1}\0\n\n"

    main, *tags = _TAG.split(_CODE.sub(keep, text))
    parts = [re.sub(r"\0(\d+)\0", lambda m: codes[int(m[1])], main.strip())]
    rows = []
    for kind, content in zip(tags[::2], tags[1::2], strict=True):
        words = " ".join(re.sub(r"\0\d+\0", "", content).split())
        name, _, meaning = words.partition(" ")
        rows.append(f"- `{name}`: {meaning}" if kind.endswith("param") else f"- {kind}: {words}")
    if rows:
        parts.append("\n".join(rows))
    yield from (part for part in parts if part)
