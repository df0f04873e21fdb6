# SPDX-License-Identifier: MIT
"""Several cells of one kind and several sites: the scenario `campus`, and one of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import COMPONENTS
from tandem.agents.registry import make_learner
from tandem.agents.training.loop import Training
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.common.toolchain import find_compiler
from tandem.scripts.cli import app

RUNNER = CliRunner()
#: One user per cell, so that nobody waits for a core; quiet sites.
QUIET: dict[str, Any] = {
    "users": 4,
    "epochs": 3,
    **{
        f"{site}{state}Load": 0
        for site in ("edge1", "edge2", "cloud")
        for state in ("Quiet", "Busy")
    },
    **{f"{cell}BackgroundStations": 0 for cell in ("wifi1", "wifi2", "wifi3", "lte")},
}


@pytest.fixture
def campus() -> Any:
    with TandemEnv("campus", QUIET, objective=PaperObjective(85.0)) as env:
        yield env


def test_the_schema_tells_cells_sites_and_what_each_offers(campus: TandemEnv) -> None:
    meta = campus.schema.meta
    assert [cell["name"] for cell in meta["cells"]] == ["wifi-1", "wifi-2", "wifi-3", "lte"]
    assert [cell["radio"] for cell in meta["cells"]] == ["ap-1", "ap-2", "ap-3", "enb"]
    assert [(site["name"], site["kind"]) for site in meta["sites"]] == [
        ("edge1", "edge"),
        ("edge2", "edge"),
        ("cloud", "cloud"),
    ]
    table = OptionTable.from_meta(meta)
    counts = {
        label: int((table.site == code).sum()) for code, label in enumerate(table.sites.labels)
    }
    # The options file has a row for "edge": it holds at each of the two.
    assert counts["edge1"] == counts["edge2"] > 0
    assert counts["cloud"] > 0
    names = [node["name"] for node in meta["topology"]["nodes"]]
    assert len(names) == len(set(names))


def test_an_edge_is_nearer_from_the_cell_it_stands_beside(campus: TandemEnv) -> None:
    problem = JointProblem.from_schema(campus.schema, PaperObjective(85.0))
    # edge1 beside the first AP, edge2 beside the second; a detour of 2 ms from elsewhere.
    delay_s = problem.path_delay_s(problem.user_cells)
    assert delay_s[:, 0] == pytest.approx([0.0005, 0.0025, 0.0025, 0.0025])
    assert delay_s[:, 1] == pytest.approx([0.0025, 0.0005, 0.0025, 0.0025])
    assert delay_s[:, 2] == pytest.approx([0.02] * 4)
    # And packets take it: to the edge of another cell each way is 2 ms longer.
    observation, _ = campus.reset(seed=5)
    rtt_s = observation["users"][:, [problem.user_columns[f"edge{k}_rtt_s"] for k in (1, 2)]]
    assert rtt_s[0, 1] - rtt_s[0, 0] == pytest.approx(0.004, abs=0.003)
    assert rtt_s[1, 0] - rtt_s[1, 1] == pytest.approx(0.004, abs=0.003)


def test_requests_are_served_where_they_are_sent(campus: TandemEnv) -> None:
    table = OptionTable.from_meta(campus.schema.meta)
    best = [table.most_accurate(code) for code in table.sites.codes]
    campus.reset(seed=3)
    _, _, _, _, info = campus.step(np.array(best, dtype=np.int32))
    rows = np.sort(info["requests"], order="user")
    assert rows["site"].tolist() == [0, 1, 2, 3]
    total = sum(rows[name] for name in COMPONENTS)
    assert total == pytest.approx(rows["response_time_s"], abs=1e-9)


def _slowest_upload_s(shared: int) -> float:
    """Mean time on the uplink when two cells of four users each send at once."""
    arguments = {
        **{k: v for k, v in QUIET.items() if not re.match("lte|wifi3|edge2", k)},
        "users": 8,
        "aps": 2,
        "edges": 1,
        "enb": 0,
        "coChannel": shared,
        "spacing": 20,
        "epochs": 6,
    }
    with TandemEnv("campus", arguments) as env:
        policy = make_policy("cloud", env.schema)
        observation, _ = env.reset(seed=2)
        times = []
        for _ in range(5):
            observation, _, _, _, info = env.step(policy.act(observation))
            rows = info["requests"]
            times.append((rows["uplink_queue_s"] + rows["uplink_air_s"]).mean())
    return float(np.mean(times))


def test_cells_of_one_channel_contend() -> None:
    assert _slowest_upload_s(shared=2) > 1.3 * _slowest_upload_s(shared=0)


def test_the_nearest_edge_is_a_policy(campus: TandemEnv) -> None:
    observation, _ = campus.reset(seed=5)
    action = make_policy("edge", campus.schema).act(observation)
    table = OptionTable.from_meta(campus.schema.meta)
    assert table.site[action[:2]].tolist() == [1, 2]


@pytest.mark.parametrize("name", ["hybrid", "hybrid-no-physics", "prior-bandit", "branching-dqn"])
def test_agents_learn_with_three_remote_sites(campus: TandemEnv, name: str) -> None:
    world = EnvWorld(campus)
    training = Training(world, make_learner(name, world.problem, 1), 1)
    training.run(6)
    assert len(training.history) == 6


def test_equal_seeds_give_equal_requests(campus: TandemEnv) -> None:
    def rows() -> bytes:
        campus.reset(seed=8)
        _, _, _, _, info = campus.step(np.full(4, 8, dtype=np.int32))
        return info["requests"].tobytes()

    assert rows() == rows()


@pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")
def test_the_composition_in_the_documentation_compiles_and_finds_its_options(
    tmp_path: Path,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    section = page.partition("## Users, cells, sites")[2].partition("\n## ")[0]
    source = re.findall(r"```cpp\n(.*?)```", section, re.DOTALL)[0]
    assert len(source.splitlines()) <= 60
    folder = tmp_path / "two cells"
    folder.mkdir()
    (folder / "two-cells.cc").write_text(source)
    built = RUNNER.invoke(app, ["build", str(folder / "two-cells.cc")])
    assert built.exit_code == 0, built.output
    out = tmp_path / "run"
    program = str(folder / "two-cells")
    ran = RUNNER.invoke(
        app,
        [
            "run",
            "--scenario",
            program,
            "--policy",
            "east",
            "--users=4",
            "--epochs=2",
            f"--out={out}",
        ],
    )
    assert ran.exit_code == 0, ran.output
    analysed = RUNNER.invoke(app, ["analyze", str(out)])
    assert analysed.exit_code == 0, analysed.output
    assert "east" in analysed.output
    assert RUNNER.invoke(app, ["report", str(out), f"--out={tmp_path / 'page'}"]).exit_code == 0


def test_two_lte_cells_are_refused_with_a_reason(tmp_path: Path) -> None:
    if find_compiler() is None:
        pytest.skip("no C++ compiler")
    source = tmp_path / "two-lte.cc"
    source.write_text(
        '#include "access/lte/lte-cell.h"\n#include "model/inference-run.h"\n'
        "using namespace ns3::tandem;\n"
        "int main(int argc, char* argv[])\n{\n"
        '    InferenceRun run("two-lte", "Two LTE cells.");\n'
        "    run.Parse(argc, argv);\n"
        "    LteCellConfig lte;\n"
        "    run.AddCell(std::make_unique<LteCell>(lte), 1);\n"
        "    run.AddCell(std::make_unique<LteCell>(lte), 1);\n"
        "    return run.Run();\n}\n"
    )
    built = RUNNER.invoke(app, ["build", str(source)])
    assert built.exit_code == 0, built.output
    ran = RUNNER.invoke(
        app,
        ["run", "--scenario", str(tmp_path / "two-lte"), "--users=2", f"--out={tmp_path / 'r'}"],
    )
    assert ran.exit_code != 0
    assert "two LTE cells" in str(ran.exception)
