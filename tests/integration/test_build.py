# SPDX-License-Identifier: MIT
"""A user's own scenario: template, compilation against the installed package, environment."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from typer.testing import CliRunner

import tandem  # noqa: F401
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.scenarios import scenario_executable
from tandem.dnn_profiles.options import default_options_path
from tandem.scripts.app.common.toolchain import (
    BuildError,
    Toolchain,
    find_compiler,
    library_module,
)
from tandem.scripts.cli import app

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
RUNNER = CliRunner()


def test_template_compiles_runs_alone_and_under_an_agent(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["new", "mine", "--in", str(tmp_path)]).exit_code == 0
    folder = tmp_path / "mine"
    result = RUNNER.invoke(app, ["build", str(folder / "mine.cc")])
    assert result.exit_code == 0, result.output
    alone = subprocess.run([folder / "mine", "--epochs=20"], capture_output=True, check=True)
    assert b"after 20 epochs" in alone.stdout
    env = gymnasium.make("tandem/Custom-v0", scenario=str(folder / "mine"), queues=3, epochs=30)
    assert env.unwrapped.simulator.schema.scenario == "mine"
    check_env(env.unwrapped)
    env.close()
    agent = subprocess.run(
        [sys.executable, folder / "agent.py"], capture_output=True, text=True, check=True
    )
    random, longest = (float(line.split()[-1]) for line in agent.stdout.splitlines())
    assert longest > random  # rewards: less backlog is better


def test_compiler_errors_are_shown_and_the_old_executable_stays(tmp_path: Path) -> None:
    source = tmp_path / "broken.cc"
    source.write_text("int main() { return undeclared; }\n")
    (tmp_path / "broken").write_text("old")
    result = RUNNER.invoke(app, ["build", str(source)])
    assert isinstance(result.exception, BuildError)
    assert "undeclared" in str(result.exception)
    assert (tmp_path / "broken").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "broken.cc"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [("nowhere.cc", "does not exist"), (".", "no C\\+\\+ file")],
)
def test_what_is_no_source_is_refused(
    argument: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, ["build", argument])
    assert isinstance(result.exception, BuildError)
    assert re.search(message, str(result.exception))


@pytest.mark.parametrize("name", ["1st", "a b", "../up"])
def test_template_names_are_checked(name: str, tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["new", name, "--in", str(tmp_path)])
    assert "not a scenario name" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    result = RUNNER.invoke(app, ["new", "mine", "--in", str(tmp_path)])
    assert "exists" in str(result.exception)


SCALARS = """
#include "agent-link/agent-link.h"
#include "ns3/command-line.h"

using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    AgentLink link("scalars");
    ns3::CommandLine cmd(__FILE__);
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);
    auto* seen = link.AddObservation("seen", {}, {{"value", "", 0, 9, "the last action"}}, "");
    auto* action = link.AddAction("choice", {}, 0, 9);
    link.BeginEpisode();
    while (link.Decide())
    {
        seen->Set(0, 0, action->Get(0));
    }
}
"""


def test_blocks_may_have_no_axes(tmp_path: Path) -> None:
    (tmp_path / "scalars.cc").write_text(SCALARS)
    result = RUNNER.invoke(app, ["build", str(tmp_path / "scalars.cc")])
    assert result.exit_code == 0, result.output + str(result.exception)
    with TandemEnv(str(tmp_path / "scalars"), epochs=9) as env:
        assert (env.action_space.shape, env.observation_space["seen"].shape) == ((), ())
        check_env(env)
        env.reset(seed=1)
        assert env.step(np.int32(7))[0]["seen"] == 7.0
        assert env.schema.agent_blocks() == frozenset()


MOVED = (
    ("workload/inference-run.h", "model/inference-run.h"),
    ("workload/core-pool.h", "model/core-pool.h"),
    ("probes/request-ledger.h", "model/request-ledger.h"),
    ("access/wifi-cell.h", "access/wifi/wifi-cell.h"),
    ("access/wifi-probe.h", "access/wifi/wifi-station-probe.h"),
    ("access/lte-cell.h", "access/lte/lte-cell.h"),
    ("access/argument-check.h", "agent-link/argument-check.h"),
)


def test_old_places_of_headers_still_work_and_say_where_they_are_now(tmp_path: Path) -> None:
    source = tmp_path / "old.cc"
    source.write_text(
        "".join(f'#include "{old}"\n' for old, _ in MOVED)
        + "ns3::tandem::WifiCell* cell;\nns3::tandem::InferenceRun* run;\n"
    )
    compiler = find_compiler()
    assert compiler is not None
    command = Toolchain.installed().command(
        compiler, [source], tmp_path / "old.o", ["-c", "-fsyntax-only"]
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for old, new in MOVED:
        assert f"{old} is now {new}" in done.stderr


def test_meta_that_is_not_json_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "meta.cc"
    source.write_text(
        '#include "agent-link/agent-link.h"\n'
        'int main() { ns3::tandem::AgentLink("mine").SetMeta("place", "Rome"); }\n'
    )
    result = RUNNER.invoke(app, ["build", str(source)])
    assert result.exit_code == 0, result.output
    done = subprocess.run([tmp_path / "meta"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "SetMeta(\"place\"): 'Rome' is not JSON" in done.stderr


TRACING = """
#include "access/wifi/wifi-cell.h"
#include "model/inference-run.h"
#include "ns3/config.h"
#include "ns3/simulator.h"

