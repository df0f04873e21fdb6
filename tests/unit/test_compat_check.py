# SPDX-License-Identifier: MIT
"""`tandem compat check`: what sources use of ns3-ai and ns3-gym, and what of it is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.scripts.app.common.toolchain import Toolchain
from tandem.scripts.app.migration.api import SERVED_CPP
from tandem.scripts.app.migration.cpp_text import classes, code_only, served_members
from tandem.scripts.app.migration.scan import scan
from tandem.scripts.cli import app


def missing_in(folder: Path, **files: str) -> dict[str, str]:
    """Names that are not served in these files → where they are first."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    report = scan(folder, Toolchain.installed().include_dirs)
    return {use.name: use.at for use in report.missing}


def test_names_of_the_originals_and_headers(tmp_path: Path) -> None:
    found = missing_in(
        tmp_path,
        sim_dot_cc="#include <ns3/ai-module.h>\n#include <ns3/gone.h>\n"
        '// Ns3AIRL in a comment\nauto d = space->GetSpaceDescription(); auto t = "OpenGymFoo";\n',
        agent_dot_py="from ns3ai_utils import Experiment\nimport messages_pb2\n",
    )
    assert found == {
        "GetSpaceDescription": "sim.cc:4",
        "<ns3/gone.h>": "sim.cc:2",
        "messages_pb2": "agent.py:2",
    }


def test_what_only_a_fork_has_is_told(tmp_path: Path) -> None:
    found = missing_in(
        tmp_path,
        env_dot_h="#include <ns3/ai-module.h>\n"
        "class MyEnv : public OpenGymEnv {\n public:\n"
        "  ~MyEnv() override;\n  void DoDispose() override;\n"
        "  float GetReward() override;\n  float GetCost(int step) override;\n"
        "  Ptr<OpenGymInterface> m_gym;\n  Ptr<OpenGymMultiBox> m_box;\n};\n"
        "class OpenGymMine {};\n",
        env_dot_cc='#include "env.h"\n'
        "void MyEnv::Go() {\n"
        "  m_gym->NotifyCurrentState();\n"
        "  m_gym->SendSoon(3);\n"  # line 4
        "  OpenGymInterface::Get()->Rewind();\n"
        "  auto box = CreateObject<OpenGymBoxContainer<float>>(shape);\n"
        "  box->AddValue(1);  box->GetObject<Node>();  box->AddMatrix(m);\n"
        "  Ns3AiMsgInterface::Get()->SetNames(a, b, c, d);\n"
        "  auto* msg = Ns3AiMsgInterface::Get()->GetInterface<A, B>();\n"
        "  msg->CppSendBegin();  msg->CppTrySend();\n"  # line 10
        "  other->AddMatrix(m);\n}\n",
        module_dot_cc="using Interface = ns3::Ns3AiMsgInterfaceImpl<A, B>;\n"
        "auto a = &Interface::PyRecvBegin; auto b = &Interface::PyPeek;\n"
        "Interface::Cpp2PyMsgVector v; OpenGymMine mine;\n",
    )
    assert found == {
        "OpenGymEnv::GetCost": "env.h:2",
        "OpenGymMultiBox": "env.h:9",
        "OpenGymInterface::SendSoon": "env.cc:4",
        "OpenGymInterface::Rewind": "env.cc:5",
        "OpenGymBoxContainer::AddMatrix": "env.cc:7",
        "Ns3AiMsgInterfaceImpl::CppTrySend": "env.cc:10",
        "Ns3AiMsgInterfaceImpl::PyPeek": "module.cc:2",
    }


def test_the_users_own_headers_are_looked_at(tmp_path: Path) -> None:
    found = missing_in(
        tmp_path,
        CMakeLists_dot_txt="build_lib(LIBNAME l SOURCE_FILES l.cc HEADER_FILES staged.h)",
        l_dot_cc="",
        staged_dot_h="",
        own_dot_h="class OpenGymInterface\n{\n};\n",
        sim_dot_cc='#include "ns3/staged.h"\n#include <ns3/own.h>\n#include "lost.h"\n'
        '#include "own.h"\n#include <vector>\n#include <absl/no/such.h>\n',
    )
    assert found == {
        "<ns3/own.h>": "sim.cc:2",
        '"lost.h"': "sim.cc:3",
        "<absl/no/such.h>": "sim.cc:6",
        "class OpenGymInterface": "own.h:1",
    }


