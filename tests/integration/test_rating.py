# SPDX-License-Identifier: MIT
"""Another objective's rewards for recorded runs: ``report`` and ``analyze --objective``."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from commands import tandem
from own_scenario import own_scenario

import tandem as package
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.toolchain import find_compiler
from tandem.scripts.app.inspection.rating import load_rated

REWARD = """
import numpy as np

class All:
    '''Reads everything that a run records, and remembers.'''

    def reset(self):
        self.total = 0.0

    def __call__(self, result):
        seen, before = result.observation["cells"], result.previous_observation["cells"]
        served = result.records["served"]["packets"]
        radio, channel = result.action["radio"], result.action["channel"]
        assert radio.shape == (3, 2) and channel.shape == (3,) and seen.shape == before.shape
        self.total += float(served.sum()) + radio[0, 1]
        return self.total + float((seen - before).sum()) / (1 + channel[2]) + result.decision

def fair(result):
    return {"cell": result.observation["cells"][:, 0], "mode": 0.0}

def seconds(result):
    return result.time_s

def missing(result):
    return result.observation["flows"].sum()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rated runs")
    (folder / "reward.py").write_text(REWARD)
    return folder


def record(place: Path, scenario: str, objective: str, *more: str) -> Path:
    folder = place / f"{Path(scenario).name}-{objective.rpartition(':')[2]}"
    done = tandem(
        *("run", "--scenario", scenario, "--policy", "random", "--objective", objective),
        *("--epochs", "6", "--episodes", "2", "--quiet", "--out", str(folder), *more),
    )
    assert done.returncode == 0, done.stderr
    return folder


def same_rewards(rated: Run, recorded: Run) -> None:
    for table in ("decisions", "episodes"):
        assert rated.table(table).to_json() == recorded.table(table).to_json()


@pytest.fixture(scope="module")
def cells(place: Path) -> Path:
    """A run of three action blocks and a record table, rewarded by `All`."""
    if find_compiler() is None:
        pytest.skip("no C++ compiler")
    return record(place, str(own_scenario("cells")), f"{place}/reward.py:All")


def test_the_same_objective_gives_the_recorded_rewards(place: Path, cells: Path) -> None:
    recorded = package.load_run(cells)
    assert recorded.decisions["reward"].nunique() > 6
    same_rewards(load_rated(cells, f"{place}/reward.py:All"), recorded)


@pytest.mark.parametrize(
    ("scenario", "objective", "more"),
    [
        ("wifi-edge", "paper", ("--users", "2", "--set", "arrivals=poisson", "--accuracy", "80")),
        ("wifi-edge", "mean", ("--users", "2", "--frames")),
        ("wifi-contention", "paper", ()),  # its own, "fair"
    ],
)
def test_named_objectives_give_the_recorded_rewards(
    place: Path, scenario: str, objective: str, more: tuple[str, ...]
) -> None:
    recorded = record(place, scenario, objective, *more)
    name = objective if scenario == "wifi-edge" else "fair"
    same_rewards(load_rated(recorded, name), package.load_run(recorded))


def test_analyze_and_report_show_another_objective(place: Path, cells: Path) -> None:
    name = f"{place}/reward.py:fair"
    other = record(place, str(own_scenario("cells")), name)  # the same actions by the same seed
    wanted = package.load_run(other).decisions["reward"]
    shown = tandem("analyze", str(cells), "--objective", name, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)[0]["summary"]["reward_mean"] == wanted.mean()
    page = place / "page.html"
    made = tandem("report", str(cells), "--objective", name, "--out", str(page))
    assert made.returncode == 0, made.stderr
    text = page.read_text()
    assert "reward reward.py:fair" in text
    drawn = json.loads(
        re.search(r'id="figure-data">(.*?)</script>', text, re.DOTALL)[1].replace("\\u003c", "<")
    )
    line = next(t for t in drawn["rewards"]["data"] if t.get("opacity") == 0.25)
    packed = base64.b64decode(line["y"]["bdata"])
    assert np.frombuffer(packed, line["y"]["dtype"]).tolist() == wanted.tolist()
    assert package.load_run(cells).decisions["reward"].tolist() != wanted.tolist()  # untouched


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("seconds", r"gives NaN .*decision 0: does it read time_s"),
        ("missing", r"KeyError: 'flows'; the run has the blocks .*cells.* and the tables served"),
    ],
)
def test_what_a_run_cannot_tell_is_said(place: Path, cells: Path, name: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        load_rated(cells, f"{place}/reward.py:{name}")


def test_rows_of_older_runs_are_refused_only_where_they_are_needed(
    place: Path, cells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_old(folder: Path) -> Run:
        run = package.load_run(folder)
        decisions = run.decisions.drop(columns="rows_served")
        return Run(
            folder, run.metadata, run.config, run.schema, {**run.tables, "decisions": decisions}
        )

    monkeypatch.setattr("tandem.scripts.app.inspection.rating.load_run", load_old)
    assert len(load_rated(cells, f"{place}/reward.py:fair").decisions) == 12
    with pytest.raises(TandemError, match="does not tell which rows of 'served' belong"):
        load_rated(cells, f"{place}/reward.py:All")


def test_the_oracle_keeps_its_cost(cells: Path) -> None:
    refused = tandem("report", str(cells), "--oracle", "1", "--objective", "mean")
    assert refused.returncode == 2
    assert "leave it out with --objective" in refused.stderr
