# SPDX-License-Identifier: MIT
"""Scenario arguments: declared once in C++, checked wherever they come in."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from remote_servers import serving
from typer.testing import CliRunner

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.arguments import (
    RESERVED,
    Argument,
    Declaration,
    declared_arguments,
    to_text,
)
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import InvalidArgument, ScenarioError, TandemError
from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.bridge.remote import AccessRefused
from tandem.scripts.app.common.toolchain import find_compiler
from tandem.scripts.app.sweep.grid import SweepError, read_grid
from tandem.scripts.cli import app

#: Scenario, argument, value, and what the message says besides.
BAD_VALUES = [
    ("hello", "queues", "2,5", "no whole number; allowed: 1 … 4096 queues"),
    ("hello", "queues", "20m", "no whole number"),
    ("hello", "queues", "2.5", "no whole number"),
    ("hello", "queues", "1e3", "no whole number"),
    ("hello", "queues", "nan", "no whole number"),
    ("hello", "queues", "-1", "out of range"),
    ("hello", "queues", "99999999999999", "out of range"),
    ("hello", "epochs", "-1", "out of range"),
    ("hello", "epochs", "4294967296", "out of range"),
    ("hello", "warmupSeed", "18446744073709551616", "out of range"),
    ("hello", "arrival", "0,3", "no number; allowed: 0 … 1"),
    ("hello", "arrival", "nan", "no number"),
    ("hello", "arrival", "inf", "no number"),
    ("hello", "arrival", "1e999", "out of range"),
    ("hello", "arrival", "-0.1", "out of range"),
    ("wifi-edge", "cloudDelay", "20ms", "no number; allowed: 0 … 10000 ms"),
    ("wifi-edge", "channelWidth", "30", "none of the choices; allowed: 20 | 40 | 80 | 160 MHz"),
    ("wifi-edge", "placement", "moon", "unknown; allowed: disc"),
    ("wifi-edge", "frames", "maybe", "neither on nor off"),
    ("hetnet", "lteRlcBuffer", "2999", "out of range; allowed: 3000"),
]
BLANKS = [("hello", "queues", " 5", "no whole number"), ("hello", "arrival", "0.1 ", "no number")]


def alone(scenario: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the executable itself."""
    command = [str(scenario_executable(scenario)), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("scenario", "name", "value", "fault"), BAD_VALUES + BLANKS)
def test_bad_values_are_refused_by_the_executable_and_the_environment(
    scenario: str, name: str, value: str, fault: str
) -> None:
    done = alone(scenario, f"--{name}={value}", "--policy=edge", "--epochs=1")
    assert done.returncode == 1, done
    assert f"--{name}={value}" in done.stderr
    assert fault in done.stderr
    assert "tandem scenarios" in done.stderr
    with pytest.raises(InvalidArgument) as error:
        TandemEnv(scenario, {name: value})
    for words in (f"{name}={value}", fault, f"tandem scenarios {scenario}"):
        assert words in str(error.value)


@pytest.mark.parametrize(("scenario", "name", "value", "fault"), BAD_VALUES)
def test_bad_values_are_refused_by_set(scenario: str, name: str, value: str, fault: str) -> None:
    result = CliRunner().invoke(
        app, ["run", "--scenario", scenario, "--policy", "random", "--set", f"{name}={value}"]
    )
    assert isinstance(result.exception, InvalidArgument), result.output
    assert fault in str(result.exception)


def test_bad_values_are_refused_by_a_server() -> None:
    scenarios = sorted({scenario for scenario, *_ in BAD_VALUES})
    with serving(scenarios) as server:
        target = Target(server.address)
        for scenario, name, value, fault in BAD_VALUES:
            with pytest.raises(InvalidArgument, match=f"{name}=") as error:
                RemoteSimulator(scenario, {name: value}, target=target)
            assert fault in str(error.value)