def test_scripts_are_read_by_what_they_import(tmp_path: Path) -> None:
    comet = "from comet_ml import Experiment\nrun = Experiment(api_key=1)\nrun.log_metric(2)\n"
    assert missing_in(tmp_path, track_dot_py=comet) == {}
    assert scan(tmp_path, []).uses == []
    script = (
        "from ns3ai_utils import Experiment, Pool\n"
        "from ns3gym import ns3env\n"
        "exp = Experiment('sim', '.', module, useVectors=True)\n"
        "msg = exp.run(show_output=True)\n"
        "msg.PyRecvBegin()\n"
        "exp.restart()\n"
        "exp.msgInterface, exp.simCmd\n"
        "env = ns3env.Ns3Env(port=1, simSeed=2)\n"
        "env.my_note = 1\n"
        "env.my_note, env.action_space, env.ns3ZmqBridge\n"
        "env.fast_forward(3)\n"
    )
    assert missing_in(tmp_path, agent_dot_py=script, old_dot_py="print 'two'\n") == {
        "ns3ai_utils.Pool": "agent.py:1",
        "Experiment(useVectors=…)": "agent.py:3",
        "Experiment.restart": "agent.py:6",
        "ns3ZmqBridge": "agent.py:10",
        "Ns3Env.fast_forward": "agent.py:11",
        "old.py": "old.py:1",
    }
    served = {use.name for use in scan(tmp_path, []).uses if use.served}
    assert {"ns3ai_utils", "Experiment", "ns3gym", "ns3env", "Ns3Env", "PyRecvBegin"} == served


def test_the_summary_says_what_was_checked(tmp_path: Path) -> None:
    (tmp_path / "sim.cc").write_text("OpenGymEnv e;\n")
    result = CliRunner().invoke(app, ["compat", "check", str(tmp_path)])
    assert result.exit_code == 0
    assert "all 1 names that were found are served (1 C++ and 0 Python files read" in result.output
    assert "Not checked: all other code" in result.output
    (tmp_path / "sim.cc").write_text("OpenGymEnv e; OpenGymEnvX f;\n")
    result = CliRunner().invoke(app, ["compat", "check", str(tmp_path)])
    assert result.exit_code == 1
    assert "1 of 2 names are not served" in result.output


def test_every_name_that_is_said_to_be_served_is_in_the_headers() -> None:
    members = served_members(Toolchain.installed().include_dirs)
    known = set(members).union(*members.values())
    assert set(SERVED_CPP) - known == set()


@pytest.mark.parametrize("text", ["class A {", "class A : public B { int f() {", "struct {"])
def test_unfinished_code_does_not_stop_the_search(text: str) -> None:
    assert [found.name for found in classes(code_only(text))] in (["A"], [])


def test_names_of_ns3_ai_1(tmp_path: Path) -> None:
    """Members that the headers write by a macro are known; what is not served says what is."""
    found = missing_in(
        tmp_path,
        sim_dot_cc="#include <ns3/ns3-ai-module.h>\n"
        "class A : public ns3::Ns3AIRL<E, D> { void F() {\n"
        "Ns3AIRL<E, D>::EnvSetterCond(); ActionGetterTarget(3); InfoGetterCondFunc();\n"
        "Ns3AIRL<E, D>::GetVersion();\nEnvGetter();\n"
        "Ns3AIRL::FeatureGetterCond(); } };\n",
        agent_dot_py="from py_interface import *\nrl = Ns3AIRL(1, E, D)\n"
        "rl.finished, rl.m_obj, rl.GetVersion()\nv = NS3BigVar(1, E)\nrl.forked()\n",
    )
    assert found == {
        "EnvGetter": "sim.cc:5",
        "Ns3AIRL::FeatureGetterCond": "sim.cc:6",
        "NS3BigVar": "agent.py:4",
        "Ns3AIRL.forked": "agent.py:5",
    }
