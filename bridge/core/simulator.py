# SPDX-License-Identifier: MIT
"""One scenario process under an agent: episodes, steps, branches."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tandem.bridge.core import _native
from tandem.bridge.core.action import as_numbers
from tandem.bridge.core.arguments import check_arguments, to_options, to_texts
from tandem.bridge.core.backend import DEFAULT_BRANCH_SLOTS, DEFAULT_START_TIMEOUT_S
from tandem.bridge.core.channel import ChannelReader, attach
from tandem.bridge.core.errors import (
    InvalidAction,
    NoEpisode,
    SimulatorDied,
    SimulatorTimeout,
    indent,
)
from tandem.bridge.core.failure import FailedBranch, leave_actions
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.output import OutputChoice
from tandem.bridge.core.ownership import Owner
from tandem.bridge.core.plays import held, portions
from tandem.bridge.core.process import SimulatorProcess
from tandem.bridge.core.program_digest import ns3_folder, program_digest
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.schema import Schema, check_future, check_seed, policy_number

_FORK_TIMEOUT_S = 30.0
_CLOSE_TIMEOUT_S = 30.0
_FOREVER = -1.0


class Command(IntEnum):
    """What the agent asks for (``Command`` of ``channel/layout.h``)."""

    STEP = 1
    BRANCH = 2
    CONTINUE = 3
    CLOSE = 4


_FLUSH = 4
_BRANCHED = 5
_ANSWERED = 7
_FORKED = 8


@dataclass(frozen=True, slots=True)
class _Branching:
    """Branches under way: index of the first one, the slots of each, which draws they meet."""

    first: int
    spans: tuple[range, ...]
    future: int

    @classmethod
    def of(cls, first: int, sequences: Sequence[Sequence[Any]], future: int) -> _Branching:
        """One slot for each epoch, one branch's behind the other's."""
        ends = [1, *(1 + total for total in itertools.accumulate(map(len, sequences)))]
        return cls(first, tuple(itertools.starmap(range, itertools.pairwise(ends))), future)


class Simulator:
    """A scenario process and its running episode.

    Each :meth:`reset` forks an episode from the warmed-up state, which takes about a millisecond.
    Where the warm-up depends on the seed, as with stations at random places, the first reset to a
    seed warms up first; the copies used last are kept (argument ``keptWarmups``).
    Not thread-safe, except for :meth:`close`, which makes a waiting call in another thread raise.
    In a forked copy of the process that made it, every use raises :class:`WrongProcess`.

    Args:
        scenario: name of an installed scenario, or the path of an executable.
        arguments: the scenario's command-line arguments by name (``{"users": 5}``); see
            ``tandem scenarios`` or the executable's ``--help``.
        branch_slots: epochs of branches that are kept at the same time, and so the longest horizon
            of a branch; longer lists of actions run in portions.
        spin_us: how long a wait spins before it sleeps, microseconds; 0 saves the most CPU.
        start_timeout_s: limit of the start, and of a reset that needs a warm-up.
        step_timeout_s: limit of a step in wall time, ``None`` for none. At the limit the
            simulator is stopped.
        one_shot: run one episode only, and let it end by itself on :meth:`close`: for scenarios
            that open files before the episode begins, which are complete when its process ends.
        output: where what the simulator prints goes (``std::cout``, ``std::cerr``, ``NS_LOG``).
            ``None`` keeps its beginning and end for error messages, ``"inherit"`` shows it on this
            process's own output, a path appends it to that file.
        folder: the simulator's working folder, from where arguments name files; ``None``: the
            present one.
        failure_folder: where the actions of an episode are written whose simulator fails; default:
            the folder for temporary files.
        keep_actions: whether they are written.
        memory_bytes: limit of the address space of each of its processes, from their start on;
            ``None`` for none of its own.

    Raises:
        ScenarioNotFound: no such executable.
        InvalidArgument: the scenario has no such argument, or not with that value.
        ScenarioError: the scenario refuses the combination of arguments, or fails during warm-up.
        SimulatorTimeout: the warm-up took longer than ``start_timeout_s``.
        TandemError: ``output`` cannot be written.
        SchemaMismatch: the scenario was built with another version of tandem.
    """

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        branch_slots: int = DEFAULT_BRANCH_SLOTS,
        spin_us: float = _native.DEFAULT_SPIN_US,
        start_timeout_s: float = DEFAULT_START_TIMEOUT_S,
        step_timeout_s: float | None = None,
        one_shot: bool = False,
        output: OutputChoice = None,
        folder: Path | None = None,
        failure_folder: str | os.PathLike[str] | None = None,
        keep_actions: bool = True,
        memory_bytes: int | None = None,
    ) -> None:
        if branch_slots < 1:
            raise ValueError(f"branch_slots is {branch_slots}, at least 1 is needed")
        executable = scenario_executable(scenario)
        texts = to_texts(arguments or {})
        check_arguments(executable, texts)
        self.command: tuple[str, ...] = (str(executable), *to_options(texts))
        self._timeout_s = _FOREVER if step_timeout_s is None else step_timeout_s
        self._fork_timeout_s = min(_FORK_TIMEOUT_S, step_timeout_s or _FORK_TIMEOUT_S)
        self._warmup_timeout_s = start_timeout_s
        self._one_shot = one_shot
        self._failure_folder = failure_folder
        self._keep_actions = keep_actions
        self._seed = 0
        self._episode = 0
        self._running = False
        self._branching: _Branching | None = None
        self._aside = False
        self._flushed: list[dict[str, NDArray[Any]]] = []
        self._owner = Owner("this simulator")
        self._spin_us = spin_us
        #: Of a fork: the actions before it, and where other draws began.
        self._before: Sequence[NDArray[Any]] | None = ()
        self._futures: dict[int, int] = {}
        #: Whether it was forked in mid-episode, and so has no beginning to go back to.
        self.forked = False
        process = SimulatorProcess(
            [*self.command, f"--branchSlots={branch_slots}", f"--spinUs={spin_us:g}"],
            output,
            folder,
            memory_bytes,
        )
        self._connect(process, start_timeout_s)

    def _connect(self, process: SimulatorProcess, timeout_s: float) -> None:
        """Wait for a process to be ready and attach to its memory."""
        self._process = process
        self.pid = process.pid
        try:
            memory_fd = process.receive_channel(timeout_s)
            self._channel = attach(memory_fd, self._spin_us, Path(self.command[0]))
            if not self.forked:
                self.schema_text = bytes(self._channel.schema).decode()
                self.schema = Schema.parse(self.schema_text)
        except BaseException:
            process.stop()
            raise
        for block in self.schema.actions:
            low, high = block.finite_limits
            self._channel.declare_action(
                block.name, list(block.shape), block.is_real, list(low), list(high), block.offset
            )
        self._channel.check_declared()
        joint = self.schema.joint_action
        self._read_action = as_numbers if joint.is_single else joint.checked
        self._reader = ChannelReader(self._channel, self.schema)
        self._copies = self._reader.episode_copies()
        self._exchange = self._channel.exchange
        self._post_action = self._channel.post_action

    @property
    def ns3_folder(self) -> str:
        """Where the simulator has really loaded its ns-3 libraries from."""
        return ns3_folder(self.pid)

    @property
    def episode_pid(self) -> int:
        """Process of the running or last episode, 0 before the first reset."""
        return self._episode

    def program_digest(self) -> str:
        """SHA-256 of everything that decides results beside arguments, seed and actions."""
        return program_digest(self.pid, Path(self.command[0]))

    # --- episodes -------------------------------------------------------------------------------

    def reset(self, seed: int) -> Frame:
        """Fork a new episode and return its first decision.

        Args:
            seed: RngRun of the episode, 0 to 2^64 - 1; the same seed gives the same episode.
        """
        self.begin(seed)
        return self.wait()

    def begin(self, seed: int) -> None:
        """The first half of :meth:`reset`: the episode starts, :meth:`wait` returns its frame."""
        self._owner.check()
        check_seed(seed)
        if self._one_shot and self._episode:
            raise NoEpisode("this simulator runs one episode only (one_shot); start another one")
        if self.forked:
            raise NoEpisode("a fork has no beginning to go back to: make an environment for that")
        self._begin(seed)

    def _begin(self, seed: int) -> None:
        self._running = False
        self._branching = None
        self._aside = False
        self._flushed = []
        self._seed = seed
        try:
            self._episode, pidfds = self._process.fork_episode(
                seed, self._fork_timeout_s, self._warmup_timeout_s
            )
        except SimulatorTimeout:
            raise  # an OSError as well
        except OSError as error:
            self._die("the simulator ended before the episode began", error, began=False)
        self._channel.attach(pidfds)
        self._running = True

    def step(self, action: ArrayLike) -> Frame:
        """Run one epoch with a joint action and return the next decision.

        Raises:
            InvalidAction: wrong shape or type, NaN, or out of range; the episode is unharmed.
            SimulatorDied: the process ended; the error has exit status, last output and command.
            SimulatorTimeout: ``step_timeout_s`` has passed; the process has been stopped.
            NoEpisode: there is no running episode.
        """
        return self.frame(self.exchange(action))

    def post(self, action: ArrayLike) -> None:
        """The first half of :meth:`step`: start the epoch and return at once."""
        try:
            if self._running and not self._aside and self._post_action(action) == _native.POSTED:
                return
        except _native.InvalidActionError as error:
            raise InvalidAction(str(error)) from None
        self._check_idle()
        self._write(action, 0)
        self._channel.post(Command.STEP)

    def wait(self) -> Frame:
        """The second half of :meth:`step` or :meth:`begin`. After an interrupt, call it again.

        Raises:
            NoEpisode: what was interrupted was no step, but a branch, a fork or a question. It is
                over now, and its answer is lost; the episode is where it was.
        """
        return self.frame(self.await_status())

    def branch(
        self,
        actions: Sequence[ArrayLike],
        *,
        horizon: int = 1,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[Frame]:
        """Try joint actions from this very state, in forked copies; the episode does not move.

        Args:
            actions: joint actions, each as for :meth:`step`.
            horizon: epochs that a branch runs, its action held; at most ``branch_slots``.
            parallel: branches run at the same time; default: the number of processors.
            future: 0: the random draws that a step would meet; 1, 2, …: others, the same for all
                actions.

        Returns:
            One frame per action, in order: the one after its last epoch, with the records of all
            its epochs.

        Raises:
            InvalidAction, SimulatorDied, SimulatorTimeout, NoEpisode: as :meth:`step`.
            ValueError: ``horizon`` or ``future`` is out of range, or the scenario has one future.
        """
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
        """Try sequences of joint actions, one action an epoch; otherwise as :meth:`branch`.

        Args:
            sequences: for each branch its actions, each as for :meth:`step`; at most
                ``branch_slots`` of them.
            parallel: as for :meth:`branch`.
            future: as for :meth:`branch`.

        Returns:
            For each branch one frame per action, fewer if the episode ended.
        """
        self._check_idle()
        check_future(self.schema, future)
        workers = parallel if parallel is not None else len(os.sched_getaffinity(0))
        branches: list[list[Frame]] = []
        for part in portions(sequences, self._channel.slots - 1):
            branching = _Branching.of(len(branches), part, future)
            for span, sequence in zip(branching.spans, part, strict=True):
                for slot, action in zip(span, sequence, strict=True):
                    self._write(action, slot)
            self._channel.post_branch(
                [len(span) for span in branching.spans], max(1, workers), future
            )
            self._branching = branching
            self._await_aside()
            self._check_branches(branching)
            self._branching = None
            branches.extend(map(self._reader.branch_frames, branching.spans))
        return branches

    def fork(self, *, future: int = 0) -> Simulator:
        """A simulator of its own that goes on from this very decision.

        It shares its memory with this one until either writes (copy-on-write), takes steps,
        branches and forks, and neither notices how the other goes on or ends. It writes no trace
        files, and has no :meth:`reset`.

        Args:
            future: 0: the random draws that this episode would meet; 1, 2, …: others.

        Raises:
            SimulatorDied, SimulatorTimeout, NoEpisode: as :meth:`step`.
            TandemError: there is no room for another process.
            ValueError: ``future`` is out of range, or the scenario has one future.
        """
        self._check_idle()
        check_future(self.schema, future)
        decision = self._channel.slot_info(0)["epoch"]
        self._process.expect_fork()
        self._channel.post_fork(future)
        self._await_aside()
        try:
            process = self._process.receive_fork(self._fork_timeout_s)
        except ConnectionError as error:
            self._die("the simulator ended in a fork", error)
        twin = Simulator.__new__(Simulator)  # of no pool
        vars(twin).update(vars(self))
        twin.forked = True
        twin._one_shot = False
        twin._before = self._played()
        twin._futures = {**self._futures, **({decision: future} if future else {})}
        twin._connect(process, self._fork_timeout_s)
        try:
            twin._begin(self._seed)
            twin._settle(twin._channel.wait(self._timeout_s))
        except BaseException:
            twin.close()
            raise
        return twin

    def close(self) -> None:
        """End the processes and free everything; may be called again, and from any thread."""
        self._owner.check()
        if self._one_shot and self._running and not self._channel.pending:
            self._channel.post(Command.CLOSE)
            self._channel.wait(_CLOSE_TIMEOUT_S)
        if self._one_shot and self._episode:
            self._process.exit_status(self._episode)
        self._running = False
        self._process.stop()
        self._channel.detach()

    # --- the thin path --------------------------------------------------------------------------

    def exchange(self, action: Any) -> int:
        """:meth:`step` without a frame: post, wait, return the :class:`Status`."""
        if not self._running:
            self._no_episode()
        try:
            status = self._exchange(action, self._timeout_s)
            if status == _native.BUSY and self._finish_aside():
                status = self._exchange(action, self._timeout_s)
            if status == _native.UNREADABLE:
                status = self._exchange(self._read_action(action), self._timeout_s)
        except _native.InvalidActionError as error:
            raise InvalidAction(str(error)) from None
        return status if status == Status.DECISION else self._settle(status)

    def await_status(self) -> int:
        """:meth:`wait` without a frame."""
        if self._channel.foreign:
            raise self._owner.error()
        if not self._running:
            self._no_episode()
        if self._finish_aside():
            raise NoEpisode(
                "no step is under way: what was interrupted was a branch, a fork or a question to "
                "a policy, whose answer is lost; ask again, or go on with step()"
            )
        status = self._channel.wait(self._timeout_s)
        return status if status == Status.DECISION else self._settle(status)

    def observe(self) -> dict[str, NDArray[Any]]:
        """Copies of the observation blocks as last published."""
        if self._channel.foreign:
            raise self._owner.error()
        return {name: copy() for name, copy in self._copies}

    def take_records(self) -> dict[str, NDArray[Any]]:
        """Copies of the rows reported since the last decision, per table."""
        if self._channel.foreign:
            raise self._owner.error()
        tables = self._reader.records(0)
        if self._flushed:
            parts = [*self._flushed, tables]
            self._flushed = []
            tables = {name: np.concatenate([part[name] for part in parts]) for name in tables}
        return tables

    def clipped(self) -> int:
        """How many values of the present observation are set to the bounds of their column."""
        return self._channel.clipped()

    def frame(self, status: int) -> Frame:
        """What :meth:`exchange` returned a status for, as :meth:`step` returns it."""
        observation, records = self.observe(), self.take_records()
        return self._reader.frame(0, observation, records, Status(status))

    def ask(self, policy: str) -> Any:
        """What one of the scenario's own policies would play now; the episode does not move.

        A policy that draws moves its random stream.

        Args:
            policy: one of ``schema.policies``.

        Returns:
            An action as :meth:`step` takes it.

        Raises:
            UnknownPolicy: the scenario has no such policy.
            SimulatorDied, SimulatorTimeout, NoEpisode: as :meth:`step`.
        """
        self._check_idle()
        self._channel.ask(policy_number(self.schema, policy))
        self._await_aside()
        joint = self.schema.joint_action
        return joint.given(joint.read(self._channel.action(0))[0])

    # --- internals ------------------------------------------------------------------------------

    def _check_branches(self, branching: _Branching) -> None:
        """Raise if a branch died; the first one that dies ends the others."""
        for branch, span in enumerate(branching.spans, start=branching.first):
            exit_status = self._channel.slot_info(span[0])["exit_status"]
            if exit_status != 0 or not self._is_complete(span):
                self._running = False
                error = SimulatorDied.report(
                    f"branch {branch + 1} of the simulator died",
                    os.waitstatus_to_exitcode(exit_status),
                    self._process.output.tail(),
                    self._command_alone(),
                    branch,
                )
                self._add_actions(error, span)
                raise error

    def _is_complete(self, span: range) -> bool:
        """Whether a branch published each of its epochs."""
        for slot in span:
            status = self._channel.slot_info(slot)["status"]
            if status != Status.DECISION:
                return bool(status != 0)
        return True

    def _settle(self, status: int) -> int:
        """Handle every result of a wait but the next decision."""
        while status == _FLUSH:
            self._flushed.append(self._reader.records(0))
            self._channel.post(Command.CONTINUE)
            status = self._channel.wait(self._timeout_s)
        if status in (Status.DECISION, _BRANCHED, _ANSWERED, _FORKED):
            return status
        if status in (Status.TRUNCATED, Status.TERMINATED):
            self._running = False
            return status
        if status == _native.FOREIGN:
            raise self._owner.error()
        if status == _native.BUSY:
            raise NoEpisode("an interrupted step is still under way: call wait() or reset()")
        if status == _native.TIMED_OUT:
            self._running = False
            last = self._process.output.tail()
            error = SimulatorTimeout(
                f"the simulator did not answer within {self._timeout_s:g} s and was stopped; "
                f"raise step_timeout_s, or look at its last output:\n{indent(last)}\n"
                f"to reproduce: {shlex.join(self._command_alone())}"
            )
            self._add_actions(error, self._first_slow_branch())
            self._process.stop()
            raise error
        self._die("the simulator died in the middle of an episode", None)

    def _die(self, what: str, cause: BaseException | None, *, began: bool = True) -> NoReturn:
        self._running = False
        status = self._process.exit_status(self._episode)
        tail = self._process.output.tail()
        if status == 0:
            what += " without ending it (to end one, return from main or call Terminate())"
        error = SimulatorDied.report(what, status, tail, self._command_alone())
        if began:
            self._add_actions(error)
        raise error from cause

    def _command_alone(self) -> tuple[str, ...]:
        """The command that plays this episode without an agent, but for its actions."""
        return (*self.command, "--agent=none", f"--seed={self._seed}")

    def _first_slow_branch(self) -> range | None:
        """Slots of the first branch that has begun and not ended."""
        if self._branching is None:
            return None
        return next((span for span in self._branching.spans if not self._is_complete(span)), None)

    def _played(self) -> Sequence[NDArray[Any]] | None:
        """The actions of the episode, ``None`` if they are too many to keep."""
        played = self._channel.played
        if played is None or self._before is None:
            return None
        return [*self._before, *self.schema.joint_action.read(played)]

    def _add_actions(
        self, error: SimulatorDied | SimulatorTimeout, span: range | None = None
    ) -> None:
        """Leave the actions of the episode, and of the branch with those slots."""
        if not self._keep_actions:
            return
        branch = None
        if span and self._branching:
            memory = b"".join(map(self._channel.action, span))
            branch = FailedBranch(self.schema.joint_action.read(memory), self._branching.future)
        leave_actions(
            self._failure_folder,
            self.schema.scenario,
            self._seed,
            self._played(),
            branch,
            self._futures,
        ).added_to(error)

    def _write(self, action: Any, slot: int) -> None:
        try:
            written = self._channel.write_action(action, slot)
            if not written and not self._channel.write_action(self._read_action(action), slot):
                raise InvalidAction(f"the action {action!r} cannot be read as numbers")
        except _native.InvalidActionError as error:
            raise InvalidAction(str(error)) from None

    def _await_aside(self) -> None:
        """Wait for the answer to what is no step: the episode stays where it is."""
        self._aside = True
        self._settle(self._channel.wait(self._timeout_s))
        self._aside = False

    def _finish_aside(self) -> bool:
        """Wait for an answer whose wait was interrupted, and forget it; false if there is none."""
        if not self._aside:
            return False
        if self._channel.pending:
            self._settle(self._channel.wait(self._timeout_s))
        self._aside = False
        self._branching = None
        return True

    def _check_idle(self) -> None:
        self._owner.check()
        if not self._running:
            self._no_episode()
        self._finish_aside()
        if self._channel.pending:
            self._settle(_native.BUSY)

    def _no_episode(self) -> NoReturn:
        raise NoEpisode("no episode is running: call reset() first")

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
