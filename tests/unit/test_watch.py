# SPDX-License-Identifier: MIT
"""What the live page is told: of runs that grow, end and begin anew; and who may ask."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import run_folders
from run_folders import USERS, write_run

from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.follow import JournalFollower
from tandem.bridge.runs.reader import read_run
from tandem.bridge.runs.writer import RunWriter
from tandem.scripts.app.watch import answers as answers_module
from tandem.scripts.app.watch.answers import Answers, Question
from tandem.scripts.app.watch.server import WatchServer


class Played:
    """A run that is being written, decision by decision."""

    def __init__(self, folder: Path) -> None:
        run_folder.prepare(folder, force=True)
        described = run_folders.schema()
        self.types = {entry.name: entry.dtype for entry in described.records}
        self.writer = RunWriter(folder, schema=described, config={"seed": 1})
        self.decision = 0

    def begin(self, episode: int) -> None:
        self.writer.begin_episode(episode, episode, {"cells": np.array([[0.0]])})
        self.decision = 0

    def add(self, decisions: int, *, last: bool = False) -> None:
        for number in range(decisions):
            rows = run_folders.requests(self.decision, self.types["requests"])
            self.writer.add(
                np.array([0, 1, 2]),
                {"cells": np.array([[0.5 + self.decision]])},
                -1.0 - self.decision,
                False,
                last and number == decisions - 1,
                {
                    "requests": rows,
                    "positions": run_folders.positions(self.decision, self.types["positions"]),
                },
            )
            self.decision += 1


def test_a_run_that_grows_and_ends(tmp_path: Path) -> None:
    played = Played(tmp_path / "run")
    with played.writer:
        answers = Answers(tmp_path / "run")
        assert answers.answer(Question())["notes"] == ["no decision yet"]
        played.begin(0)
        played.add(2)
        first = answers.answer(Question())
        assert first["status"] == "running"
        assert first["moments"]["decision"] == [0, 1]
        assert first["moments"]["begin"] == [1.0, 1.5]
        assert first["moments"]["actions"] == [[0, 1, 2], [0, 1, 2]]
        assert first["moments"]["places"][1] == {"x": [11.0, 12.0, 13.0], "y": [0.0, 1.0, 2.0]}
        assert len(first["moments"]["requests"]["times"]) == 2 * USERS
        # User 1 at the edge: uplink 0.04 + 0.02 + 0.01, site 0.03 + 0.1, downlink 0.005.
        assert first["moments"]["requests"]["times"][1] == pytest.approx(
            [1.0, 1.0, 1.07, 1.2, 1.205]
        )
        assert json.loads(first["scene"]["map"])["data"]
        assert set(first["scene"]["where"]) >= {"ap", "edge", "cloud"}
        played.add(3)
        known = {"since": 2, "seen": first["version"], "curve": first["curve"]["version"]}
        more = answers.answer(Question(**known))
        assert more["moments"]["decision"] == [2, 3, 4]
        assert more["scene"] is None
        assert more["curve"]["rewards"]["x"] == [0, 1, 2, 3, 4]
        known = {"since": 5, "seen": more["version"], "curve": more["curve"]["version"]}
        same = answers.answer(Question(**known))
        assert same["moments"] is None
        assert same["curve"] is None
        played.add(1, last=True)
        played.begin(1)
        # The new episode has nothing to show yet.
        assert answers.answer(Question(**known))["moments"]["decision"] == [5]
        played.add(2, last=True)
        running = [answers.answer(Question(episode=k)) for k in (0, 1)]
    ended = [answers.answer(Question(episode=k)) for k in (0, 1)]
    assert ended[0]["status"] == run_folder.COMPLETE
    assert [one["moments"] for one in ended] == [one["moments"] for one in running]
    assert ended[0]["version"] != running[0]["version"]
    assert ended[1]["before"] == 6


def test_a_run_that_ends_between_two_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(tmp_path / "run")
    read = JournalFollower.part
    with ExitStack() as running:
        running.enter_context(played.writer)
        played.begin(0)
        played.add(3, last=True)
        answers = Answers(tmp_path / "run")

        def end_and_read(follower: JournalFollower, *decisions: int) -> Any:
            running.close()  # deletes the journal that was followed a moment ago
            return read(follower, *decisions)

        monkeypatch.setattr(JournalFollower, "part", end_and_read)
        answer = answers.answer(Question())
    assert answer["status"] == run_folder.COMPLETE
    assert answer["moments"]["decision"] == [0, 1, 2]


def test_the_answer_under_way_is_finished_before_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "run")
    reading, may_go_on = threading.Event(), threading.Event()
    read = Answers._read

    def slowly(self: Answers, question: Question) -> dict[str, Any]:
        reading.set()
        assert may_go_on.wait(20)
        return read(self, question)

    monkeypatch.setattr(Answers, "_read", slowly)
    told: list[tuple[int, Any, bytes]] = []
    with WatchServer(Answers(tmp_path), "127.0.0.1", 0) as server:
        serving = threading.Thread(target=server.serve_until, args=[reading.is_set])
        asking = threading.Thread(target=lambda: told.append(ask(server.server_port, "/data")))
        serving.start()
        asking.start()
        assert reading.wait(20)
        serving.join(3 * server.timeout)
        assert serving.is_alive()
        may_go_on.set()
        serving.join(20)
        assert not serving.is_alive()
        asking.join(20)
        assert told[0][0] == 200


def test_only_a_part_of_a_long_episode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "MOST_DECISIONS", 4)
    answers = Answers(write_run(tmp_path / "run", epochs=10))
    last = answers.answer(Question())
    assert (last["part"], last["parts"]) == (2, 3)
    assert last["moments"]["decision"] == [8, 9]
    assert "decisions 8–9 of 10" in last["notes"][0]
    assert answers.answer(Question(episode=0, part=1))["moments"]["decision"] == [4, 5, 6, 7]


@pytest.mark.parametrize("anew", [True, False])
def test_the_follower_reads_what_the_tables_hold(tmp_path: Path, anew: bool) -> None:
    """Also after a resume, which writes what was recorded before as one entry.

    Args:
        anew: in a new journal, as a new process does, or in the one that is there.
    """
    one = Played(tmp_path / "one")
    with one.writer:
        one.begin(0)
        one.add(2)
        state = one.writer.state_dict()
    folder = tmp_path / "other"
    other = Played(folder)
    follower = JournalFollower(folder)
    other.writer.__enter__()
    other.begin(0)
    other.add(4)
    follower.refresh()
    if anew:
        other.writer._close_journal(delete=False)  # as a kill leaves it
        other.writer = RunWriter(folder, schema=run_folders.schema(), config={"seed": 1})
    other.writer.load_state_dict(state)
    with other.writer if anew else nullcontext(other.writer):
        other.decision = 2
        other.add(3)
        assert follower.refresh()
        assert follower.generation == 1
        parts = [follower.part(0, first, last) for first, last in ((0, 5), (1, 4), (2, 3), (3, 5))]
    if not anew:
        other.writer.__exit__(None, None, None)
    run = read_run(folder)
    assert len(run.decisions) == 5
    for (first, last), part in zip(((0, 5), (1, 4), (2, 3), (3, 5)), parts, strict=True):
        for name in ("decisions", "requests", "positions"):
            wanted = run.table(name)
            wanted = wanted[wanted["decision"].between(first, last - 1)]
            for column in part[name].columns:
                assert np.array_equal(
                    np.stack(part[name][column].to_numpy()), np.stack(wanted[column].to_numpy())
                ), (name, column)


def test_the_folder_of_several_runs(tmp_path: Path) -> None:
    for name in ("a/edge-s1", "b/edge-s1"):
        write_run(tmp_path / "sweep" / name)
    answers = Answers(tmp_path / "sweep")
    told = answers.answer(Question(run="b/edge-s1"))
    assert [run["key"] for run in told["runs"]] == ["a/edge-s1", "b/edge-s1"]
    assert told["run"] == "b/edge-s1"
    with pytest.raises(TandemError, match="no run"):
        answers.answer(Question(run="../elsewhere"))
    write_run(tmp_path / "sweep" / "c" / "edge-s1")
    assert len(answers.answer(Question())["runs"]) == 3


def test_nothing_is_written_into_a_killed_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    played = Played(folder)
    played.writer.__enter__()
    played.begin(0)
    played.add(2)
    played.writer._close_journal(delete=False)  # as a kill leaves it
    before = contents(folder)
    assert answers_of(folder)["moments"]["decision"] == [0, 1]
    assert contents(folder) == before


def test_a_run_that_replaces_another(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = Played(folder)
    first.writer.__enter__()
    first.begin(0)
    first.add(3)
    answers = Answers(folder)
    told = answers.answer(Question())
    first.writer._close_journal(delete=False)  # as a kill leaves it
    second = Played(folder)
    with second.writer:
        second.begin(0)
        second.add(1)
        again = answers.answer(Question(since=3, seen=told["version"]))
        assert again["moments"]["decision"] == [0]
        assert again["version"] != told["version"]


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"not there.*tandem run"):
        Answers(tmp_path / "missing")
    with pytest.raises(TandemError, match="holds no run"):
        Answers(tmp_path)


def test_who_may_ask(tmp_path: Path) -> None:
    with serving(write_run(tmp_path / "run")) as port:
        status, headers, body = ask(port, "/")
        assert status == 200
        assert b"tandem watch" in body
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert ask(port, "/data?since=0")[0] == 200
        assert ask(port, "/data?run=../x")[0] == 503
        assert ask(port, "/data?since=-1")[0] == 400
        assert ask(port, "/data?file=config.yaml")[0] == 400
        for path in (
            "/config.yaml",
            "/../run/config.yaml",
            "/%2e%2e/metadata.json",
            "//etc/passwd",
        ):
            assert ask(port, path)[0] == 404, path
        assert ask(port, "/data", host="evil.example")[0] == 403
        assert ask(port, "/data", host=f"localhost:{port + 1}")[0] == 200
        with pytest.raises(TandemError, match=rf"port {port} .* in use"):
            WatchServer(Answers(tmp_path / "run"), "127.0.0.1", port)


def answers_of(folder: Path) -> dict[str, Any]:
    return Answers(folder).answer(Question())


def contents(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    with WatchServer(Answers(folder), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def ask(port: int, path: str, host: str | None = None) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={} if host is None else {"Host": host})
    answer = connection.getresponse()
    body = gzip.decompress(answer.read())
    connection.close()
    return answer.status, answer.headers, body
