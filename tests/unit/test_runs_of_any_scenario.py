# SPDX-License-Identifier: MIT
"""Run folders of scenarios that know no requests, recorded from real simulators."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import tandem
from tandem.bridge.core import domain
from tandem.bridge.core.block import Column
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.objective import EpochResult
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.recovery import recover
from tandem.bridge.runs.writer import RunWriter

DECISIONS = 3
ROWS = 2
#: Scenario, its arguments, a joint action, columns of its decisions beside those of all.
SCENARIOS: list[tuple[str, dict[str, Any], list[float], list[str]]] = [
    ("hello", {"queues": 2}, [0], ["observation_backlog"]),
    ("echo", {"values": 2, "rows": ROWS}, [1.5, -2.0], ["observation_values"]),
]


def play(env: TandemEnv, writer: RunWriter, action: list[float], *, until: int) -> None:
    """Record episodes of `DECISIONS` decisions, up to number ``until``."""
    tables = [table.name for table in env.schema.records]
    for episode in range(writer.episodes_finished, until):
        observation, _ = env.reset(seed=7 + episode)
        writer.begin_episode(episode, 7 + episode, observation)
        for decision in range(DECISIONS):
            chosen = np.array(action, dtype=env.action_space.dtype)
            observation, reward, terminated, _, info = env.step(chosen)
            last = decision == DECISIONS - 1
            records = {name: info[name] for name in tables}
            writer.add(chosen, observation, float(reward), terminated, last, records)


class Killed(BaseException):
    """Ends a run as a dead process would."""


@pytest.mark.parametrize(("scenario", "arguments", "action", "columns"), SCENARIOS)
def test_a_run_without_requests_is_recorded_resumed_and_loaded(
    tmp_path: Path,
    scenario: str,
    arguments: dict[str, Any],
    action: list[float],
    columns: list[str],
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with TandemEnv(scenario, arguments) as env:
        for folder in (whole, cut):
            run_folder.prepare(folder, force=False)
        with RunWriter(whole, schema=env.schema, config={}) as writer:
            play(env, writer, action, until=3)

        def interrupted() -> None:
            with RunWriter(cut, schema=env.schema, config={}) as writer:
                play(env, writer, action, until=1)
                observation, _ = env.reset(seed=8)
                writer.begin_episode(1, 8, observation)
                raise Killed

        with pytest.raises(Killed):
            interrupted()
        writer = RunWriter(cut, schema=env.schema, config={})
        writer.resume()
        assert writer.episodes_finished == 1
        with writer:
            play(env, writer, action, until=3)
    for path in run_folder.table_paths(whole):
        assert (cut / path.name).read_bytes() == path.read_bytes()
    run = tandem.load_run(cut)
    counts = ["rows_rows"] if scenario == "echo" else []
    assert list(run.decisions) == ["episode", "decision", "reward", *counts, "action", *columns]
    assert len(run.decisions) == 3 * DECISIONS
    assert run.episodes["decisions"].tolist() == [DECISIONS] * 3
    assert "requests" not in run.episodes
    with pytest.raises(AttributeError, match="without table 'requests'"):
        _ = run.requests
    assert not run.topology.nodes
    if scenario == "echo":
        assert len(run.rows) == 3 * DECISIONS * ROWS
        assert run.columns("rows").loc["value", "help"] == "number of the row"
        assert run.observation("values").loc[0, 1]["value"].tolist() == action


def test_a_killed_run_without_requests_is_recovered(tmp_path: Path) -> None:
    with TandemEnv("echo", values=2, rows=ROWS) as env:
        writer = RunWriter(tmp_path, schema=env.schema, config={})
        writer.__enter__()
        play(env, writer, [1.0, 2.0], until=1)
    writer._close_journal(delete=False)  # as the kernel would do
    assert recover(tmp_path)
    run = tandem.load_run(tmp_path)
    assert run.metadata["status"] == "killed"
    assert len(run.rows) == DECISIONS * ROWS


class RowsDomain:
    """Counts the rows of a record table, for `test_a_domain_adds_its_columns`."""

    summary_key = "rows_seen"
    result_type = EpochResult
    objectives: ClassVar[dict[str, Any]] = {}
    default_objective = staticmethod(lambda result: 0.0)
    summary_tables = ("rows",)
    label_keys = ()
    decision_columns = (Column("rows_seen", "", "rows of the decision"),)
    episode_columns = (Column("value_sum", "", "sum over the rows of the episode"),)

    def matches(self, tables: Mapping[str, Collection[str]]) -> bool:
        return "value" in tables["rows"]

    def node_attributes(self, node: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def decision_summary(self, records: Mapping[str, NDArray[np.void]]) -> dict[str, float | int]:
        return {"rows_seen": len(records["rows"])}

    def episode_summary(self, records: Mapping[str, NDArray[np.void]]) -> dict[str, float | int]:
        return {"value_sum": float(records["rows"]["value"].sum())}

    def agent_rewards(
        self, records: Mapping[str, NDArray[np.void]], agents: int
    ) -> NDArray[np.float64]:
        return np.zeros(agents)


ROWS_DOMAIN = RowsDomain()


def test_a_domain_adds_its_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(domain._DOMAINS, "rows", f"{__name__}:ROWS_DOMAIN")
    with (
        TandemEnv("echo", values=2, rows=ROWS) as env,
        RunWriter(tmp_path, schema=env.schema, config={}) as writer,
    ):
        play(env, writer, [1.0, 2.0], until=2)
    run = tandem.load_run(tmp_path)
    assert run.decisions["rows_seen"].tolist() == [ROWS] * 2 * DECISIONS
    assert run.episodes["value_sum"].tolist() == [float(sum(range(ROWS))) * DECISIONS] * 2
    assert run.columns("episodes").loc["value_sum", "help"] == "sum over the rows of the episode"
    order = pq.read_table(run_folder.table_path(tmp_path, "decisions")).column_names
    assert order.index("reward") < order.index("rows_seen") < order.index("action")
