# SPDX-License-Identifier: MIT
"""A simulator elsewhere, with the interface of a local one; if it is lost, it is replaced.

An episode is decided by its seed and its actions. When the way to the simulator is lost, another
simulator is started, the episode replayed there, and the last frame compared with the one known:
the agent sees the same as without the loss. Where the frames differ (another machine, another
version) that is an error.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from numpy.typing import ArrayLike, NDArray

from tandem.bridge.backends.link import Link, OpenLink
from tandem.bridge.core.errors import (
    InvalidAction,
    NoEpisode,
    SchemaMismatch,
    SimulatorDied,
    SimulatorLost,
    SimulatorTimeout,
)
from tandem.bridge.core.failure import FailedBranch, Reproduction, leave_actions
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.ownership import Owner
from tandem.bridge.core.plays import held
from tandem.bridge.core.schema import check_future, check_seed, policy_number

#: How often one request is repeated elsewhere: a request that brings down every machine must not be
#: repeated for ever.
REPLAYS_PER_REQUEST: Final = 5
_LOG = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")


class Episode:
    """What decides an episode, the request under way, and the last frame that is known."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.actions: list[NDArray[Any]] = []
        #: Policies of the scenario that were asked, each with the decision at which it was: those
        #: that draw have moved their streams.
        self.asked: list[tuple[int, str]] = []
        self.frame: Frame | None = None
        #: Whether an answer is awaited: to the reset, or to `action`.
        self.waiting = True
        self.action: NDArray[Any] | None = None

    @property
    def running(self) -> bool:
        """Whether another decision follows."""
        return self.frame is None or self.frame.status == Status.DECISION

    def post(self, action: NDArray[Any]) -> None:
        """The next action is under way."""
        self.action = action
        self.waiting = True

    def send(self, link: Link) -> None:
        """Make the request under way."""
        if self.action is None:
            link.send_reset(self.seed)
        else:
            link.send_step(self.action)

    def settle(self, frame: Frame) -> None:
        """The request under way was answered."""
        if self.action is not None:
            self.actions.append(self.action)
        self.frame = frame.copied()  # callers may change what they get
        self.waiting = False

    def copied(self) -> Episode:
        """The same episode for another simulator; nothing may be under way."""
        twin = copy.copy(self)
        twin.actions = list(self.actions)
        twin.asked = list(self.asked)
        return twin

    def replay(self, link: Link) -> None:
        """Bring a new simulator to the last frame that is known.

        Raises:
            SchemaMismatch: the same seed and actions gave another frame there.
        """
        if self.frame is None:
            return
        link.send_reset(self.seed)
        frame = link.receive()
        for decision, action in enumerate(self.actions):
            self._ask_again(link, decision)
            link.send_step(action)
            frame = link.receive()
        self._ask_again(link, len(self.actions))
        if not frame.same_as(self.frame):
            raise SchemaMismatch(
                f"replaying the episode of {link.command[0]} gave another result: the new "
                "simulator has another version or runs on another kind of machine; reset() starts "
                "a new episode"
            )

    def _ask_again(self, link: Link, decision: int) -> None:
        for when, policy in self.asked:
            if when == decision:
                link.ask(policy)


