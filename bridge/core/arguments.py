# SPDX-License-Identifier: MIT
"""A scenario's arguments, as its executable declares them (``--describe``).

The executable is the only place that says what an argument takes. Everything in Python that needs
to know (checks, lists, the server, the documentation) reads it from there.
"""

from __future__ import annotations

import difflib
import functools
import math
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from tandem.bridge.core.descriptors import keep_standard_descriptors
from tandem.bridge.core.documents import parse_json
from tandem.bridge.core.errors import (
    InvalidArgument,
    ScenarioError,
    SchemaMismatch,
    UnknownArgument,
    indent,
)
from tandem.bridge.core.preload import simulator_environment
from tandem.bridge.core.process import limit_advice
from tandem.bridge.core.program_digest import file_digest

DESCRIBE: Final = "--describe"
DESCRIBE_TIMEOUT_S: Final = 60.0
_VERSION: Final = 1
_OUTPUT_CHARACTERS: Final = 500
_INTEGER: Final = re.compile(r"-?[0-9]+")
_REAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
#: What ns-3 reads as on or off.
_FLAGS: Final = frozenset({"1", "t", "true", "0", "f", "false"})

#: Arguments that the core sets itself, and those that would not do what their name says: what to do
#: instead.
RESERVED: Final[Mapping[str, str]] = {
    "agent": "an environment is the agent; to run without one, start the executable itself",
    "policy": "the agent decides; choose one with `tandem run --policy`, or start the executable "
    "itself",
    "seed": "give the episode's seed to reset(seed=…), or --seed to the command",
    "requests": "under an agent all tables reach Python: `tandem run` records them, and "
    "`env.simulator` returns them",
    "actions": "the agent acts; start the executable itself to play a file of actions",
    "branchSlots": "give branch_slots to the environment",
    "spinUs": "give spin_us to the environment",
    "RngRun": "ns-3's run number is set for each episode: give reset(seed=…), or --seed to the "
    "command; the seed of the warm-up is the argument warmupSeed",
}

