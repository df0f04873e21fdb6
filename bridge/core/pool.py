# SPDX-License-Identifier: MIT
"""Warmed-up simulators that environments hand on to each other.

A simulator's start and warm-up take seconds, a reset a millisecond. A pool keeps the simulators
of environments that were closed, for the next ones with the same scenario, arguments and options::

    with SimulatorPool() as pool:
        for seed in range(100):
            env = TandemEnv("wifi-edge", users=5, backend=pool)  # warms up once
            ...
            env.close()

The results are the same as without a pool: an episode follows from its seed and actions.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final, TypeAlias

from tandem.bridge.core.arguments import to_texts
from tandem.bridge.core.backend import SimulatorOptions
from tandem.bridge.core.errors import NoEpisode
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

#: Simulators that wait for an environment; more are ended.
DEFAULT_IDLE: Final = 8

_Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...], SimulatorOptions]


class SimulatorPool:
    """A backend (`tandem.bridge.core.backend`) that keeps simulators of this machine.

    It may be used from several threads. It belongs to the process that made it. Simulators of one
    episode (``one_shot``) are not kept.

    Args:
        idle: most simulators that are kept while no environment has them; the one that has waited
            longest is ended first.

    Raises:
        ValueError: ``idle`` is negative.
    """

    def __init__(self, idle: int = DEFAULT_IDLE) -> None:
        if idle < 0:
            raise ValueError(f"idle is {idle}, at least 0")
        self._most = idle
        self._guard = threading.Lock()
        self._idle: list[tuple[_Key, _PooledSimulator]] = []
        self._closed = False
        #: Simulators that were started so far, and that were handed on.
        self.started = self.reused = 0

    def __call__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object],
        options: SimulatorOptions,
        /,
    ) -> Simulator:
        """One that waits, or a new one; errors as `Simulator`."""
        texts = tuple(sorted(to_texts(arguments).items()))
        key = (str(scenario_executable(scenario)), texts, options)
        found = self._take(key)
        if found is not None:
            return found
        made = _PooledSimulator(scenario, arguments, **options.keywords())
        if not options.one_shot:
            made.belong_to(self, key)
        self.started += 1
        return made

    def give_back(self, key: _Key, simulator: _PooledSimulator) -> bool:
        """Keep a simulator that its environment has closed; whether it is kept."""
        with self._guard:
            if self._closed or self._most == 0 or simulator.is_dead:
                return False
            self._idle.append((key, simulator))
            surplus = self._idle[: -self._most]
            del self._idle[: -self._most]
        for _, other in surplus:
            other.end()
        return True

    def close(self) -> None:
        """End the simulators that wait; those of environments end when these are closed."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, simulator in idle:
            simulator.end()

    def _take(self, key: _Key) -> _PooledSimulator | None:
        while True:
            with self._guard:
                places = [i for i, (other, _) in enumerate(self._idle) if other == key]
                if not places:
                    return None
                _, simulator = self._idle.pop(places[-1])
            if simulator.is_dead:
                simulator.end()
                continue
            self.reused += 1
            return simulator.handed_on()

    def __enter__(self) -> SimulatorPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _PooledSimulator(Simulator):
    """A simulator whose close gives it back."""

    _pool: SimulatorPool | None = None
    _key: _Key
    _given_back = False

    def belong_to(self, pool: SimulatorPool, key: _Key) -> None:
        """Say where it goes back to."""
        self._pool, self._key = pool, key

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return self._process.ended

    def handed_on(self) -> _PooledSimulator:
        """The same simulator for another environment; this object is of no use any more."""
        other = copy.copy(self)
        other._given_back = False
        other._flushed = []
        return other

    def begin(self, seed: int) -> None:
        """As `Simulator.begin`.

        Raises:
            NoEpisode: it was closed, and another environment may have it.
        """
        if self._given_back:
            raise NoEpisode("the environment is closed: make a new one")
        super().begin(seed)

    def close(self) -> None:
        """Give it back, where there is a pool; may be called again."""
        self._owner.check()
        if self._given_back:
            return
        self._running = False
        if self._pool is not None:
            self._given_back = True
            if self._pool.give_back(self._key, self):
                return
        self.end()

    def end(self) -> None:
        """End the process."""
        super().close()
