# SPDX-License-Identifier: MIT
"""Parts on a real Ray cluster of two nodes on this machine, one of which is lost on the way."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import part_tasks
import pytest
from part_tasks import FOLDER, Dying, Failing, Noting, Number
from rich.console import Console
from typer.testing import CliRunner

from tandem.agents.evaluation.judge import StateDraw
from tandem.bridge.core.arrays import unpack
from tandem.bridge.core.errors import TandemError
from tandem.bridge.parts.api import MOST_LOSSES, Executor, Folders, OtherBuild, Task, results_of
from tandem.bridge.parts.build import Build
from tandem.bridge.parts.local import LocalExecutor
from tandem.bridge.parts.ray_executor import RayExecutor
from tandem.scripts.app.training.baseline_grid import Search
from tandem.scripts.app.training.baseline_runs import Run, SearchStates
from tandem.scripts.app.training.baseline_search import play_missing
from tandem.scripts.cli import app

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'ns3-tandem[ray]'")
cluster_utils = pytest.importorskip("ray.cluster_utils")
pytestmark = pytest.mark.timeout(300)

#: Ray notices a killed node within two seconds, and has patience with one that is slow.
NOTICES_SOON = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 10_000,
    "health_check_failure_threshold": 3,
}
GRID = """
policies: [edge]
seeds: [1, 2, 3]
epochs: 4
set: {users: 2}
"""
WAIT_S = 100.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    # Workers of Ray do not look for modules where pytest does.
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(Path(part_tasks.__file__).parent))
        yield from _cluster()


def _cluster() -> Iterator[Any]:
    made = cluster_utils.Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "_system_config": NOTICES_SOON},
    )
    yield made
    made.shutdown()


@pytest.fixture
def second(cluster: Any) -> Iterator[Any]:
    """A node that a test may kill."""
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    yield node
    if node in cluster.worker_nodes:
        cluster.remove_node(node)


@contextmanager
def sweep(cluster: Any, grid: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    """One with Ray, in a session of its own; it does not outlive the test."""
    command = [sys.executable, "-m", "tandem.scripts.main", "sweep", str(grid)]
    running = subprocess.Popen(
        [*command, "--out", str(out), "--runner", "ray"],
        env={**os.environ, "RAY_ADDRESS": cluster.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command of every process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(folder.name)] = int(fields[1]), command
    return found


def runs_under(pid: int) -> list[int]:
    """Runs of a sweep that some process began, or its children."""
    known = processes()

    def descends(process: int) -> bool:
        while process in known and process != pid:
            process = known[process][0]
        return process == pid

    return [
        process
        for process, (_, command) in known.items()
        if "bridge.parts.parent" in command and descends(process)
    ]


def raylet(node: Any) -> int:
    (started,) = node.all_processes["raylet"]
    return int(started.process.pid)


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    limit = time.monotonic() + WAIT_S
    while time.monotonic() < limit:
        if value := condition():
            return value
        time.sleep(0.05)
    raise TimeoutError(what)


def send(number: signal.Signals, runs: Iterable[int]) -> None:
    """To those of them that still run."""
    for run in runs:
        with suppress(ProcessLookupError):
            os.kill(run, number)


def requests(out: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in out.glob("all/*/requests.parquet")}


def complete(out: Path) -> dict[Path, int]:
    """Runs that are complete at home, and when they came."""
    return {
        path.parent: path.stat().st_mtime_ns
        for path in out.glob("all/*/metadata.json")
        if '"complete"' in path.read_text()
    }


def test_a_node_that_is_killed_in_mid_sweep_costs_its_parts_and_no_others(
    cluster: Any, second: Any, tmp_path: Path
) -> None:
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID)
    out, local = tmp_path / "away", tmp_path / "local"
    held: set[int] = set()

    def one_is_complete_and_one_under_way() -> list[int]:
        # Either node may be the slow one: a run must not end there too early, nor all of them here.
        there = runs_under(raylet(second))
        send(signal.SIGSTOP, there)
        if not complete(out):
            return []
        if not there:
            held.update(runs_under(raylet(cluster.head_node)))
            send(signal.SIGSTOP, held)
        return there

    with sweep(cluster, grid, out) as running:
        lost = wait_for(one_is_complete_and_one_under_way, "the second node works")
        before = complete(out)
        assert lost
        assert len(before) < 3
        cluster.remove_node(second, allow_graceful=False)
        send(signal.SIGCONT, held)
        told, _ = running.communicate(timeout=WAIT_S)
    assert running.returncode == 0, told
    # What was lost was run again on the other node. What was finished was not.
    after = complete(out)
    assert len(after) == 3
    assert {folder: after[folder] for folder in before} == before
    assert not set(lost) & set(processes())

    CliRunner().invoke(app, ["sweep", str(grid), "--out", str(local), "--quiet"])
    assert requests(out) == requests(local)
    told = CliRunner().invoke(app, ["sweep", str(grid), "--out", str(out), "--dry-run"]).output
    assert "3 runs, 0 missing" in told


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_all_parts_and_the_rest_is_run_later(
    cluster: Any, second: Any, tmp_path: Path
) -> None:
    grid, out = tmp_path / "grid.yaml", tmp_path / "away"
    grid.write_text(GRID.replace("epochs: 4", "epochs: 4000"))
    head = cluster.head_node
    with sweep(cluster, grid, out) as running:
        begun = wait_for(
            lambda: (a := runs_under(raylet(head))) and (b := runs_under(raylet(second))) and a + b,
            "both nodes work",
        )
        os.kill(running.pid, signal.SIGINT)
        told, _ = running.communicate(timeout=WAIT_S)
    assert running.returncode == 130, told
    assert "the same command runs what is missing" in told
    assert not set(begun) & set(processes())
    assert not complete(out)


@pytest.mark.parametrize("address", ["", "auto"])
def test_a_cluster_on_this_machine_is_joined_if_it_is_named(cluster: Any, address: str) -> None:
    code = "from tandem.bridge.backends.ray_link import connected_ray as ray; "
    told = subprocess.run(
        [sys.executable, "-c", code + "print(ray().get_runtime_context().gcs_address)"],
        env={**os.environ, "RAY_ADDRESS": address},
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_S,
    )
    assert (told.stdout.strip() == cluster.address) == (address == "auto")


@pytest.fixture(scope="module")
def executor(cluster: Any) -> Iterator[RayExecutor]:
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    yield RayExecutor()
    ray.shutdown()


def test_failures_and_losses_are_those_of_processes_here(
    executor: RayExecutor, tmp_path: Path
) -> None:
    folders = {FOLDER: tmp_path}
    parts = [Number(value) for value in (0, 2, 3)]
    failed = {one.part.value: str(one.failure) for one in executor.map(Failing(), parts, folders)}
    assert (failed[0], failed[2]) == ("None", "2 is not allowed: take 1")
    assert failed[3].startswith("KeyError: 'absent'")
    ended = {one.part.value: one for one in executor.map(Dying(), parts, folders)}
    assert {value: one.result for value, one in ended.items()} == {0: 0, 2: None, 3: 9}
    assert f"lost {MOST_LOSSES + 1} times" in str(ended[2].failure)
    unsent = list(executor.map(Failing(), [Number(4)], folders))
    assert "pickle" in str(unsent[0].failure)
    # What parts wrote that came to their end is at home.
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"number-{value}.0" for value in (0, 2, 3)}


def test_a_node_with_another_build_is_refused(
    executor: RayExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, folders = [Number(value) for value in range(4)], {FOLDER: tmp_path}
    other = Build("0.1", "", ())
    with monkeypatch.context() as patched:
        patched.setattr(Build, "here", lambda programs: other)
        with pytest.raises(OtherBuild, match=r"and this command is 0\.1"):
            list(executor.map(Noting(), parts, folders))
    assert not list(tmp_path.iterdir())
    assert results_of(executor.map(Noting(), parts, folders)) == [0, 1, 4, 9]


class Here(Task[Number, int]):
    """Of a module that no node finds."""

    def run(self, part: Number, folders: Folders) -> int:
        return part.value


def test_a_node_without_the_package_is_told_to_the_user(executor: RayExecutor) -> None:
    with pytest.raises(TandemError, match=r"No module named 'test_ray_parts'.*on each node"):
        list(executor.map(Here(), [Number(1)], {}))


def calibrate(folder: Path, name: str, *more: str, known: int = 0) -> dict[str, Any]:
    """What it writes."""
    out = folder / f"{name}.json"
    asked = ["calibrate", "--users=2", "--states=4", "--per-episode=2", "--stride=1"]
    asked += [f"--cache={folder / name}", f"--out={out}", *more]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert f"4 states ({known} from the cache)" in done.output
    return dict(json.loads(out.read_text()))


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def decisions_before(table: Path) -> int:
    """How far into its episode it was measured."""
    key, _ = unpack(table.read_bytes())
    return len(json.loads(key["key"])["state"]["actions"])


def test_the_oracle_measures_the_same_in_parts(executor: RayExecutor, tmp_path: Path) -> None:
    one = calibrate(tmp_path, "one")
    assert calibrate(tmp_path, "processes", "--jobs=2") == one
    assert calibrate(tmp_path, "ray", "--runner=ray") == one
    assert len(tables(tmp_path / "one")) == 4
    for name in ("processes", "ray"):
        assert tables(tmp_path / name) == tables(tmp_path / "one")
    # Only what is missing is measured: here the last state of an episode.
    *kept, lost = sorted((tmp_path / "ray").iterdir(), key=decisions_before)
    lost.unlink()
    before = [path.stat().st_mtime_ns for path in kept]
    assert calibrate(tmp_path, "ray", "--runner=ray", known=3) == one
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert tables(tmp_path / "ray") == tables(tmp_path / "one")


def data_set(folder: Path, *more: str) -> dict[str, bytes]:
    """What it writes; Minari's files as well, where that is installed."""
    asked = ["dataset", "--scenario=tcp-bottleneck", "--policy=random", "--policy=search:budget=4"]
    asked += ["--episodes=2", "--epochs=3", "--alternatives=4", "--share=0.7", "--futures=2"]
    done = CliRunner().invoke(app, [*asked, "--quiet", f"--out={folder}", *more])
    assert done.exit_code == 0, done.output
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_data_set_is_the_same_in_parts(executor: RayExecutor, tmp_path: Path) -> None:
    one = data_set(tmp_path / "one")
    assert {"steps.parquet", "counterfactuals.parquet", "metadata.json"} <= set(one)
    assert data_set(tmp_path / "processes", "--jobs=2") == one
    assert data_set(tmp_path / "ray", "--runner=ray") == one


