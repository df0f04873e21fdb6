# SPDX-License-Identifier: MIT
"""A user's own WiFi scenario, in a folder with a space: recorded, analysed, reported, explained."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from commands import tandem

import tandem as package
from tandem.agents.evaluation.returns import random_policy
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.common.traces import check_outputs
from tandem.scripts.app.figures.figure import draw
from tandem.scripts.app.figures.registry import figures_of, register_figures

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "first_wifi"
OWN_FIGURES = """
import plotly.graph_objects as go
from tandem.scripts.app.figures.figure import Figure, NoData

def delays(runs):
    return go.Figure(go.Histogram(x=runs[0].packets["delay_s"]))

FIGURES = (
    Figure("delays", "Delays", "Of every packet.", delays),
    Figure("lacking", "Lacking", "Needs a column.", lambda runs: runs[0].packets["nothing"]),
    Figure("table", "Lacking", "Needs a table.", lambda runs: runs[0].flows),
)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as its users have it: built, with a run of it beside one of the template."""
    folder = tmp_path_factory.mktemp("own work") / "first wifi"
    shutil.copytree(EXAMPLE, folder)
    assert tandem("build", str(folder / "first_wifi.cc")).returncode == 0
    reward = tandem_reward(folder)
    with TandemEnv(folder / "first_wifi", epochs=6, stations=3, objective=reward) as env:
        record(env, folder / "runs" / "a run", episodes=2)
    with TandemEnv("hello", epochs=5, objective=lambda result: -1.0) as env:
        record(env, folder / "runs" / "other", episodes=1)
    (folder / "figures.py").write_text(OWN_FIGURES)
    return folder


def tandem_reward(folder: Path) -> object:
    from tandem.scripts.app.common.objective import own_objective

    return own_objective(f"{folder}/reward.py:fair")


def record(env: TandemEnv, folder: Path, episodes: int) -> None:
    run_folder.prepare(folder, force=False)
    act = random_policy(env.action_space, 1)
    tables = [table.name for table in env.schema.records]
    with RunWriter(folder, schema=env.schema, config={"seed": 1}) as writer:
        for episode in range(episodes):
            seen, _ = env.reset(seed=episode + 1)
            writer.begin_episode(episode, episode + 1, seen)
            over = False
            while not over:
                action = act(seen)
                seen, reward, terminated, truncated, info = env.step(action)
                records = {name: info[name] for name in tables}
                writer.add(action, seen, reward, terminated, truncated, records)
                over = terminated or truncated


@pytest.fixture
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


def test_analyze_knows_every_column_and_table(inside: Path) -> None:
    run = package.load_run("runs/a run")
    printed = tandem("analyze", "runs/a run", "--format", "json")
    assert printed.returncode == 0, printed.stderr
    (found,) = json.loads(printed.stdout)
    seen = run.observation("stations")["goodput_bps"]
    in_decisions = seen[seen.index.get_level_values("decision") < 6]
    goodput = found["observation"]["stations"]["goodput_bps"]
    assert goodput["mean"] == pytest.approx(in_decisions.mean())
    assert goodput["unit"] == "bit/s"
    delays = found["records"]["packets"]["columns"]["delay_s"]
    assert delays["max"] == pytest.approx(run.packets["delay_s"].max())
    assert delays["p95"] == pytest.approx(np.percentile(run.packets["delay_s"], 95))
    per_station = found["records"]["packets"]["agents"]
    counted = {int(k): v["rows"] for k, v in per_station.items()}
    assert counted == run.packets["station"].value_counts().to_dict()
    assert found["summary"]["return_mean"] == pytest.approx(run.episodes["return"].mean())
    printed = tandem("analyze", "runs/a run", "runs/other")
    assert printed.returncode == 0, printed.stderr
    for expected in (
        "Observation stations",
        "backlog_packets",
        "Records packets",
        "mean per station",
    ):
        assert expected in printed.stdout
    lines = tandem("analyze", "runs/a run", "runs/other", "--format", "csv").stdout.splitlines()
    assert [line.split(",")[0] for line in lines] == ["run", "a run", "other"]


def test_report_draws_the_schema_and_figures_of_ones_own(inside: Path) -> None:
    made = tandem("report", "runs/a run", "--figures", "figures.py:FIGURES", "--out", "r.html")
    assert made.returncode == 0, made.stderr
    page = Path("r.html").read_text()
    drawn = set(re.findall(r'id="figure-([\w-]+)" class="figure"', page))
    assert drawn == {
        *("delays", "rewards", "action-rate", "observation-stations", "records-packets")
    }
    assert "it needs what not all of these runs have: &#x27;nothing&#x27;" in page
    assert "table: it needs what not all of these runs have: a run without table" in made.stderr
    figures = json.loads(
        re.search(r'id="figure-data">(.*?)</script>', page, re.DOTALL)[1].replace("\\u003c", "<")
    )
    titles = [note["text"] for note in figures["observation-stations"]["layout"]["annotations"]]
    assert titles == ["goodput_bps (bit/s)", "delay_s (s)", "backlog_packets (packets)"]
    names = {trace["name"] for trace in figures["observation-stations"]["data"]}
    assert names == {"station 0", "station 1", "station 2"}
    unknown = tandem("report", "runs/a run", "--figure", "pie")
    assert "no figure 'pie': one of rewards, action-rate" in unknown.stderr


def test_runs_of_different_scenarios_share_a_page(inside: Path) -> None:
    runs = [package.load_run(f"runs/{name}") for name in ("a run", "other")]
    figures, missing = draw(figures_of(runs), runs)
    assert not missing
    assert {"observation-stations", "observation-backlog", "rewards"} <= set(figures)
    owners = {trace.meta["run"] for trace in figures["observation-backlog"].data}
    assert owners == {1}
    made = tandem("report", "runs/a run", "runs/other", "--out", "both.html")
    assert made.returncode == 0, made.stderr


def test_figures_are_registered_by_the_name_of_a_table(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(inside))
    monkeypatch.setattr(
        "tandem.scripts.app.figures.registry._FIGURES", {"requests": "nowhere:FIGURES"}
    )
    register_figures("packets", "figures:FIGURES")
    runs = [package.load_run("runs/a run")]
    assert next(iter(figures_of(runs))).key == "delays"
    assert "records-packets" not in [figure.key for figure in figures_of(runs)]
    with pytest.raises(ValueError, match="has the figures figures:FIGURES already"):
        register_figures("packets", "others:FIGURES")


def test_explain_tells_a_decision(inside: Path) -> None:
    run = package.load_run("runs/a run")
    worst = run.decisions.loc[run.decisions["reward"].idxmin()]
    told = tandem("explain", "runs/a run")
    assert told.returncode == 0, told.stderr
    assert f"episode {worst['episode']}, decision {worst['decision']}" in told.stdout
    assert "stations: backlog_packets (packets), station" in told.stdout
    told = tandem("explain", "runs/a run", "--episode", "1", "--decision", "5")
    played = run.decisions.query("episode == 1 and decision == 5")["action"].iloc[0]
    row = next(line for line in told.stdout.splitlines() if "rate: rate, station 2" in line)
    assert float(row.split("│")[2]) == played[2]
    assert "–" in told.stdout  # after the last decision nothing is seen
    for options, message in (
        (("--decision", "9"), "has no decision 9"),
        (("--request", "1"), "--request is for runs of inference scenarios"),
    ):
        refused = tandem("explain", "runs/a run", *options)
        assert refused.returncode != 0
        assert message in refused.stderr


def test_a_sweep_of_two_arguments(inside: Path) -> None:
    Path("grid.yaml").write_text(
        "scenario: ./first_wifi\npolicies: [random]\nseeds: [1, 2]\nepochs: 2\n"
        "grid:\n  stations: [1, 2]\n  radius: [5, 10]\n"
    )
    swept = tandem("sweep", "grid.yaml", "--out", "runs/my sweep", "--quiet")
    assert swept.returncode == 0, swept.stderr
    table = pd.read_csv("runs/my sweep/sweep.csv")
    assert len(table) == 8
    assert (table["decisions"] == 2).all()
    assert {"stations", "radius", "return_mean", "packets_rows"} <= set(table.columns)


def pcap_times(path: Path) -> list[float]:
    """Times of the packets of a trace that is complete to its last byte."""
    data = path.read_bytes()
    assert struct.unpack_from("<I", data)[0] == 0xA1B2C3D4
    times, place = [], 24
    while place < len(data):
        seconds, micros, kept, _ = struct.unpack_from("<IIII", data, place)
        times.append(seconds + 1e-6 * micros)
        place += 16 + kept
    assert place == len(data)
    return times


def test_every_episode_has_complete_traces_of_its_own(inside: Path) -> None:
    options = ("run", "--scenario", "./first_wifi", "--policy", "random", "--epochs", "3", "-q")
    plain = tandem(*options, "--episodes", "3", "--out", "runs/plain")
    traced = tandem(
        *(*options, "--episodes", "3", "--out", "runs/traced here"),
        *("--pcap", "--flowmon", "--netanim", "--frames"),
    )
    assert (plain.returncode, traced.returncode) == (0, 0), traced.stderr
    folder = Path("runs/traced here")
    for seed in (1, 2, 3):
        for kind in ("flowmon", "netanim"):
            ElementTree.parse(folder / f"{kind}-seed{seed}.xml")  # whole, or it raises
        assert len(list(folder.glob(f"trace-seed{seed}-n*-0.pcap"))) == 6
        times = pcap_times(folder / f"trace-seed{seed}-n0-0.pcap")
        assert times == sorted(times)
        assert times[-1] - times[0] > 0.25  # three epochs of 100 ms; none of the warm-up
        assert times[-1] - times[0] < 0.31
    run, other = (package.load_run(f"runs/{name}") for name in ("traced here", "plain"))
    assert run.packets.equals(other.packets)  # looking on changes nothing
    data = run.frames
    assert len(data) > 0
    assert set(data["sender"]) <= set(range(6))
    assert data.loc[data["uplink"] == 1, "receiver"].eq(0).mean() > 0.9


def test_branches_leave_the_traces_alone(inside: Path) -> None:
    sizes = []
    for name, branches in (("alone", 0), ("branching", 3)):
        arguments = {"epochs": 3, "pcap": str(inside / name)}
        with TandemEnv(inside / "first_wifi", arguments) as env:
            env.reset(seed=5)
            for _ in range(3):
                if branches:
                    env.branch([[5, 5, 5, 5]] * branches, horizon=2)
                env.step([2, 2, 2, 2])
        sizes.append((inside / f"{name}-seed5-n0-0.pcap").read_bytes())
    assert sizes[0] == sizes[1]


def test_a_scenario_that_opens_its_files_early_traces_one_episode(inside: Path) -> None:
    described = subprocess.run(
        [scenario_executable("wifi-edge"), "--describe"], capture_output=True, text=True, check=True
    ).stdout
    old = inside / "old"  # as an older build lists its arguments
    old.write_text(f"#!/bin/sh\ncat <<'END'\n{re.sub(',.per_episode.:true', '', described)}END\n")
    old.chmod(0o755)
    refused = tandem(
        *("run", "--scenario", "./old", "--pcap", "--episodes", "2", "--out", "runs/none")
    )
    assert refused.returncode == 2
    assert "--pcap records one episode of old, not 2" in refused.stderr
    assert not Path("runs/none").exists()
    assert check_outputs("./old", ["pcap"], 1, {}) is True
    assert check_outputs("wifi-edge", ["pcap", "frames"], 2, {"users": 2}) is False


def test_a_scenario_without_traces_refuses_them_by_name(inside: Path) -> None:
    for name in ("pcap", "flowmon", "netanim", "frames"):
        refused = tandem("run", "--scenario", "hello", f"--{name}", "--out", "runs/none")
        assert refused.returncode == 2
        assert f"--{name}: scenario hello has no argument '{name}'" in refused.stderr
        assert "TraceOutputs traces(link, arguments);" in refused.stderr
        assert not Path("runs/none").exists()
