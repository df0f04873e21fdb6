# SPDX-License-Identifier: MIT
"""The page of the Python interface: signatures and docstrings of what users call."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import griffe

ROOT: Final = Path(__file__).resolve().parents[2]
LINE_CHARACTERS: Final = 88
#: Sections of the page, and what stands in each: modules, classes and functions.
SECTIONS: Final[Mapping[str, Sequence[str]]] = {
    "Environments": (
        "tandem.bridge.core.env.TandemEnv",
        "tandem.bridge.core.branch.Outcome",
        "tandem.bridge.core.vector.TandemVectorEnv",
        "tandem.bridge.core.parallel_env.TandemParallelEnv",
        "tandem.bridge.core.agents",
        "tandem.agents.flat",
        "tandem.agents.sb3_vector",
        "tandem.bridge.core.pool",
        "tandem.bridge.core.masks",
        "tandem.compat.ns3ai.Ns3Env",
        "tandem.compat.ns3gym.Ns3Env",
    ),
    "Rewards and domains": (
        "tandem.bridge.core.objective",
        "tandem.bridge.core.domain",
        "tandem.agents.inference.objective",
        "tandem.agents.inference.cost",
    ),
    "Simulators and backends": (
        "tandem.bridge.core.simulator.Simulator",
        "tandem.bridge.core.frame.Frame",
        "tandem.bridge.core.schema.Schema",
        "tandem.bridge.core.block.Block",
        "tandem.bridge.core.joint_action.JointAction",
        "tandem.bridge.core.arguments.declared_arguments",
        "tandem.bridge.core.backend",
        "tandem.bridge.backends.remote.RemoteBackend",
        "tandem.bridge.backends.remote.Target",
        "tandem.bridge.backends.ray_backend.RayBackend",
        "tandem.bridge.remote.keys.ClientKeys",
    ),
    "Records": (
        "tandem.bridge.runs.reader.load_run",
        "tandem.bridge.runs.reader.Run",
        "tandem.bridge.runs.writer.RunWriter",
    ),
    "Agents": (
        "tandem.agents.api",
        "tandem.agents.registry",
        "tandem.agents.general.api",
        "tandem.agents.training.loop.Training",
        "tandem.agents.training.world",
        "tandem.agents.hybrid.HybridAgent",
        "tandem.agents.hybrid.PlanningModel",
        "tandem.agents.hybrid.ModelSettings",
        "tandem.agents.sb3",
    ),
    "Inference: problem, model, planner": (
        "tandem.agents.inference.options.OptionTable",
        "tandem.agents.inference.problem.JointProblem",
        "tandem.agents.inference.system_model.SystemModel",
        "tandem.agents.inference.planner.Planner",
    ),
    "Evaluation": (
        "tandem.agents.evaluation.states.Walk",
        "tandem.agents.evaluation.oracle.Oracle",
        "tandem.agents.evaluation.oracle.Solution",
        "tandem.agents.evaluation.judge.Judge",
        "tandem.agents.evaluation.judge.Evaluation",
        "tandem.agents.evaluation.futures.FuturesJudge",
    ),
    "Figures and stories": (
        "tandem.scripts.app.inspection.measures",
        "tandem.scripts.app.inspection.story.Story",
        "tandem.scripts.app.figures.figure",
        "tandem.scripts.app.figures.registry",
    ),
    "Errors": ("tandem.bridge.core.errors", "tandem.bridge.remote.errors"),
}
_LISTS: Final = {
    griffe.DocstringSectionKind.parameters: "Parameters",
    griffe.DocstringSectionKind.attributes: "Attributes",
    griffe.DocstringSectionKind.raises: "Raises",
    griffe.DocstringSectionKind.returns: "Returns",
    griffe.DocstringSectionKind.yields: "Yields",
}


def api() -> str:
    """The generated part of the page."""
    loader = griffe.GriffeLoader(
        search_paths=[ROOT],
        docstring_parser=griffe.Parser.google,
        docstring_options={"returns_multiple_items": False, "returns_named_value": False},
    )
    package = loader.load("tandem")
    parts: list[str] = []
    for title, names in SECTIONS.items():
        parts.append(f"**{title}**")
        parts.append("\n".join(_line(package[n.removeprefix("tandem.")], n) for n in names))
    for title, names in SECTIONS.items():
        parts.append(f"## {title}")
        for name in names:
            parts += _object(package[name.removeprefix("tandem.")], level=3, heading=name)
    return "\n\n".join(parts)


def _line(found: griffe.Object | griffe.Alias, name: str) -> str:
    """An entry of the list at the top: a link, and what it is in one sentence."""
    text = "" if found.docstring is None else _markdown(found.docstring.value)
    first = " ".join(re.split(r"\n\n|(?<=\.)\s", text, maxsplit=1)[0].split())
    return f"- [`{name.removeprefix('tandem.')}`](#{name.lower().replace('.', '')}): {first}"


def _object(found: griffe.Object | griffe.Alias, level: int, heading: str) -> Iterator[str]:
    yield f"{'#' * level} `{heading}`"
    if found.is_class or found.is_function:
        yield f"```python\n{_signature(found)}\n```"
    if found.docstring is not None:
        yield from _docstring(found.docstring)
    if found.is_class or found.is_module:
        for name, member in found.members.items():
            if _is_public(found, member):
                yield from _object(member, level + 1, f"{found.name}.{name}")


def _is_public(parent: griffe.Object | griffe.Alias, member: griffe.Object | griffe.Alias) -> bool:
    """Whether a member has an entry of its own: it is public, defined here, and documented."""
    if member.is_alias or member.name.startswith("_") or member.docstring is None:
        return False
    return bool(member.is_function or member.is_class or (parent.is_class and member.is_attribute))


def _signature(found: griffe.Object | griffe.Alias) -> str:
    """One line where it fits, else a parameter a line."""
    if found.is_function:
        assert isinstance(found, griffe.Function)
        name, parameters, returns = found.name, list(found.parameters), found.returns
    else:
        assert isinstance(found, griffe.Class)
        name, parameters, returns = found.name, list(found.parameters), None
    words: list[str] = []
    keyword_only = False
    for parameter in parameters:
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is griffe.ParameterKind.var_positional:
            keyword_only = True
        if parameter.kind is griffe.ParameterKind.keyword_only and not keyword_only:
            words.append("*")
            keyword_only = True
        words.append(_parameter(parameter))
    end = "" if returns is None else f" -> {returns}"
    line = f"{name}({', '.join(words)}){end}"
    if len(line) <= LINE_CHARACTERS:
        return line
    return f"{name}(\n" + "".join(f"    {word},\n" for word in words) + f"){end}"


def _parameter(parameter: griffe.Parameter) -> str:
    star = {
        griffe.ParameterKind.var_positional: "*",
        griffe.ParameterKind.var_keyword: "**",
    }.get(parameter.kind, "")
    annotation = "" if parameter.annotation is None else f": {parameter.annotation}"
    default = "" if parameter.default is None or star else f" = {parameter.default}"
    return f"{star}{parameter.name}{annotation}{default}"


def _docstring(docstring: griffe.Docstring) -> Iterator[str]:
    for section in docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield _markdown(section.value)
        elif section.kind is griffe.DocstringSectionKind.examples:
            session = "\n".join(text for _, text in section.value)
            yield f"**Example**\n\n```python\n{_program(session)}\n```"
        elif section.kind in _LISTS:
            rows = [_row(section.kind, item) for item in section.value]
            yield f"**{_LISTS[section.kind]}**\n\n" + "\n".join(rows)


def _row(kind: griffe.DocstringSectionKind, item: griffe.DocstringElement) -> str:
    text = _markdown(" ".join(item.description.split()))
    if kind in (griffe.DocstringSectionKind.parameters, griffe.DocstringSectionKind.attributes):
        assert isinstance(item, griffe.DocstringNamedElement)
        return f"- `{item.name}`: {text}"
    if kind is griffe.DocstringSectionKind.raises:
        return f"- `{str(item.annotation).strip('()')}`: {text}"
    return f"- {text}"


def _markdown(text: str) -> str:
    """Docstrings mark code as reStructuredText does; their headings must not be the page's."""
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    text = re.sub(r"^#+ (.+)$", r"**\1**", text, flags=re.MULTILINE)
    return re.sub(r"::\n\n((?:    .*\n?|\n)+)", _code_block, text)


def _program(session: str) -> str:
    """An interactive session as a program that can be copied and run; outputs are comments."""
    lines = []
    for example in doctest.DocTestParser().get_examples(session):
        lines.append(example.source)
        lines += [f"# {line}\n" for line in example.want.splitlines()]
    return "".join(lines).rstrip()


def _code_block(match: re.Match[str]) -> str:
    lines = [line.removeprefix("    ") for line in match[1].rstrip().splitlines()]
    return ":\n\n```python\n" + "\n".join(lines) + "\n```\n"