REWARD = """
def backlog(result):
    return -float(result.observation["backlog"].sum())
"""


def test_returns_are_compared_the_same_in_parts(executor: RayExecutor, tmp_path: Path) -> None:
    reward, config, run = (tmp_path / name for name in ("reward.py", "search.yaml", "run"))
    reward.write_text(REWARD)
    config.write_text("budget: 4\n")
    train = ["train", "--scenario=hello", "--agent=search", f"--config={config}", "--quiet"]
    train += [f"--objective={reward}:backlog", "--interactions=10", "--evaluation-episodes=1"]
    assert CliRunner().invoke(app, [*train, "--epochs=5", f"--out={run}"]).exit_code == 0
    found = []
    for more in ([], ["--jobs=2"], ["--runner=ray"]):
        judge = ["evaluate", str(run), "--episodes=2", "--decisions=6", "--quiet", *more]
        done = CliRunner().invoke(app, judge)
        assert done.exit_code == 0, done.output
        found.append(((run / "episodes.json").read_bytes(), done.stdout))
        (run / "episodes.json").unlink()
    assert found == [found[0]] * 3
    judged = json.loads(found[0][0])
    assert judged["constants_tried"] == 4
    assert {len(set(line["returns"])) for line in judged["players"].values()} == {2}
    assert {tuple(line["decisions"]) for line in judged["players"].values()} == {(6, 6)}


