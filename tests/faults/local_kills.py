# SPDX-License-Identifier: MIT
"""Kills of a simulator's processes under an agent that lives: it is told, and goes on."""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from processes import (
    alive,
    children,
    descendants,
    kill,
    parent,
    seconds_until,
    seconds_until_gone,
)
from tally import Tally

from tandem.bridge.core.errors import NoEpisode, SimulatorDied, SimulatorTimeout
from tandem.bridge.core.frame import Status
from tandem.bridge.core.simulator import Simulator

SCENARIO: Final = "wifi-edge"
ARGUMENTS: Final = {"users": 3, "epochs": 0}
LIMIT_S: Final = 5.0
_HANG_S: Final = 30.0
_LONGEST_DELAY_S: Final = 0.02
_VICTIM_WAIT_S: Final = 10.0
_CHECKED_EPOCHS: Final = 3
_BRANCHES: Final = 6
KINDS: Final = ("simulator", "zygote", "its keeper", "branch child", "next episode")


def actions(count: int) -> list[list[int]]:
    """The same at every call."""
    chooser = random.Random(7)
    return [[chooser.randrange(10) for _ in range(3)] for _ in range(count)]


def play(simulator: Simulator, seed: int) -> bytes:
    """The requests of an episode's first epochs."""
    simulator.reset(seed)
    return b"".join(
        simulator.step(action).records["requests"].tobytes() for action in actions(_CHECKED_EPOCHS)
    )


class LocalKills:
    """Injects kills into one simulator after another.

    Args:
        tally: where the counts go.
        seed: of delays and choices.
    """

    def __init__(self, tally: Tally, seed: int) -> None:
        self._tally = tally
        self._random = random.Random(seed)
        self._simulator = self._start()
        self._expected = {seed: play(self._simulator, seed) for seed in range(4)}

    def inject(self, kind: str) -> None:
        """Kill once, at a random moment of a step, a branch, or a reset."""
        seed = self._random.randrange(4)
        if kind == "next episode":
            self._kill_next(kind, seed)
            return
        frame = self._simulator.reset(seed)
        keeper, episode = self._simulator.pid, self._simulator.episode_pid
        zygote = parent(episode)
        family = [keeper, *descendants(keeper)]
        killed_s: list[float] = []
        stop = threading.Event()
        killer = threading.Thread(
            target=self._kill_later, args=(kind, (keeper, zygote, episode), killed_s, stop)
        )
        branching = kind == "branch child" or self._random.random() < 0.3
        killer.start()
        try:
            while True:
                if frame.status != Status.DECISION:
                    frame = self._simulator.reset(seed)
                if branching:
                    self._simulator.branch(actions(_BRANCHES), parallel=2)
                else:
                    frame = self._simulator.step(actions(1)[0])
                if stop.is_set() and not killed_s:
                    break  # the victim never appeared
                if killed_s and kind == "branch child":
                    killer.join()
                    return  # it had just ended: no fault
                if killed_s and time.monotonic() - killed_s[0] > LIMIT_S:
                    break
        except SimulatorDied as error:
            told_s = time.monotonic()
            self._tally.expect(
                "SIGKILL" in str(error) and error.exit_status == -9,
                f"{kind}: the error does not name SIGKILL: {error}",
            )
        except (NoEpisode, SimulatorTimeout) as error:
            told_s = time.monotonic()
            self._tally.failures.append(f"{kind}: {error}")
        else:
            told_s = float("inf")
        killer.join()
        if not killed_s:
            self._tally.failures.append(f"{kind}: there was none to kill")
            return
        self._tally.note(kind, told_s - killed_s[0], LIMIT_S)
        if kind in ("zygote", "its keeper"):
            self._simulator.close()
            gone_s = seconds_until_gone(family, LIMIT_S)
            self._tally.expect(gone_s <= LIMIT_S, f"{kind}: an episode of it lives on")
            self._simulator = self._start()
        again = play(self._simulator, seed)
        self._tally.expect(again == self._expected[seed], f"{kind}: another result afterwards")

    def _kill_next(self, kind: str, seed: int) -> None:
        """Nobody need be told: the episode goes on, and the next one begins as ever.

        Unless it begins before the zygote knows: then it is an episode that was killed.
        """
        for _ in range(2):  # it is there from the second reset on
            self._simulator.reset(seed)
        zygote, episode = parent(self._simulator.episode_pid), self._simulator.episode_pid
        seconds_until(lambda: len(children(zygote)) > 1, LIMIT_S)
        victims = set(children(zygote)) - {episode}
        killed_s = time.monotonic()
        if not all(kill(victim) for victim in victims) or not victims:
            self._tally.failures.append(f"{kind}: there was none to kill")
            return
        if self._random.random() < 0.5:
            self._simulator.step(actions(1)[0])
        try:
            self._simulator.reset(seed)
        except SimulatorDied as error:
            self._tally.expect(error.exit_status == -9, f"{kind}: {error}")
        self._tally.note(kind, time.monotonic() - killed_s, LIMIT_S)
        again = play(self._simulator, seed)
        self._tally.expect(again == self._expected[seed], f"{kind}: another result afterwards")

    def _start(self) -> Simulator:
        # Without a limit a death that goes unnoticed would hang the campaign.
        return Simulator(SCENARIO, ARGUMENTS, step_timeout_s=_HANG_S)

    def close(self) -> None:
        """End the last simulator."""
        self._simulator.close()

    def _kill_later(
        self, kind: str, pids: tuple[int, int, int], killed_s: list[float], stop: threading.Event
    ) -> None:
        keeper, zygote, episode = pids
        time.sleep(self._random.uniform(0.0, _LONGEST_DELAY_S))
        deadline_s = time.monotonic() + _VICTIM_WAIT_S
        while time.monotonic() < deadline_s:
            victims = {
                "simulator": [episode],
                "zygote": [zygote],
                "its keeper": [keeper],
                "branch child": children(episode) if kind == "branch child" else [],
            }[kind]
            running = [pid for pid in victims if alive(pid)]
            if running:
                now_s = time.monotonic()
                if kill(self._random.choice(running)):
                    killed_s.append(now_s)
                    break
        stop.set()
