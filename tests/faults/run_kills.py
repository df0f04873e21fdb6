# SPDX-License-Identifier: MIT
"""Kills of agents, clients, servers and their simulators while whole runs are recorded."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import random
import shutil
import socket
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from processes import alive, children, descendants, kill, reap, seconds_until_gone
from tally import Tally

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.remote import ConnectionLost
from tandem.bridge.remote.sockets import Access
from tandem.bridge.runs import journal
from tandem.bridge.runs.reader import load_run
from tandem.bridge.server.catalogue import Catalogue
from tandem.bridge.server.config import default_config
from tandem.bridge.server.server import Server
from tandem.scripts.app.offers import offers

SCENARIO: Final = "wifi-edge"
EPOCHS: Final = 20
EPISODES: Final = 3
OPTIONS: Final = (
    *("run", "--quiet", "--policy", "random", "--users", "2", "--seed", "2"),
    *("--epochs", str(EPOCHS), "--episodes", str(EPISODES)),
)
TABLES: Final = ("requests", "decisions", "episodes")
#: Until everything that belonged to a victim has ended, or those that need it know.
LIMIT_S: Final = 5.0
_RUN_LIMIT_S: Final = 240.0
#: Share of kills that need not wait until the run records its next epoch.
_EARLY_SHARE: Final = 0.3
_LONGEST_START_S: Final = 0.4
_LONGEST_PLAY_S: Final = 0.15
_LOOK_S: Final = 0.002
_FAULTS_PER_RUN: Final = 6


def serve(address: str, catalogue: dict[str, Any]) -> None:
    """A server as `tandem serve` runs it, until it is killed."""
    with Server(Catalogue(catalogue), default_config(), Access(address, telemetry="")) as server:
        server.run()


def run(arguments: list[str], output: str) -> None:
    """``tandem ARGUMENTS`` in this process."""
    from tandem.scripts.cli import app

    with Path(output).open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    app(arguments)


class RunKills:
    """Records runs under fire.

    Args:
        tally: where the counts go.
        seed: of delays and choices.
        folder: for the runs; made here.
        end_s: no new faults after this (``time.monotonic()``).
    """

    def __init__(self, tally: Tally, seed: int, folder: Path, end_s: float) -> None:
        folder.mkdir()
        self._tally = tally
        self._random = random.Random(seed)
        self._folder = folder
        self._end_s = end_s
        self._round = 0
        # Children start from a process that has imported everything and has no threads.
        self._start = multiprocessing.get_context("forkserver")
        self._start.set_forkserver_preload(["run_kills", "tandem.scripts.main"])
        self._catalogue = offers([SCENARIO])
        self._server: BaseProcess | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"

    def warm_up(self) -> None:
        """Play the uninterrupted run, and start all that stays for the whole campaign."""
        whole = self._folder / "whole"
        process = self._run(whole, [])
        process.join(_RUN_LIMIT_S)
        assert process.exitcode == 0, (self._folder / "output").read_text()
        process.close()
        self._expected = {name: (whole / f"{name}.parquet").read_bytes() for name in TABLES}
        self._files = sorted(path.name for path in whole.iterdir())
        self._steady = set(children(os.getpid()))
        self._lose_server()

    def round(self) -> None:
        """One run from its start to its end, with a handful of kills in between."""
        self._round += 1
        remote = self._round % 2 == 0
        folder = self._folder / f"run{self._round}"
        if remote:
            self._serve()
        process = self._go_on(folder, remote)
        faults = 0
        started_s = time.monotonic()
        while time.monotonic() - started_s < _RUN_LIMIT_S:
            if faults < _FAULTS_PER_RUN:
                self._wait_for_a_moment(process, folder)
            else:
                process.join(_RUN_LIMIT_S)
            if process.exitcode is not None:
                if process.exitcode == 0:
                    break
                process.close()
                process = self._go_on(folder, remote)
                continue
            kinds = ["client", "server", "remote simulator"] if remote else ["agent", "its zygote"]
            faults += self._hit(self._random.choice(kinds), process, folder)
        process.kill()
        process.join()
        process.close()
        self._end_server()
        self.reap()
        self._compare(folder)
        if remote:
            self._lose_server()

    def _wait_for_a_moment(self, process: BaseProcess, folder: Path) -> None:
        """Until a random moment: of its start, or of the epochs that it plays."""
        if self._random.random() < _EARLY_SHARE:
            process.join(self._random.uniform(0.0, _LONGEST_START_S))
            return
        recorded = folder / journal.JOURNAL
        before, limit_s = _size(recorded), time.monotonic() + _RUN_LIMIT_S
        while _size(recorded) == before and process.exitcode is None:
            time.sleep(_LOOK_S)
            if time.monotonic() > limit_s:
                return
        process.join(self._random.uniform(0.0, _LONGEST_PLAY_S))

    def reap(self) -> None:
        """Take note of the end of processes whose parents were killed."""
        reap(self._steady)

    def close(self) -> None:
        """End the server, if one is left."""
        self._end_server()

    # --- faults ---------------------------------------------------------------------------------

    def _hit(self, kind: str, process: BaseProcess, folder: Path) -> int:
        """Kill one of those who take part; the number of faults, 0 if there was none to hit."""
        pid = process.pid
        assert pid is not None
        on_disk = _finished(folder)
        server_pid = None if self._server is None else self._server.pid
        if kind in ("agent", "client"):
            family = descendants(pid) if kind == "agent" else descendants(server_pid or 0)
            start_s = time.monotonic()
            if not kill(pid):
                return 0
            process.join()
            gone = seconds_until_gone(family, LIMIT_S)
            seconds = time.monotonic() - start_s if math.isfinite(gone) else gone
        elif kind == "server":
            family = descendants(server_pid or 0)
            kill(server_pid or 0)
            seconds = seconds_until_gone(family, LIMIT_S)
            self._end_server()
            self._serve()
        else:
            victims = children(pid if kind == "its zygote" else server_pid or 0)
            victims = [victim for victim in victims if alive(victim)]
            if not victims:
                return 0
            family = [pid, *descendants(victims[0])]  # the run ends with an error, and is resumed
            kill(victims[0])
            seconds = seconds_until_gone(family, LIMIT_S)
        self._tally.note(kind, seconds, LIMIT_S)
        if kind in ("agent", "client"):
            after = _finished(folder)
            self._tally.lost += max(0, on_disk - after)
            if after:
                recorded = len(load_run(folder).tables["decisions"])
                self._tally.lost += max(0, after - recorded)
        return 1

    def _lose_server(self) -> None:
        """A client without resuming must be told that its server is gone."""
        self._serve()
        target = Target(self._address, resume_timeout_s=0.0)
        simulator = RemoteSimulator(SCENARIO, {"users": 2, "epochs": 0}, target=target)
        simulator.reset(1)
        server_pid = self._server.pid if self._server else None
        killed_s = 0.0
        deadline_s = time.monotonic() + LIMIT_S
        moment_s = time.monotonic() + self._random.uniform(0.0, 0.05)
        told_s = float("inf")
        try:
            while time.monotonic() < deadline_s:
                simulator.post([8, 8])
                if not killed_s and time.monotonic() >= moment_s:
                    killed_s = time.monotonic()
                    kill(server_pid or 0)
                simulator.wait()
        except ConnectionLost:
            told_s = time.monotonic()
        simulator.close()
        self._tally.note("server, client told", told_s - killed_s, LIMIT_S)
        self._end_server()
        self.reap()

    # --- runs and servers -----------------------------------------------------------------------

    def _go_on(self, folder: Path, remote: bool) -> BaseProcess:
        """Start a run, or resume it where there is something to resume."""
        begun = (folder / "config.yaml").is_file() and (folder / journal.JOURNAL).is_file()
        options = ["--resume"] if begun else ["--force"]
        return self._run(folder, options + (["--connect", self._address] if remote else []))

    def _run(self, folder: Path, options: list[str]) -> BaseProcess:
        arguments = [*OPTIONS, *options, "--out", str(folder)]
        output = str(self._folder / "output")
        process = self._start.Process(target=run, args=(arguments, output))
        process.start()
        return process

    def _serve(self) -> None:
        self._server = self._start.Process(target=serve, args=(self._address, self._catalogue))
        self._server.start()

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            family = descendants(server.pid or 0)
            server.kill()
            server.join()
            server.close()
            self._tally.expect(
                seconds_until_gone(family, LIMIT_S) <= LIMIT_S, "simulators outlive their server"
            )

    def _compare(self, folder: Path) -> None:
        """Whether the run is complete and equals the uninterrupted one."""
        for name in TABLES:
            path = folder / f"{name}.parquet"
            if not path.is_file():
                output = (self._folder / "output").read_text()[-2000:]
                self._tally.failures.append(f"{folder.name} has no {name}: {output}")
                self._tally.lost += 1
            elif path.read_bytes() != self._expected[name]:
                self._tally.failures.append(f"{folder.name}: {name} differs")
                self._tally.lost += 1
        files = sorted(path.name for path in folder.iterdir() if path.suffix != ".actions")
        self._tally.expect(files == self._files, f"{folder.name} holds {files}")
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _finished(folder: Path) -> int:
    """Epochs of a run that are on disk."""
    if (folder / "requests.parquet").is_file() and not (folder / journal.JOURNAL).exists():
        return EPOCHS * EPISODES
    if not (folder / journal.JOURNAL).is_file():
        return 0
    return sum(entry.call == "add" for entry in journal.read(folder))