class ReplayingSimulator:
    """`tandem.bridge.core.simulator.Simulator` behind a `Link`: same methods, same errors.

    Args:
        open_link: starts the simulator, and another one when it is lost.
        replays: whether a lost simulator is replaced; otherwise its loss is raised.
        failure_folder: where the actions of an episode are written whose simulator fails; default:
            the folder for temporary files.

    Raises:
        SimulatorLost: it cannot be reached.
        ScenarioError: the scenario refuses its arguments.
    """

    def __init__(
        self,
        open_link: OpenLink,
        *,
        replays: bool = True,
        failure_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._owner = Owner("this simulator")
        #: A fork is a replay: it begins where every episode begins.
        self.forked = False
        self._open_link = open_link
        self._failure_folder = failure_folder
        self._allowed = REPLAYS_PER_REQUEST if replays else 0
        self._episode: Episode | None = None
        self._closed = False
        #: Simulators that were lost and replaced so far.
        self.losses = 0
        self._link = open_link(again=False)
        self.schema = self._link.schema
        self.schema_text = self._link.schema_text
        self.command = self._link.command
        self.pid = self._link.pid

    @property
    def episode_pid(self) -> int:
        """Process of the running or last episode, on its machine; 0 if unknown."""
        return self._link.episode_pid

    @property
    def ns3_folder(self) -> str:
        """As `Simulator.ns3_folder`, on its machine; "" if unknown."""
        return self._link.ns3_folder

    def program_digest(self) -> str:
        """As `Simulator.program_digest`, of the program there."""
        return self._link.program_digest

    # --- episodes -------------------------------------------------------------------------------

    def reset(self, seed: int) -> Frame:
        """As `Simulator.reset`."""
        self.begin(seed)
        return self.wait()

    def begin(self, seed: int) -> None:
        """As `Simulator.begin`; connects again where the connection was lost."""
        self._owner.check()
        check_seed(seed)
        if self._closed:
            raise NoEpisode("the environment is closed: make a new one")
        waiting = self._episode is not None and self._episode.waiting
        self._episode = None
        if waiting or not self._link.usable:
            # The answer to an interrupted request must not be taken for that of the reset.
            self._replace(again=False)
        self._episode = Episode(seed)
        self._send(self._episode)

    def step(self, action: ArrayLike) -> Frame:
        """As `Simulator.step`."""
        self.post(action)
        return self.wait()

    def post(self, action: ArrayLike) -> None:
        """As `Simulator.post`."""
        episode = self._idle_episode()
        episode.post(self.schema.joint_action.checked(action))
        self._send(episode)

    def wait(self) -> Frame:
        """As `Simulator.wait`."""
        self._owner.check()
        episode = self._episode
        if episode is None or not episode.waiting:
            raise _no_episode()
        try:
            frame = self._replaying(lambda link: link.receive(), episode.send)
        except KeyboardInterrupt:
            raise  # wait() may be called again
        except InvalidAction:
            episode.waiting = False
            raise
        except (SimulatorDied, SimulatorTimeout) as error:
            self._leave_actions(episode).added_to(error)
            self._episode = None
            raise
        except BaseException:
            self._episode = None
            raise
        episode.settle(frame)
        return frame

    def branch(
        self,
        actions: Sequence[ArrayLike],
        *,
        horizon: int = 1,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[Frame]:
        """As `Simulator.branch`."""
        sequences = [held(action, horizon) for action in actions]
        branches = self.branch_epochs(sequences, parallel=parallel, future=future)
        return [Frame.joined(frames) for frames in branches]

    def branch_epochs(
        self,
        sequences: Sequence[Sequence[Any]],
        *,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[list[Frame]]:
        """As `Simulator.branch_epochs`."""
        episode = self._idle_episode()
        check_future(self.schema, future)
        joint = self.schema.joint_action
        batch = [[joint.checked(action) for action in sequence] for sequence in sequences]
        try:
            return self._replaying(lambda link: link.branch(batch, parallel, future))
        except SimulatorDied as error:
            failed = None
            if error.branch is not None:
                failed = FailedBranch(batch[error.branch], future)
            self._leave_actions(episode, failed).added_to(error)
            raise
        except SimulatorTimeout as error:
            replace(self._leave_actions(episode), remark="up to the branches").added_to(error)
            raise

    def fork(self, *, future: int = 0) -> ReplayingSimulator:
        """As `Simulator.fork`, by another simulator in which the episode is replayed.

        Raises:
            ValueError: another future is asked for: it would have to begin in mid-episode there.
            SchemaMismatch: the replay gave another result.
        """
        episode = self._idle_episode()
        if future:
            raise ValueError(
                f"future is {future}, but this simulator is elsewhere, where a fork is a replay "
                "and meets what the episode meets: branch with actions, or fork a local simulator"
            )
        twin = ReplayingSimulator(
            self._open_link, replays=self._allowed > 0, failure_folder=self._failure_folder
        )
        try:
            twin._episode = episode.copied()
            twin._replaying(twin._episode.replay)
        except BaseException:
            twin.close()
            raise
        return twin

    def ask(self, policy: str) -> Any:
        """As `Simulator.ask`."""
        episode = self._idle_episode()
        policy_number(self.schema, policy)
        asked = self._replaying(lambda link: link.ask(policy))
        episode.asked.append((len(episode.actions), policy))
        return self.schema.joint_action.given(asked)

    def close(self) -> None:
        """Free the simulator; may be called again, and from any thread."""
        self._owner.check()
        if self._closed:
            return
        self._closed = True
        episode, self._episode = self._episode, None
        self._link.close(idle=episode is None or not episode.waiting)

    # --- the thin path --------------------------------------------------------------------------

    def exchange(self, action: Any) -> int:
        """As `Simulator.exchange`."""
        return self.step(action).status

    def await_status(self) -> int:
        """As `Simulator.await_status`."""
        return self.wait().status

    def observe(self) -> dict[str, NDArray[Any]]:
        """As `Simulator.observe`."""
        return self._last_frame().copied().observation

    def take_records(self) -> dict[str, NDArray[Any]]:
        """As `Simulator.take_records`."""
        return self._last_frame().copied().records

    def clipped(self) -> int:
        """As `Simulator.clipped`."""
        return self._last_frame().clipped.values

    def frame(self, status: int) -> Frame:
        """As `Simulator.frame`."""
        return self._last_frame().copied()

    def _leave_actions(self, episode: Episode, branch: FailedBranch | None = None) -> Reproduction:
        """The actions of the episode, of the one under way, and of a branch."""
        last = [] if episode.action is None or not episode.waiting else [episode.action]
        return leave_actions(
            self._failure_folder,
            self.schema.scenario,
            episode.seed,
            [*episode.actions, *last],
            branch,
        )

    # --- inside ---------------------------------------------------------------------------------

    def _send(self, episode: Episode) -> None:
        try:
            episode.send(self._link)
        except SimulatorLost:
            _LOG.debug("lost while sending; wait() replays")

    def _replaying(
        self, request: Callable[[Link], ResultT], send: Callable[[Link], None] | None = None
    ) -> ResultT:
        """Carry out a request, elsewhere if the simulator is lost."""
        losses = 0
        while True:
            try:
                if losses:
                    self._take_over(send)
                return request(self._link)
            except SimulatorLost as loss:
                if loss.final or self._closed or losses == self._allowed:
                    raise
                _LOG.warning("%s; replaying the episode elsewhere", loss)
                losses += 1
                self.losses += 1

    def _take_over(self, send: Callable[[Link], None] | None) -> None:
        self._replace(again=True)
        if self._episode is not None:
            self._episode.replay(self._link)
        if send is not None:
            send(self._link)

    def _replace(self, *, again: bool) -> None:
        self._link.close(idle=False)
        link = self._open_link(again=again)
        if link.schema != self.schema:
            link.close(idle=True)
            raise SchemaMismatch(
                f"{self.command[0]} came back with another schema: the episode cannot continue "
                "there; start a new environment"
            )
        self._link = link
        self.command = link.command
        self.pid = link.pid

    def _idle_episode(self) -> Episode:
        self._owner.check()
        episode = self._episode
        if episode is None:
            raise _no_episode()
        if episode.waiting:
            raise NoEpisode("an interrupted step is still under way: call wait() or reset()")
        if not episode.running:
            raise _no_episode()
        return episode

    def _last_frame(self) -> Frame:
        self._owner.check()
        if self._episode is None or self._episode.frame is None:
            raise _no_episode()
        return self._episode.frame


def _no_episode() -> NoEpisode:
    return NoEpisode("no episode is running: call reset() first")