#include <iostream>

using namespace ns3;
using namespace ns3::tandem;

int issued = 0;
int finished = 0;
int uploads = 0;

int
main(int argc, char* argv[])
{
    InferenceRun run("traced", "A run that is listened to.");
    WifiCellConfig wifi;
    wifi.AddArguments(run.GetCommandLine());
    run.Parse(argc, argv);
    wifi.Check();
    run.AddCell(std::make_unique<WifiCell>(wifi), run.GetConfig().users);
    Simulator::ScheduleNow([] {
        const std::string applications = "/NodeList/*/ApplicationList/*/$ns3::tandem::";
        Config::ConnectWithoutContext(applications + "InferenceClient/Issued",
                                      MakeCallback(+[](const Request&) { ++issued; }));
        Config::ConnectWithoutContext(applications + "InferenceClient/Finished",
                                      MakeCallback(+[](const Request& request) {
                                          finished += request.GetResponseTime() > Time();
                                      }));
        Config::ConnectWithoutContext(applications + "InferenceServer/UploadArrived",
                                      MakeCallback(+[](const RequestHeader&) { ++uploads; }));
    });
    run.Run();
    std::cout << issued << " " << finished << " " << uploads << std::endl;
}
"""


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An executable that listens to the trace sources."""
    source = tmp_path_factory.mktemp("traced") / "traced.cc"
    source.write_text(TRACING)
    result = RUNNER.invoke(app, ["build", str(source)])
    assert result.exit_code == 0, result.output
    return source.with_suffix("")


@pytest.mark.parametrize(("policy", "uploads"), [("edge", 6), ("device", 0)])
def test_trace_sources_tell_of_each_request(traced: Path, policy: str, uploads: int) -> None:
    options = default_options_path()
    done = subprocess.run(
        [
            traced,
            "--users=2",
            "--epochs=3",
            f"--policy={policy}",
            f"--options={options}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["6", "6", str(uploads)]


def test_a_part_logs_what_it_does_when_asked() -> None:
    if "NS3_LOG_ENABLE" not in Toolchain.installed().definitions:
        pytest.skip("ns-3 is built without logs")
    arguments = [scenario_executable("wifi-edge"), "--users=1", "--epochs=1", "--policy=device"]
    arguments.append(f"--options={default_options_path()}")

    def stderr(**environment: str) -> str:
        return subprocess.run(
            arguments, capture_output=True, text=True, check=True, env=environment
        ).stderr

    assert stderr() == ""
    logged = stderr(NS_LOG="TandemCorePool=function:TandemEpochLoop=function")
    assert "TandemCorePool:Submit(" in logged
    assert "TandemEpochLoop:Decide(" in logged
    assert "TandemInferenceClient" not in logged


MODULES = ("lr-wpan", "mesh", "dsr", "zigbee")
WITH_MODULES = """
#include "ns3/core-module.h"
#include "ns3/dsr-helper.h"
#include "ns3/lr-wpan-module.h"
#include "ns3/mesh-module.h"
#include "ns3/zigbee-module.h"

#include <iostream>

int
main()
{
    ns3::LrWpanHelper lrWpan;
    ns3::MeshHelper mesh;
    ns3::DsrHelper dsr;
    ns3::ZigbeeHelper zigbee;
    std::cout << "linked" << std::endl;
    return 0;
}
"""


def test_further_modules_are_linked_on_request(tmp_path: Path) -> None:
    source = tmp_path / "radio.cc"
    source.write_text(WITH_MODULES)
    options = [word for name in MODULES for word in ("--module", name)]
    missing = RUNNER.invoke(app, ["build", str(source), *options[:4]])
    assert isinstance(missing.exception, BuildError)
    assert "undefined reference" in str(missing.exception)
    assert str(missing.exception).endswith("`tandem build --module dsr --module zigbee`")
    result = RUNNER.invoke(app, ["build", str(source), *options])
    assert result.exit_code == 0, result.output
    done = subprocess.run([tmp_path / "radio"], capture_output=True, text=True, check=False)
    assert done.stdout == "linked\n", done.stderr


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = tmp_path / "radio.cc"
    source.write_text(WITH_MODULES)
    result = RUNNER.invoke(app, ["build", str(source), "--module", "click"])
    assert isinstance(result.exception, BuildError)
    assert re.search(r"--module click: .* no such module .* lr-wpan, mesh", str(result.exception))
    toolchain = Toolchain.installed()
    assert toolchain.with_modules(["wifi"]) == toolchain  # linked anyway
    linked = toolchain.with_modules(["mesh", "mesh"]).libraries
    assert linked == (*toolchain.libraries, toolchain.modules["mesh"])


def test_the_documentation_lists_all_modules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    section = page.partition("## Modules of ns-3")[2].partition("## ")[0]
    toolchain = Toolchain.installed()
    always = [library_module(library) for library in toolchain.libraries]
    for name in (*always, *toolchain.modules):
        assert re.search(rf"[\s,]{name}[\s,.:]", section), name
