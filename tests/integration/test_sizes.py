# SPDX-License-Identifier: MIT
"""Blocks whose number of values wraps around, and facts nested too deeply."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.core.simulator import Simulator
from tandem.scripts.app.common.toolchain import find_compiler
from tandem.scripts.cli import app

SCENARIO = """
#include "agent-link/agent-link.h"

#include "ns3/command-line.h"

using namespace ns3;
using namespace ns3::tandem;

int
main(int argc, char* argv[])
{
    bool observed = false;
    uint32_t depth = 0;
    AgentLink link("sizes");
    CommandLine cmd(__FILE__);
    Arguments arguments(cmd);
    arguments.Add("observed", "whether the observation is the large block", observed);
    arguments.Add("depth", "of a fact", depth, Range(0, 1e6));
    link.AddArguments(cmd);
    cmd.Parse(argc, argv);
    if (depth > 0)
    {
        link.SetMeta("fact", std::string(depth, '[') + std::string(depth, ']'));
        return 0;
    }
    // Their product is 1 modulo 2^64.
    const std::vector<uint32_t> large{4294967295, 4294967295, 3, 2863311531};
    const std::vector<uint32_t> one{1};
    link.AddObservation("seen", observed ? large : one, {{"value", "", 0, 1, "a value"}});
    link.AddAction("chosen", observed ? one : large, 0, 1);
    link.SetPolicy([](ActionBlock*) {});
    link.BeginEpisode();
    return 0;
}
"""


@pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
def test_sizes_and_depths_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "sizes.cc"
    source.write_text(SCENARIO)
    built = CliRunner().invoke(app, ["build", str(source)])
    assert built.exit_code == 0, built.output
    program = tmp_path / "sizes"
    for observed, block in ((True, "observation block 'seen'"), (False, "action block 'chosen'")):
        fault = f"{block} has too many values"
        alone = subprocess.run(
            [program, f"--observed={int(observed)}"], capture_output=True, text=True, check=False
        )
        assert alone.returncode != 0
        assert fault in alone.stderr
        with pytest.raises(ScenarioError, match=fault):
            Simulator(program, {"observed": observed})
    for depth, status in ((1, 0), (32, 0), (33, 1), (1_000_000, 1)):
        alone = subprocess.run(
            [program, f"--depth={depth}"], capture_output=True, text=True, check=False
        )
        assert (alone.returncode != 0) == bool(status), (depth, alone.stderr)
        assert ("nested more than 32 levels" in alone.stderr) == bool(status)