def test_numbers_of_python_and_numpy_come_through() -> None:
    values = {"queues": np.int64(3), "arrival": np.float32(0.5), "epochs": 2}
    with TandemEnv("hello", values) as env:
        observation, _ = env.reset(seed=1)
        assert observation["backlog"].shape == (3, 1) or observation["backlog"].size == 3
    for count in (2.5, 3.0, True + 0.5):
        with pytest.raises(InvalidArgument, match="no whole number"):
            TandemEnv("hello", queues=count)


def test_ns3_arguments_still_work() -> None:
    given = {"RngSeed": 3, "ChecksumEnabled": 1, "ns3::Ipv4L3Protocol::DefaultTtl": 60}
    with TandemEnv("hello", given) as env:
        env.reset(seed=1)
    assert alone("hello", "--RngSeed=3", "--epochs=1").returncode == 0
    assert "ns3::TcpSocket" in alone("hello", "--PrintAttributes=ns3::TcpSocket").stdout
    with pytest.raises(ScenarioError, match="NoSuch"):
        TandemEnv("hello", {"ns3::Ipv4L3Protocol::NoSuch": 60})


# --- what is not the user's to set ----------------------------------------------------------------

RESERVED_VALUES = [
    ("agent", "none", "start the executable itself"),
    ("agent", "7", "start the executable itself"),
    ("policy", "edge", "tandem run --policy"),
    ("seed", "3", "reset(seed=…)"),
    ("requests", "rows.csv", "tandem run"),
    ("actions", "failed.actions", "start the executable itself"),
    ("branchSlots", "1", "branch_slots"),
    ("spinUs", "5", "spin_us"),
    ("RngRun", "7", "warmupSeed"),
]


@pytest.mark.parametrize(("name", "value", "instead"), RESERVED_VALUES)
def test_arguments_of_the_core_are_refused(
    name: str, value: str, instead: str, tmp_path: Path
) -> None:
    words = (f"argument {name}={value} cannot be set under an agent", instead)
    with pytest.raises(InvalidArgument) as error:
        TandemEnv("hello", {name: value})
    if name != "seed":  # that keyword is the environment's own
        with pytest.raises(InvalidArgument, match=re.escape(words[0])):
            gymnasium.make("tandem/WifiEdge-v0", **{name: value})
    out = tmp_path / "out"
    result = CliRunner().invoke(
        app,
        [
            *("run", "--scenario", "hello", "--policy", "random", "--out", str(out)),
            *("--set", f"{name}={value}"),
        ],
    )
    assert isinstance(result.exception, InvalidArgument), result.output
    assert not out.exists()
    for text in (error.value, result.exception):
        assert all(part in str(text) for part in words), text
    grid = tmp_path / "grid.yaml"
    grid.write_text(f"grid:\n  {name}: ['{value}']\n")
    with pytest.raises(SweepError, match=name):
        read_grid(grid)


def test_a_server_refuses_arguments_of_the_core() -> None:
    with serving(["hello"]) as server:
        for name, value, _ in RESERVED_VALUES:
            with pytest.raises((AccessRefused, InvalidArgument), match=name):
                RemoteSimulator("hello", {name: value}, target=Target(server.address))


def test_every_argument_of_the_bridge_has_advice() -> None:
    arguments = declared_arguments(scenario_executable("hello")).arguments.values()
    assert {a.name for a in arguments if a.owner == "bridge"} | {"RngRun"} == set(RESERVED)


def test_run_number_is_refused_by_the_executable() -> None:
    done = alone("hello", "--RngRun=3", "--epochs=1")
    assert done.returncode == 1
    assert "--RngRun=3 is refused" in done.stderr
    assert "--warmupSeed" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NS_GLOBAL_VALUE", "RngSeed=9"), ("NS_ATTRIBUTE_DEFAULT", "ns3::TcpSocket::SegmentSize=500")],
)
def test_variables_that_nothing_would_record_are_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(TandemError, match=rf"{variable}='{value}' .* unset it"):
        TandemEnv("hello")


