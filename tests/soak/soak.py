# SPDX-License-Identifier: MIT
"""Hours of use in which nothing may grow: ``make soak`` (``SOAK_S`` seconds, default one hour).

At the same time: a process with a vector environment and an episode that never ends, a server with
a remote client and one that is killed again and again, and a second server that is killed itself.
Meanwhile simulators, episodes and branches of all of them are killed at random. Every few seconds
the memory, descriptors and threads of each process are noted.

Prints a table at the end; status 1 if memory, descriptors or threads grow (``trend.py`` says what
counts as growth), if something stood still or failed otherwise, or if anything is left behind.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path

import zmq
from census import Census, marked
from parts import Part, server, worker
from trend import Series, judge, table

SAMPLE_S = 2.0
KILL_S = 1.0
#: The client and the server that are killed live so long.
VISIT_S = 5.0
FLAKY_S = 20.0
#: A branch lives for milliseconds; so long one is looked for.
CATCH_S = 0.3
#: Longest start of all parts.
START_S = 60.0
#: No part may be silent for longer.
SILENCE_S = 90.0
#: What has been told to end must be gone by then.
GONE_S = 10.0
PROGRESS_S = 300.0
ALL = "all processes together"
GENERATIONS = {"simulator": 1, "zygote": 2, "episode": 3, "branch": 4}


def free_address() -> str:
    """A loopback address that nobody uses now."""
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


class Soak:
    """All parts, what kills them, and what is noted."""

    def __init__(self, duration_s: float, seed: int, folder: Path) -> None:
        self.mark = uuid.uuid4().hex
        self.duration_s = duration_s
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.bytes: dict[str, Series] = {}
        self.counts: dict[str, Series] = {}
        self.problems: list[str] = []
        steady, flaky = free_address(), free_address()
        self.server = server("server", steady, self.mark, folder)
        self.flaky = server("flaky server", flaky, self.mark, folder)
        self.vector = worker("vector", self.mark, folder, "vector")
        self.client = worker("client", self.mark, folder, "remote", steady, flaky)
        self.visitor = worker("visitor", self.mark, folder, "remote", steady)
        self.parts = (self.server, self.flaky, self.vector, self.client, self.visitor)

    def run(self) -> None:
        """Until the time is over or something has gone wrong; counts from when all parts work."""
        deadline_s = time.monotonic() + START_S
        while not all(part.works for part in self.parts):
            if time.monotonic() > deadline_s:
                self.problems.append(f"not all parts worked within {START_S:.0f} s")
                break
            time.sleep(0.05)
        start_s = time.monotonic()
        sample_s = kill_s = told_s = start_s
        visit_s, flaky_s = start_s + VISIT_S, start_s + FLAKY_S
        while (now_s := time.monotonic()) < start_s + self.duration_s and not self.problems:
            if now_s >= sample_s:
                sample_s = now_s + SAMPLE_S
                self.sample(now_s - start_s)
            if now_s >= kill_s:
                kill_s = now_s + self.random.uniform(0.5, 1.5) * KILL_S
                self.kill_something()
            if now_s >= visit_s and self.visitor.works:
                visit_s = now_s + self.random.uniform(0.5, 1.5) * VISIT_S
                self.replace(self.visitor, "client")
            if now_s >= flaky_s and self.flaky.works:
                flaky_s = now_s + self.random.uniform(0.5, 1.5) * FLAKY_S
                self.replace(self.flaky, "server")
            if now_s >= told_s + PROGRESS_S:
                told_s = now_s
                print(f"{now_s - start_s:.0f} s: {self.told()}", flush=True)
            time.sleep(0.05)

    def replace(self, part: Part, kind: str) -> None:
        """Kill one of the parts and start it again."""
        part.kill()
        self.kills[kind] += 1
        part.start()

    def kill_something(self) -> None:
        """SIGKILL for a random simulator, episode or branch, here or on a server."""
        kind = self.random.choice(tuple(GENERATIONS))
        spared = set(self.vector.said.get("spared", ()))
        owner = self.random.choice((self.vector, self.server, self.flaky))
        deadline_s = time.monotonic() + (CATCH_S if kind == "branch" else 0.0)
        while True:
            census = Census(self.mark)
            found = [p.pid for p in census.below(owner.pid, GENERATIONS[kind])]
            victims = [pid for pid in found if pid not in spared]
            if victims or time.monotonic() > deadline_s:
                break
        if victims:
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(victims), signal.SIGKILL)
                self.kills[kind] += 1

    def sample(self, time_s: float) -> None:
        """Note what each process holds, and look after the lasting ones."""
        census = Census(self.mark)
        spared = self.vector.said.get("spared", [0, 0])
        groups = {
            "vector env, Python": [self.vector.pid],
            "vector env, endless episode": spared[1:],
            "remote client, Python": [self.client.pid],
            "server, Python": [self.server.pid],
        }
        for name, pids in groups.items():
            for process in filter(None, map(census.get, pids)):
                self.note(name, time_s, process.rss_bytes, process.descriptors, process.threads)
        for name, owner in (("vector env", self.vector), ("server", self.server)):
            zygotes = census.simulators(owner.pid)
            if zygotes:
                largest = max(zygotes, key=lambda p: p.rss_bytes)
                self.note(
                    f"{name}, largest simulator",
                    time_s,
                    largest.rss_bytes,
                    max(p.descriptors for p in zygotes),
                    None,
                )
        living = [p for p in census.processes.values() if not p.zombie]
        self.note(
            ALL,
            time_s,
            sum(p.rss_bytes for p in living),
            sum(p.descriptors for p in living),
            None,
        )
        self.counts.setdefault(f"{ALL}: number", Series()).add(time_s, len(living))
        self.counts.setdefault("zombies", Series()).add(time_s, len(census.processes) - len(living))
        for part in self.parts:
            if part.process.poll() is not None:
                self.problems.append(f"the {part.name} ended by itself:\n{part.errors()}")
        for part in (self.vector, self.client):
            if time.monotonic() - part.heard_s > SILENCE_S:
                self.problems.append(f"the {part.name} stood still for {SILENCE_S:.0f} s")

    def note(
        self, name: str, time_s: float, rss: int, descriptors: int, threads: int | None
    ) -> None:
        """One sample of one process."""
        self.bytes.setdefault(f"{name}: RSS, MiB", Series()).add(time_s, rss)
        self.counts.setdefault(f"{name}: descriptors", Series()).add(time_s, descriptors)
        if threads is not None:
            self.counts.setdefault(f"{name}: threads", Series()).add(time_s, threads)

    def told(self) -> str:
        """What was done so far."""
        done: Counter[str] = Counter()
        for part in (self.vector, self.client, self.visitor):
            done.update(part.counts)
        kills = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kills.items()))
        counts = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
        return f"killed: {kills}; done: {counts}"

    def end(self) -> None:
        """Stop everything; nothing may be left."""
        self.counted = self.told()
        for part in (self.visitor, self.client, self.vector, self.flaky, self.server):
            part.stop()
        deadline_s = time.monotonic() + GONE_S
        while marked(self.mark) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        left = marked(self.mark)
        if left:
            self.problems.append(f"processes are left: {left}")
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def report(self) -> int:
        """Print everything; the exit status."""
        print(self.counted)
        for part in (self.vector, self.client, self.visitor):
            for kind, text in part.said.get("examples", {}).items():
                print(f"{part.name}, first {kind}: {text}")
        memory, counts = (
            {
                name: judge(series, self.duration_s, counted=counted, summed=name.startswith(ALL))
                for name, series in kept.items()
            }
            for counted, kept in ((False, self.bytes), (True, self.counts))
        )
        print(table(memory, counts))
        self.problems += [
            f"{name} grows" for name, trend in {**memory, **counts}.items() if trend.grows
        ]
        print("\n".join(self.problems) or "nothing grows, nothing is left")
        return 1 if self.problems else 0


def main() -> int:
    """One soak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        soak = Soak(arguments.seconds, arguments.seed, folder)
        try:
            soak.run()
        finally:
            soak.end()
        # Each death leaves the actions that bring it about again.
        kept = {".log", ".actions"}
        files = sorted(path.name for path in folder.rglob("*") if path.suffix not in kept)
        if files:
            soak.problems.append(f"files are left: {files}")
        return soak.report()


if __name__ == "__main__":
    sys.exit(main())
