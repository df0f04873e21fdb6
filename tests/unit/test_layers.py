# SPDX-License-Identifier: MIT
"""The bridge is usable without the domain that it was built for."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Imports every module of the packages and prints what came with them.
IMPORTS = """
import importlib, pkgutil, sys
import tandem
for name in PACKAGES:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
"""
#: Plays a scenario that has nothing to do with inference.
PLAYS = """
import sys
import gymnasium, tandem
for name, action, arguments in (("hello", [0], {}), ("echo", [1.0, 2.0], {"values": 2})):
    env = gymnasium.make("tandem/Custom-v0", scenario=name, **arguments)
    env.reset(seed=1)
    env.step(action)
    env.unwrapped.branch([action])
    env.close()
"""
PRINTS = """
print("\\n".join(name for name in sys.modules if name.startswith(DOMAIN)))
"""
#: Above the bridge.
DOMAIN = ("tandem.agents", "tandem.dnn_profiles", "tandem.scripts")
FREE = (
    "tandem.bridge.core",
    "tandem.bridge.remote",
    "tandem.bridge.backends",
    "tandem.bridge.runs",
)


def loaded(program: str, **names: object) -> list[str]:
    """Modules above the bridge that a program loads."""
    constants = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    done = subprocess.run(
        [sys.executable, "-c", constants + program + PRINTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("package", [*FREE, "tandem.bridge.server"])
def test_bridge_does_not_import_the_domain(package: str) -> None:
    assert loaded(IMPORTS, PACKAGES=(package,), DOMAIN=DOMAIN) == []


def test_scenario_without_domain_plays_without_it() -> None:
    assert loaded(PLAYS, DOMAIN=DOMAIN) == []


def test_importing_tandem_is_light() -> None:
    heavy = ("numpy", "gymnasium", "torch", "pandas", "pyarrow", "ray", "zmq", *DOMAIN)
    assert loaded("import sys, tandem\n", DOMAIN=heavy) == []