def test_globals_of_ns3_have_their_effect() -> None:
    def draws(**given: object) -> list[float]:
        with TandemEnv("hello", {"epochs": 20, **given}) as env:
            env.reset(seed=1)
            zero = np.zeros_like(env.action_space.sample())
            return [float(env.step(zero)[0]["backlog"].sum()) for _ in range(20)]

    assert draws(RngSeed=7) == draws(RngSeed=7) != draws(RngSeed=8)


# --- what the shipped scenarios declare -----------------------------------------------------------


def declarations() -> list[Declaration]:
    found = []
    for scenario in installed_scenarios():
        declaration = declared_arguments(scenario_executable(scenario))
        found.append(declaration)
        for selector in declaration.selectors:
            found += [
                declared_arguments(scenario_executable(scenario), {selector.name: to_text(choice)})
                for choice in selector.choices
            ]
    return found


def test_every_argument_is_declared_in_full() -> None:
    for declaration in declarations():
        assert {"epochs", "warmupSeed", "recordCapacity"} <= set(declaration.arguments)
        for argument in declaration.arguments.values():
            where = f"{declaration.scenario} {argument.name}"
            assert argument.help, where
            assert argument.type != "undeclared", where
            if argument.type in ("integer", "real"):
                assert argument.low is not None or argument.choices, where
                assert argument.fault(to_text(argument.default)) is None, where
            elif argument.type == "text" and argument.choices:
                assert argument.default in argument.choices, where


def test_owners() -> None:
    arguments = declared_arguments(scenario_executable("wifi-edge")).arguments
    assert arguments["agent"].owner == arguments["seed"].owner == "bridge"
    assert arguments["epochs"].owner == "core"
    assert arguments["users"].owner == "scenario"
    assert arguments["pcap"].type == arguments["options"].type == "file"


