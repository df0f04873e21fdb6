# SPDX-License-Identifier: MIT
"""One simulator in a Ray actor, which is restarted when its process or machine is lost."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from typing import Any, Final

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError

#: How often the actor of one episode is replaced before its loss is an error: an episode that
#: takes its machine down every time would do so for ever.
MAX_RESTARTS: Final = 3


class ActorLost(TandemError, ConnectionError):
    """A simulator's Ray actor was lost more often than it is restarted in one episode."""


class SimulatorHost:
    """What runs in the actor: an environment, called from afar."""

    def __init__(self, scenario: str, arguments: dict[str, Any], options: dict[str, Any]) -> None:
        self._env = TandemEnv(scenario, arguments, **options)

    def describe(self) -> tuple[str, tuple[str, ...]]:
        """The schema's text and the command that started the simulator."""
        simulator = self._env.simulator
        return simulator.schema_text, simulator.command

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the environment."""
        return getattr(self._env, method)(*args, **kwargs)


class RestartingActor:
    """An actor and the calls that brought it to where it is.

    When the actor is lost, another one is started and the calls since the last reset are made
    again: an episode is decided by its seed and actions, so it goes on as if nothing had happened.

    Args:
        actor_options: as for ``ray.remote(...)``: what the actor needs and where it may run.

    Raises:
        TandemError: Ray is not installed, or the simulator does not start.
    """

    def __init__(
        self,
        scenario: str,
        arguments: Mapping[str, Any],
        options: Mapping[str, Any],
        actor_options: Mapping[str, Any],
    ) -> None:
        self._ray = _ray()
        # Without a request for a processor more simulators than processors can run; they are
        # spread over the machines of a cluster.
        placed = {"scheduling_strategy": "SPREAD", **actor_options}
        self._class = self._ray.remote(**placed)(SimulatorHost)
        self._what = (str(scenario), dict(arguments), dict(options))
        self._episode: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._waiting: Any = None
        self._restarts = 0
        #: Actors that have been replaced so far.
        self.restarts = 0
        self._actor = self._class.remote(*self._what)

    @property
    def pid(self) -> int:
        """Process of the actor, on its machine."""
        return int(self._get(self._actor.__ray_call__.remote(_pid)))

    def describe(self) -> tuple[str, tuple[str, ...]]:
        """The schema's text and the command that started the simulator."""
        text, command = self._get(self._actor.describe.remote())
        return str(text), tuple(command)

    def begin(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Start a call that moves the episode; a ``reset`` starts a new one."""
        if method == "reset":
            self._episode.clear()
            self._restarts = 0
        self._episode.append((method, args, kwargs))
        self._waiting = self._actor.call.remote(method, *args, **kwargs)

    def end(self) -> Any:
        """The result of the call that was begun.

        Raises:
            TandemError: as the same call on a local environment; the call does not count then.
            ActorLost: the actor was lost again and again.
        """
        try:
            return self._get(self._waiting)
        except self._ray.exceptions.RayActorError as loss:
            return self._again(loss)
        except TandemError:
            self._episode.pop()
            raise

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """A call that leaves the episode where it is.

        Raises:
            TandemError, ActorLost: as `end`.
        """
        try:
            return self._get(self._actor.call.remote(method, *args, **kwargs))
        except self._ray.exceptions.RayActorError as loss:
            self._again(loss)
            return self._get(self._actor.call.remote(method, *args, **kwargs))

    def close(self) -> None:
        """End the simulator and its actor; harmless when it is lost or closed already."""
        if not self._ray.is_initialized():
            return
        try:
            self._ray.get(self._actor.call.remote("close"))
        except self._ray.exceptions.RayError:
            return
        self._ray.kill(self._actor)

    def _again(self, loss: Exception) -> Any:
        """Replace the actor and repeat the episode; returns the result of its last call."""
        while self._restarts < MAX_RESTARTS:
            self._restarts += 1
            self.restarts += 1
            self._actor = self._class.remote(*self._what)
            result = None
            try:
                for method, args, kwargs in self._episode:
                    result = self._get(self._actor.call.remote(method, *args, **kwargs))
            except self._ray.exceptions.RayActorError as again:
                loss = again
                continue
            return result
        raise ActorLost(
            f"the Ray actor of {self._what[0]} was lost and {MAX_RESTARTS} replacements in this "
            f"episode did not last: look at its machine's memory and at Ray's log. {loss}"
        ) from loss

    def _get(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, TandemError | ValueError | TypeError):
                raise cause from None
            raise


def _pid(_host: SimulatorHost) -> int:
    import os

    return os.getpid()


def _ray() -> Any:
    """Ray, connected: to the cluster that RAY_ADDRESS names, or to one of this machine's own."""
    if importlib.util.find_spec("ray") is None:
        raise TandemError("simulators as Ray actors need Ray: pip install 'ns3-tandem[ray]'")
    import ray

    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    return ray
