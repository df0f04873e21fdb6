# SPDX-License-Identifier: MIT
"""A process under load: steps, resets, branches and new simulators without an end.

``worker.py vector`` has a vector environment and a simulator whose episode never ends,
``worker.py remote ADDRESS…`` the same kind of load on servers. Whatever is killed under it is
replaced. Prints its counts as one line of JSON each second.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from tandem.bridge.backends.remote import RemoteBackend, Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.core.vector import TandemVectorEnv

WIFI = {"users": 2, "epochs": 6}
ENDLESS = {"users": 2, "epochs": 0, "warmupSeed": 1}  # no zygote that could be killed
ECHO = {"values": 256, "rows": 3, "epochs": 0}
ENVS = 2
OPTIONS = 10
BRANCHES = 4
ECHO_STEPS = 200
#: How long a server that was killed is waited for.
PATIENCE_S = 10.0
#: After so many episodes everything is closed and started anew.
EPISODES_PER_LIFE = 25
SAY_S = 1.0


class Load:
    """Counts what is done, and restarts what has died."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.spared: list[int] = []
        self._said_s = 0.0
        self.rng = np.random.default_rng(1)

    def say(self) -> None:
        """Tell the soak how far this is, at most once a second."""
        if time.monotonic() - self._said_s >= SAY_S:
            self._said_s = time.monotonic()
            state = {"counts": self.counts, "spared": self.spared, "examples": self.examples}
            print(json.dumps(state), flush=True)

    def survived(self, error: TandemError) -> None:
        """Count an error; the first of each kind is told."""
        kind = type(error).__name__
        self.counts[kind] += 1
        self.examples.setdefault(kind, str(error).splitlines()[0])

    def survive(self, make: Callable[[], Any], play: Callable[[Any], None]) -> None:
        """Play one life: until its end, or until a kill has gone too deep for a reset."""
        try:
            subject = make()
        except TandemError as error:
            self.survived(error)
            self.say()
            return
        self.counts["starts"] += 1
        try:
            failures = 0
            for _ in range(EPISODES_PER_LIFE):
                try:
                    play(subject)
                    failures = 0
                except TandemError as error:
                    self.survived(error)
                    self.say()
                    failures += 1
                    if failures > 1:  # not even a reset helps: the zygote is gone
                        return
                self.say()
        finally:
            subject.close()

    def play_vector(self, env: TandemVectorEnv) -> None:
        """One episode in each environment, with branches."""
        env.reset(seed=int(self.rng.integers(1000)))
        self.counts["resets"] += env.num_envs
        for _ in range(WIFI["epochs"]):
            env.step(self.rng.integers(OPTIONS, size=(env.num_envs, WIFI["users"])))
            self.counts["epochs"] += env.num_envs
        env.reset(seed=int(self.rng.integers(1000)))
        self.counts["resets"] += env.num_envs
        for each in env.envs:
            self.branch(each)

    def play_env(self, env: TandemEnv) -> None:
        """One episode with branches."""
        env.reset(seed=int(self.rng.integers(1000)))
        self.counts["resets"] += 1
        for _ in range(WIFI["epochs"]):
            self.branch(env)
            env.step(self.rng.integers(OPTIONS, size=WIFI["users"]))
            self.counts["epochs"] += 1

    def branch(self, env: TandemEnv) -> None:
        """Try a few joint actions."""
        env.branch(self.rng.integers(OPTIONS, size=(BRANCHES, WIFI["users"])))
        self.counts["branches"] += BRANCHES

    def play_echo(self, simulator: Simulator) -> None:
        """Many quick steps."""
        simulator.reset(1)
        self.counts["resets"] += 1
        for number in range(ECHO_STEPS):
            frame = simulator.step(np.full(ECHO["values"], float(number)))
            if frame.observation["values"][-1] != number:
                raise AssertionError(f"sent {number}, got {frame.observation['values'][-1]}")
        self.counts["epochs"] += ECHO_STEPS


def run_vector(load: Load) -> None:
    """The local side; its endless episode is spared by the killer."""
    endless = Simulator("wifi-edge", ENDLESS)
    endless.reset(1)
    load.spared = [endless.pid, endless.episode_pid]

    def play(env: TandemVectorEnv) -> None:
        endless.step(load.rng.integers(OPTIONS, size=ENDLESS["users"]))
        load.counts["endless epochs"] += 1
        load.play_vector(env)

    while True:
        load.survive(lambda: TandemVectorEnv("wifi-edge", WIFI, num_envs=ENVS), play)
        load.survive(lambda: Simulator("echo", ECHO), load.play_echo)


def at(address: str) -> RemoteBackend:
    """A server that is waited for."""
    return RemoteBackend(Target(address, resume_timeout_s=PATIENCE_S))


def run_remote(load: Load, addresses: list[str]) -> None:
    """The remote side: a vector environment on the first server, an environment on each."""
    while True:
        load.survive(
            lambda: TandemVectorEnv("wifi-edge", WIFI, num_envs=ENVS, backend=at(addresses[0])),
            load.play_vector,
        )
        for address in addresses:
            load.survive(
                lambda where=address: TandemEnv("wifi-edge", WIFI, backend=at(where)),
                load.play_env,
            )


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("vector", "remote"))
    parser.add_argument("addresses", nargs="*")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    load = Load()
    if arguments.kind == "vector":
        run_vector(load)
    else:
        run_remote(load, arguments.addresses)


if __name__ == "__main__":
    main()
