# SPDX-License-Identifier: MIT
"""What Python makes of the arguments that a scenario declares."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tandem.bridge.core.arguments import Argument, parse_declaration, to_texts
from tandem.bridge.core.errors import InvalidArgument, SchemaMismatch

COUNT = Argument("queues", "integer", 4, "queues", 1, 4096)
SHARE = Argument("arrival", "real", 0.2, low=0.0, high=1.0)
DWELL = Argument("dwell", "real", 5.0, "s", 0.0001, None)
BAND = Argument("bandwidth", "integer", 50, "PRB", 6, 100, choices=(6, 15, 25, 50, 75, 100))
WORD = Argument("scheduler", "text", "pf", choices=("pf", "rr"))
FLAG = Argument("frames", "flag", False)


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (COUNT, "1"),
        (COUNT, "4096"),
        (SHARE, "0"),
        (SHARE, ".5"),
        (SHARE, "1e-3"),
        (SHARE, "+1.0"),
        (DWELL, "1e300"),
        (BAND, "75"),
        (WORD, "rr"),
        (FLAG, "1"),
        (FLAG, "False"),
        (Argument("name", "text", ""), "any text, 3 words"),
        (Argument("file", "file", ""), "/tmp/a b"),
        (Argument("own", "undeclared", "4"), "2,5"),
    ],
)
def test_good_values(argument: Argument, text: str) -> None:
    assert argument.fault(text) is None


@pytest.mark.parametrize("text", ["2.5", "1e3", "20m", " 5", "5 ", "", "0x10", "nan", "five", "٣"])
def test_what_is_no_whole_number(text: str) -> None:
    assert COUNT.fault(text) == "is no whole number"


@pytest.mark.parametrize("text", ["0,3", "20m", " 5", "", "0x1", "nan", "inf", "-inf", "1_0", "."])
def test_what_is_no_number(text: str) -> None:
    assert SHARE.fault(text) == "is no number"


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (COUNT, "0"),
        (COUNT, "-1"),
        (COUNT, "4097"),
        (COUNT, "99999999999999"),
        (SHARE, "1.0001"),
        (SHARE, "-1e-9"),
        (SHARE, "1e999"),
        (DWELL, "0"),
        (DWELL, "1e999"),
    ],
)
def test_what_is_out_of_range(argument: Argument, text: str) -> None:
    assert argument.fault(text) == "is out of range"


def test_choices_and_flags() -> None:
    assert BAND.fault("30") == "is none of the choices"
    assert WORD.fault("PF") == "is unknown"
    assert FLAG.fault("2") == "is neither on nor off"


def test_limits_for_people() -> None:
    assert COUNT.limits == "1 … 4096 queues"
    assert DWELL.limits == "from 0.0001 s"
    assert BAND.limits == "6 | 15 | 25 | 50 | 75 | 100 PRB"
    assert WORD.limits == "pf | rr"
    assert Argument("name", "text", "").limits == ""


def test_values_as_the_executable_reads_them() -> None:
    values = {"a": True, "b": np.bool_(False), "c": np.float64(0.3), "d": np.int32(7), "e": "x y"}
    assert to_texts(values) == {"a": "1", "b": "0", "c": "0.3", "d": "7", "e": "x y"}


def declaration(**changes: Any) -> str:
    row = {
        **{"name": "queues", "type": "integer", "default": 4, "unit": "", "low": 1, "high": 9},
        **{"choices": [], "help": "number", "owner": "scenario", "selects": False},
    }
    return json.dumps(
        {
            "tandem_arguments": 1,
            "scenario": "mine",
            "arguments": [row],
            "undeclared": [{"name": "own", "default": "3", "help": "old style"}],
            "globals": ["RngSeed"],
            **changes,
        }
    )


def test_a_declaration_checks_names_and_values() -> None:
    read = parse_declaration(declaration())
    for name, text in {"queues": "9", "own": "2,5", "RngSeed": "3", "ns3::A::B": "x"}.items():
        read.check(name, text)
    with pytest.raises(InvalidArgument) as error:
        read.check("queues", "10")
    for words in ("queues=10", "1 … 9", "tandem scenarios mine"):
        assert words in str(error.value)
    with pytest.raises(InvalidArgument, match=r"no argument 'queue'.*did you mean queues"):
        read.check("queue", "3")


def test_another_version_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match="tandem build"):
        parse_declaration(declaration(tandem_arguments=2))
    for text in ("", "[]", "{}", "no JSON"):
        with pytest.raises(ValueError, match=r"Expecting value|no declaration"):
            parse_declaration(text)