@pytest.mark.slow
def test_the_search_for_settings_is_the_same_in_parts(
    executor: RayExecutor, tmp_path: Path
) -> None:
    states = SearchStates(
        judges=StateDraw(count=1, first_seed=1, per_episode=1, stride=1),
        futures=2,
        lessons=StateDraw(count=2, first_seed=2, per_episode=2, stride=1),
    )
    bandit = Search("bandit", (2, 4), ({"noise": 0.2},))
    planned = [
        Run(bandit, bandit.settings[0], seed, "default-3", seed == 3, states) for seed in (1, 2, 3)
    ]
    cache, quiet = tmp_path / "cache", Console(quiet=True)
    doers: dict[str, Executor] = {"one": LocalExecutor(1), "ray": executor, "two": LocalExecutor(2)}
    found, measured = [], []
    for name, who in doers.items():
        work = tmp_path / name
        play_missing(planned, work, who, cache, quiet)
        results = [json.loads(run.file(work).read_text()) for run in planned]
        found.append([{**one, "wall_s": None} for one in results])
        # Nodes get what was measured, and measure nothing again.
        measured.append({path: path.stat().st_mtime_ns for path in cache.iterdir()})
        finished = {path: path.stat().st_mtime_ns for path in work.iterdir()}
        play_missing(planned, work, who, cache, quiet)
        assert {path: path.stat().st_mtime_ns for path in work.iterdir()} == finished
    assert found == [found[0]] * 3
    assert measured == [measured[0]] * 3
    assert len(measured[0]) == 1 * 2 + 2
    assert found[0][0] != found[0][1]


@pytest.mark.slow
def test_scenarios_for_pretraining_are_played_the_same(
    executor: RayExecutor, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="pretraining needs PyTorch")
    from tandem.agents.pretraining.play import DATA, Playing, Recipe, played_files, prepare

    recipe = Recipe(scenarios=2, decisions=2, seed=1)
    played = []
    doers: dict[str, Executor] = {"here": LocalExecutor(1), "away": executor}
    for name, who in doers.items():
        folder = tmp_path / name
        results_of(who.map(Playing(), prepare(recipe, folder), {DATA: folder}))
        assert prepare(recipe, folder) == []
        files = [np.load(path, allow_pickle=False) for path in played_files(recipe, folder)]
        played.append([{key: file[key] for key in file} for file in files])
    for here, away in zip(*played, strict=True):
        assert set(here) == set(away)
        for key in set(here) - {"cpu_s"}:
            np.testing.assert_array_equal(here[key], away[key], err_msg=key)
