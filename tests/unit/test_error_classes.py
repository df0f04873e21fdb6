# SPDX-License-Identifier: MIT
"""Every error of the package travels between processes and keeps its message.

Gymnasium's AsyncVectorEnv, multiprocessing and Ray pickle an error, and some make a new one of the
same class from the message or from the error itself.
"""

from __future__ import annotations

import importlib
import pickle
import pkgutil

import pytest

import tandem
from tandem.bridge.core.errors import SimulatorDied, TandemError, excerpt

TEXT = "users=70 is out of range: 1 … 64"
#: Packages of extras: their modules are left out where these are not installed.
EXTRAS = {"onnx", "onnxruntime", "ray", "stable_baselines3", "torch", "torchvision", "typer"}


def own_errors() -> list[type[BaseException]]:
    """All exception classes that any module of the package defines."""
    found: set[type[BaseException]] = set()
    for module in pkgutil.walk_packages(tandem.__path__, "tandem."):
        if ".names." in module.name or "__main__" in module.name:
            continue  # what stands in for foreign packages, and the command itself
        try:
            loaded = importlib.import_module(module.name)
        except ImportError as error:
            if error.name in EXTRAS:
                continue
            raise
        found |= {
            value
            for value in vars(loaded).values()
            if isinstance(value, type)
            and issubclass(value, BaseException)
            and value.__module__.startswith("tandem.")
        }
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


ERRORS = own_errors()


def test_the_package_has_errors_of_its_own() -> None:
    assert len(ERRORS) > 25
    assert SimulatorDied in ERRORS


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_is_made_from_its_message_and_survives_pickling(kind: type[BaseException]) -> None:
    error = kind(TEXT)
    assert str(error) == TEXT
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == TEXT
    assert vars(copy) == vars(error)
    assert str(kind(copy)) == TEXT  # as AsyncVectorEnv makes it


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if issubclass(kind, TandemError)])
def test_a_message_changed_on_its_way_stays_changed(kind: type[TandemError]) -> None:
    error = kind(TEXT)
    error.args = (f"environment 1 of 2: {TEXT}",)
    assert str(pickle.loads(pickle.dumps(error))) == f"environment 1 of 2: {TEXT}"


def test_the_death_of_a_simulator_keeps_its_details() -> None:
    died = SimulatorDied.report("it died", -11, "last words", ["hello", "--seed=1"])
    for error in (died, pickle.loads(pickle.dumps(died)), SimulatorDied(died)):
        assert "it died: killed by SIGSEGV" in str(error)
        assert "to reproduce: hello --seed=1" in str(error)
        assert error.exit_status == -11
        assert error.stderr_tail == "last words"
        assert error.command == ("hello", "--seed=1")


def test_an_excerpt_has_the_line_that_says_what_is_wrong() -> None:
    usage = [f"    --option{i}: does something" for i in range(60)]
    told = excerpt(["setting up", "…", "ready", "Invalid command-line argument: --x", *usage], 20)
    assert "Invalid command-line argument: --x" in told
    assert told[:2] + told[-1:] == ["setting up", "…", usage[-1]]
    warnings = [f"a.cc:{i}: warning: unused" for i in range(100)]
    text = [*warnings, "a.cc:200: error: no member 'x'", "  x", "  ^", *warnings]
    told = excerpt(text, 40)
    assert [line for line in told if line in ("a.cc:200: error: no member 'x'", "  x", "  ^")]
    assert len([line for line in told if line != "…"]) == 40
    assert excerpt(usage[:20], 20) == usage[:20]
    assert excerpt([], 20) == []