def test_the_default_that_is_told_is_the_one_that_is_simulated() -> None:
    def run(*options: str) -> str:
        done = alone("wifi-edge", "--policy=edge", "--epochs=2", "--requests=/dev/stdout", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    declared = declared_arguments(scenario_executable("wifi-edge")).arguments.values()
    given = [
        f"--{argument.name}={to_text(argument.default)}"
        for argument in declared
        if argument.name not in ("agent", "policy", "epochs", "requests")
    ]
    assert len(given) > 40
    assert run(*given) == run()
    with TandemEnv("wifi-edge") as env:
        cores = {site["name"]: site["cores"] for site in env.schema.meta["sites"]}
    defaults = {argument.name: argument.default for argument in declared}
    assert cores == {"edge": defaults["edgeCores"], "cloud": defaults["cloudCores"]}


def test_help_shows_defaults_limits_and_units() -> None:
    text = alone("hetnet", "--help").stdout
    assert "--wifiRadius:" in text
    assert "radius of the cell (1 … 100000 m) [50]" in text
    assert "(6 | 15 | 25 | 50 | 75 | 100 PRB) [50]" in text


def test_the_default_does_not_follow_what_is_given() -> None:
    done = alone("hello", "--queues=7", "--describe")
    rows = {row["name"]: row for row in json.loads(done.stdout)["arguments"]}
    assert rows["queues"]["default"] == 4


def test_an_argument_can_decide_about_others() -> None:
    with pytest.raises(InvalidArgument, match="no argument 'rlc'"):
        TandemEnv("saturation", rlc="am")
    with TandemEnv("saturation", cell="lte", rlc="am", users=1, settle=0.01, duration=0.01):
        pass
    assert alone("saturation", "--rlc=am", "--epochs=1").returncode == 1
    with serving(["saturation"]) as server:
        arguments = {"cell": "lte", "rlc": "am", "users": 1, "settle": 0.01, "duration": 0.01}
        RemoteSimulator("saturation", arguments, target=Target(server.address)).close()


def test_an_argument_can_be_an_attribute_of_an_ns3_object() -> None:
    arguments = declared_arguments(scenario_executable("saturation")).arguments
    payload = arguments["payload"]
    assert (payload.type, payload.default, payload.low, payload.high) == ("integer", 1400, 1, 1472)
    told = alone("saturation", "--PrintAttributes=ns3::tandem::SaturatedSource").stdout
    assert payload.help in told
    fast = ("--users=1", "--settle=0.01", "--duration=0.05", "--epochs=1")
    table = "--requests=/dev/stdout"
    default, other, path = (
        alone("saturation", *fast, table, *options).stdout
        for options in (
            [],
            ["--payload=700"],
            ["--ns3::tandem::SaturatedSource::PayloadBytes=700"],
        )
    )
    assert default != other == path
    refused = alone("saturation", *fast, "--payload=1473")
    assert "allowed: 1 … 1472 bytes" in refused.stderr
    assert "less than a packet" in alone("saturation", *fast, "--backlog=100").stderr


def test_settings_of_clients_and_servers_are_attributes() -> None:
    for kind, names in (
        ("Client", ("User", "ConnectAtStart", "Timeout=[")),
        ("Server", ("Cores=[1]",)),
    ):
        told = alone("wifi-edge", f"--PrintAttributes=ns3::tandem::Inference{kind}").stdout
        for name in names:
            assert f"ns3::tandem::Inference{kind}::{name}" in told


def test_what_is_no_scenario_says_so(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho hello; exit 3\n")
    program.chmod(0o755)
    with pytest.raises(ScenarioError, match=r"(?s)no tandem scenario.*tandem build.*hello"):
        TandemEnv(program, queues=3)


# --- a user's own scenario ------------------------------------------------------------------------

OWN = """
#include "agent-link/agent-link.h"

#include "ns3/command-line.h"
#include "ns3/simulator.h"

#include <iostream>

using namespace ns3;
using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    uint16_t cars = 2;
    double speed = 1.5;
    std::string map = "grid";
    std::string log;
    bool loud = false;
    uint32_t old = 3;
    AgentLink link("own");
    CommandLine cmd(__FILE__);
    Arguments arguments(cmd, "road");
    arguments.Add("cars", "how many drive", cars, Range(1, 10, "cars"));
    arguments.Add("speed", "how fast they drive", speed, Range(0, 50, "m/s"));
    arguments.Add("map", "where they drive", map, Choices({"grid", "ring"}));
    arguments.Add("loud", "whether they honk", loud);
    arguments.AddFile("log", "what is written", log);
    cmd.AddValue("old", "added as ever [by hand]", old);
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);
    std::cout << cars << " " << speed << " " << map << " " << log << " " << loud << " " << old;
    return 0;
}
"""


@pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
def test_a_scenario_of_your_own_declares_its_arguments(tmp_path: Path) -> None:
    source = tmp_path / "own.cc"
    source.write_text(OWN)
    built = CliRunner().invoke(app, ["build", str(source)])
    assert built.exit_code == 0, built.output
    own = tmp_path / "own"

    given = ["--roadCars=3", "--roadSpeed=2e1", "--roadMap=ring", "--roadLog=a b", "--roadLoud"]
    assert alone(str(own), *given, "--old=4").stdout == "3 20 ring a b 1 4"
    assert alone(str(own)).stdout == "2 1.5 grid  0 3"

    arguments = declared_arguments(own).arguments
    assert arguments["roadCars"] == Argument(
        "roadCars", "integer", 2, "cars", 1, 10, help="how many drive"
    )
    assert arguments["roadMap"].choices == ("grid", "ring")
    assert arguments["roadLog"].type == "file"
    assert arguments["old"] == Argument("old", "undeclared", "3", help="added as ever [by hand]")
    with pytest.raises(InvalidArgument, match="roadCars=11 is out of range; allowed: 1 … 10 cars"):
        TandemEnv(own, roadCars=11)
    assert "roadSpeed=5m" in alone(str(own), "--roadSpeed=5m").stderr
    with serving([str(own)]) as server, pytest.raises(Exception, match="does not declare"):
        RemoteSimulator("own", {"old": "a-word"}, target=Target(server.address))