Kind = Literal["integer", "real", "flag", "text", "file", "undeclared"]
Owner = Literal["bridge", "core", "scenario"]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a scenario.

    Attributes:
        name: as users give it, without dashes.
        type: ``file`` is a text that names a file or folder. ``undeclared``: the scenario added it
            with ns-3's ``CommandLine::AddValue``, so nothing more is known than help and default.
        default: its value when nobody sets it.
        unit: of the value and the limits; may be empty.
        low: smallest value, ``None`` for none.
        high: largest value, ``None`` for none.
        choices: the values it takes; empty: all within the limits.
        help: what it means.
        owner: who sets it. ``bridge``: Python itself, or a user who runs the executable alone;
            ``core``: the user, in every scenario; ``scenario``: the user, in this one.
        selects: whether its value decides which other arguments there are.
        per_episode: whether it names files that each episode writes for itself.
    """

    name: str
    type: Kind
    default: int | float | bool | str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[int | float | str, ...] = ()
    help: str = ""
    owner: Owner = "scenario"
    selects: bool = False
    per_episode: bool = False

    @property
    def limits(self) -> str:
        """The limits as text: ``1 … 64 users``, ``pf | rr``; empty when any text will do."""
        if self.choices:
            text = " | ".join(map(str, self.choices))
        elif self.type == "flag":
            text = "0 or 1"
        elif self.low is not None and self.high is not None:
            text = f"{_short(self.low)} … {_short(self.high)}"
        elif self.low is not None:
            text = f"from {_short(self.low)}"
        else:
            text = "any number" if self.type in ("integer", "real") else ""
        return f"{text} {self.unit}".strip() if text else ""

    def fault(self, text: str) -> str | None:
        """What is wrong with a value given as text, or ``None``."""
        if self.type == "flag":
            return None if text.lower() in _FLAGS else "is neither on nor off"
        if self.type not in ("integer", "real"):
            known = not self.choices or text in self.choices
            return None if known else "is unknown"
        if self.type == "integer":
            if not _INTEGER.fullmatch(text):
                return "is no whole number"
            number: float = int(text)
        else:
            if not _REAL.fullmatch(text):
                return "is no number"
            number = float(text)
            if not math.isfinite(number):
                return "is out of range"
        if self.choices:
            return None if number in self.choices else "is none of the choices"
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return None if low <= number <= high else "is out of range"


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything that can be set in a scenario.

    Attributes:
        scenario: its name.
        arguments: by name, in the order of ``--help``.
        ns3_globals: names of ns-3's own global values, such as ``RngRun``.
    """

    scenario: str
    arguments: Mapping[str, Argument]
    ns3_globals: frozenset[str] = field(default_factory=frozenset)

    def check(self, name: str, text: str) -> None:
        """Check one value.

        Raises:
            InvalidArgument: there is no such argument, it does not take the value, or the core
                sets it itself.
        """
        argument = self.arguments.get(name)
        if name in RESERVED or (argument is not None and argument.owner == "bridge"):
            instead = RESERVED.get(name, "Python sets it itself")
            raise InvalidArgument(f"argument {name}={text} cannot be set under an agent: {instead}")
        advice = f"`tandem scenarios {self.scenario}` lists all arguments"
        if argument is not None:
            fault = argument.fault(text)
            if fault is not None:
                allowed = f"; allowed: {argument.limits}" if argument.limits else ""
                raise InvalidArgument(f"argument {name}={text} {fault}{allowed} ({advice})")
        elif "::" not in name and name not in self.ns3_globals:  # those, ns-3 checks
            near = difflib.get_close_matches(name, self.arguments, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UnknownArgument(
                f"scenario '{self.scenario}' has no argument '{name}' (given: {name}={text})"
                f"{hint} ({advice})"
            )

    @property
    def selectors(self) -> list[Argument]:
        """Those whose values decide which other arguments there are."""
        return [argument for argument in self.arguments.values() if argument.selects]


def to_text(value: object) -> str:
    """A value as the executable reads it: true and false are 1 and 0."""
    return str(int(value)) if isinstance(value, bool | np.bool_) else str(value)


def to_texts(arguments: Mapping[str, object]) -> dict[str, str]:
    """Values by name, as the executable reads them."""
    return {name: to_text(value) for name, value in arguments.items()}


def to_options(texts: Mapping[str, str]) -> list[str]:
    """The executable's command line."""
    return [f"--{name}={text}" for name, text in texts.items()]


def check_arguments(executable: Path, texts: Mapping[str, str]) -> None:
    """Check arguments before the executable is started with them.

    Args:
        executable: of the scenario.
        texts: values by name, see `to_texts`.

    Raises:
        InvalidArgument: the message names argument, value, limits and the next step.
        ScenarioError: the executable does not list its arguments.
    """
    if not texts:
        return
    declaration = declaration_for(executable, texts)
    for name, text in texts.items():
        declaration.check(name, text)


def declaration_for(executable: Path, texts: Mapping[str, str]) -> Declaration:
    """What can be set beside these arguments: some decide which others there are.

    Raises:
        InvalidArgument: one that decides has a value that it does not take.
        ScenarioError: the executable does not list its arguments.
    """
    declaration = declared_arguments(executable)
    chosen = {a.name: texts[a.name] for a in declaration.selectors if a.name in texts}
    for name, text in chosen.items():
        declaration.check(name, text)
    return declared_arguments(executable, chosen) if chosen else declaration


def declared_arguments(executable: Path, selected: Mapping[str, str] | None = None) -> Declaration:
    """Ask a scenario for its arguments; once, until the executable changes.

    Args:
        executable: of the scenario.
        selected: values of arguments that decide which others there are.

    Raises:
        ScenarioError: it does not run, or is no tandem scenario.
        SchemaMismatch: it was built with another version of tandem.
    """
    try:
        digest = file_digest(executable)
    except OSError as error:
        raise ScenarioError(f"cannot read {executable}: {error.strerror}") from error
    return _ask(executable, digest, tuple(to_options(selected or {})))


def parse_declaration(text: str) -> Declaration:
    """Read what ``--describe`` prints.

    Raises:
        SchemaMismatch: another version printed it.
        ValueError: the text is something else.
    """
    data = parse_json(text, "the list of arguments")
    if not isinstance(data, dict) or "tandem_arguments" not in data:
        raise ValueError("no declaration of arguments")
    if data["tandem_arguments"] != _VERSION:
        raise SchemaMismatch(
            f"the scenario lists its arguments in format {data['tandem_arguments']}, this package "
            f"reads {_VERSION}: compile the scenario again with `tandem build`"
        )
    declared = [_argument(row) for row in data["arguments"]]
    foreign = [Argument(type="undeclared", **row) for row in data["undeclared"]]
    return Declaration(
        data["scenario"],
        {argument.name: argument for argument in (*declared, *foreign)},
        frozenset(data["globals"]),
    )


def _argument(row: Mapping[str, Any]) -> Argument:
    return Argument(**{**row, "choices": tuple(row["choices"])})


@functools.lru_cache(maxsize=64)
def _ask(executable: Path, digest: str, options: tuple[str, ...]) -> Declaration:
    """``digest`` is part of the key so that a scenario compiled again is asked again."""
    command = [str(executable), *options, DESCRIBE]
    keep_standard_descriptors()
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=DESCRIBE_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=simulator_environment(os.environ, executable),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        advice = limit_advice(error) if isinstance(error, OSError) else ""
        raise ScenarioError(f"{executable} {DESCRIBE} does not run: {error}{advice}") from error
    try:
        if result.returncode == 0:
            return parse_declaration(result.stdout)
    except ValueError:
        pass
    raise ScenarioError(
        f"{executable} does not list its arguments ({DESCRIBE}): it is no tandem scenario, or it "
        "was built with an older version; compile it again with `tandem build`. Its output:\n"
        f"{indent((result.stderr or result.stdout)[:_OUTPUT_CHARACTERS])}"
    )


def _short(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)
