# SPDX-License-Identifier: MIT
"""The Gymnasium environment over one ns-3 scenario."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.bridge.core import _native
from tandem.bridge.core.accounting import Accounting, Observation, Seen, StepResult
from tandem.bridge.core.backend import (
    DEFAULT_BRANCH_SLOTS,
    DEFAULT_START_TIMEOUT_S,
    Backend,
    RunningSimulator,
    SimulatorOptions,
)
from tandem.bridge.core.branch import Outcome
from tandem.bridge.core.clips import ClipTeller
from tandem.bridge.core.domain import Domain, domain_of
from tandem.bridge.core.errors import ScenarioError, ScenarioWarning, UnknownArgument
from tandem.bridge.core.frame import Frame, Status
from tandem.bridge.core.local import LocalBackend
from tandem.bridge.core.masks import action_mask, flat_masks
from tandem.bridge.core.objective import Objective, copy_of, forget, resolve
from tandem.bridge.core.output import OutputChoice, absolute
from tandem.bridge.core.ownership import Owner
from tandem.bridge.core.plays import Play, as_sequence
from tandem.bridge.core.reset import (
    SEED_LIMIT,
    changed_arguments,
    keyword_error,
    merge_arguments,
)
from tandem.bridge.core.rollout import play_policies
from tandem.bridge.core.scenarios import fixed_scenario, working_folder
from tandem.bridge.core.schema import Schema, check_seed

_DECISION: Final = int(Status.DECISION)


class TandemEnv(gymnasium.Env[dict[str, Any], Any]):
    """One packet-level ns-3 simulation as a Gymnasium environment.

    ns-3 runs in a process of its own. At each decision it publishes an observation, waits for a
    joint action, and simulates until the next decision; this time is a decision epoch. The scenario
    declares in C++ what can be seen, done and recorded (`schema`).

    An environment belongs to the process that made it. In a forked copy of that process every use
    raises `WrongProcess`: with ``multiprocessing``, make it in the worker's own function.

    ## Action space

    A ``MultiDiscrete`` where actions are choices, with one entry per row of the scenario's action
    block: in inference scenarios one option per user. A ``Box`` where actions are real numbers, or
    integers that do not start at 0. A scenario with several action blocks has a ``Dict`` of them;
    `tandem.agents.flat` makes one array of it.

    ## Observation space

    A ``Dict`` with one float64 ``Box`` per observation block of the scenario. Inference scenarios
    have ``users``, ``sites`` and ``cells``, each of shape ``(rows, features)``. The schema has the
    name, unit and meaning of each feature.

    ## Rewards

    The ``objective`` computes the reward from everything that the epoch left behind. Inference
    scenarios have ``"paper"`` by default: minus the mean response time (s) of the requests that
    finished or timed out in the epoch if their mean accuracy reaches the threshold, else minus the
    maximum. Scenarios without a domain have no default: every reward is 0. An objective that gives
    each agent a reward of its own is summed up here, and ``info["rewards"]`` has each.

    ## Starting state

    The scenario after its warm-up (association, attach, handshakes). An episode is a fork of that
    process and takes its random numbers from the seed: the same seed and actions give the same
    episode.

    ## Episode end

    ``truncated`` after as many decisions as the scenario's argument ``epochs`` says (0: no limit),
    after ``timeLimit`` seconds of simulated time (0: no limit), or when the scenario stops ns-3 or
    has nothing left to simulate. ``terminated`` if the scenario says so (``Terminate()``).

    ## Information

    After a step ``info`` holds ``"decision"`` (index of the decision just played, from 0),
    ``"clipped"`` (values of the observation that the scenario set beyond their bounds: they are
    published as the bound, and a `ScenarioWarning` tells of the first), each record table under its
    name as a structured array, and the summary of the scenario's domain. Of a scenario that masks
    its choices it holds ``"action_mask"`` (int8, 1: allowed now; by action block if there are
    several) and ``"forbidden"`` (choices just played that were not allowed).
    Inference scenarios have ``info["requests"]``, one row per request that finished or timed out in
    the epoch (after the last epoch also one per request that is still open; the column ``status``
    tells which), and ``info["cost"]``, the fields of `tandem.agents.inference.objective.EpochCost`.
    After a reset it holds ``"seed"``, ``"clipped"`` and ``"action_mask"``.

    ## Arguments

    Scenario arguments are keywords by their ns-3 names, such as ``users`` and ``epochs`` below;
    ``tandem scenarios wifi-edge`` lists them. The other keywords are:

    Args:
        scenario: name of an installed scenario, or path of an executable.
        arguments: the scenario's own arguments as a mapping (``{"users": 5}``).
        objective: reward; a callable, a name that the scenario's domain knows (inference:
            ``"paper"``, ``"mean"``), or ``None`` for its default
            (`tandem.bridge.core.objective.resolve`).
        seed: seed of the first ``reset()`` that is called without one.
        backend: where the simulator runs (`tandem.bridge.core.backend`); default: here.
        branch_slots: epochs of branches that are kept at the same time, and so the longest horizon
            of a branch; longer lists of joint actions run in portions.
        spin_us: how long a wait spins before it sleeps, microseconds.
        start_timeout_s: limit on start and warm-up of the simulator, wall-clock seconds.
        step_timeout_s: limit on one epoch, wall-clock seconds; ``None`` waits for ever.
        one_shot: run a single episode, and let its process end by itself on `close`: for a
            scenario that opens files of its own before the episode begins. The bundled scenarios
            and those with ``TraceOutputs`` write complete files of each episode without it. No
            second reset.
        output: where what the simulator prints goes (``NS_LOG``, ``std::cout``, ``std::cerr``).
            ``None`` keeps its first 64 KiB and last 1 MiB for error messages. ``"inherit"`` shows
            it on this process's standard output and error. A path appends it to that file, without
            a limit; several simulators may share one.
        failure_folder: where the actions of an episode are written whose simulator fails, for the
            command that reproduces it; default: the folder for temporary files.
        records_in_info: leave the record tables out of ``info`` when false. Gymnasium's
            ``SyncVectorEnv`` and ``AsyncVectorEnv`` cannot stack tables of different lengths;
            `tandem.bridge.core.vector.TandemVectorEnv` can.
        render_mode: must be ``None``; ask for ns-3's NetAnim file to look at a run.
        **scenario_arguments: more of the scenario's own arguments.

    Raises:
        ScenarioNotFound: no such scenario.
        InvalidArgument: the scenario has no such argument, or not with that value.
        UnknownKeyword: a keyword that is no argument of the scenario; a `TypeError`.
        ScenarioError: the scenario refused its arguments; the message quotes it.
        ValueError, TypeError: a bad argument of this class.

    Examples:
        >>> import gymnasium
        >>> import tandem
        >>> env = gymnasium.make("tandem/WifiEdge-v0", users=2, epochs=3)
        >>> env.action_space
        MultiDiscrete([10 10])
        >>> observation, info = env.reset(seed=1)
        >>> sorted(observation)
        ['cells', 'sites', 'users']
        >>> done = False
        >>> while not done:
        ...     action = env.action_space.sample()
        ...     observation, reward, terminated, truncated, info = env.step(action)
        ...     done = terminated or truncated
        >>> info["decision"], terminated, truncated
        (2, False, True)
        >>> env.close()
    """

    observation_space: spaces.Dict
    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (as Gymnasium declares it)

    def __init__(
        self,
        scenario: str | os.PathLike[str],
        arguments: Mapping[str, object] | None = None,
        *,
        objective: Objective[Any] | str | None = None,
        seed: int | None = None,
        backend: Backend | None = None,
        branch_slots: int = DEFAULT_BRANCH_SLOTS,
        spin_us: float = _native.DEFAULT_SPIN_US,
        start_timeout_s: float = DEFAULT_START_TIMEOUT_S,
        step_timeout_s: float | None = None,
        one_shot: bool = False,
        output: OutputChoice = None,
        failure_folder: str | os.PathLike[str] | None = None,
        records_in_info: bool = True,
        render_mode: str | None = None,
        **scenario_arguments: object,
    ) -> None:
        if render_mode is not None:
            raise ValueError(
                f"render_mode={render_mode!r} is not supported: only None. To look at a run, "
                "write ns-3's NetAnim file with `tandem run --netanim`"
            )
        self.render_mode = None
        self._owner = Owner("this environment")
        self._arguments = merge_arguments(arguments, scenario_arguments)
        # Simulators that later resets start are started from here as well.
        self._scenario = fixed_scenario(scenario)
        self._records_in_info = records_in_info
        self._first_seed = seed
        self._backend = LocalBackend() if backend is None else backend
        self._options = SimulatorOptions(
            branch_slots=branch_slots,
            spin_us=spin_us,
            start_timeout_s=start_timeout_s,
            step_timeout_s=step_timeout_s,
            one_shot=one_shot,
            output=absolute(output),
            folder=working_folder(),
            failure_folder=None if failure_folder is None else Path(failure_folder).absolute(),
        )
        self._decision = 0
        self._run = 0
        self._posted: Any = None
        self._seen: Seen | None = None
        self._clips = ClipTeller()
        try:
            simulator = self._start(self._arguments)
        except UnknownArgument as error:
            raise keyword_error(error, scenario_arguments) from None
        try:
            schema = simulator.schema
            self.observation_space = schema.observation_space()
            self.action_space = schema.action_space()
            self._adopt(simulator)
            self._warn()
            self.objective = objective
        except BaseException:
            simulator.close()
            raise

    # Gymnasium's interface

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; returns its first observation and ``info``.

        With ``seed``, exactly that seed is given to ns-3. Without, the next one is drawn from
        ``np_random``, so a sequence of resets is reproducible from its first seed.
        ``info["seed"]`` is the one that was used.

        ``options={"arguments": {"edgeCores": 4}}`` changes scenario arguments from this episode
        on. The simulator is restarted for that, and the spaces must stay the same.

        Raises:
            ValueError: unknown option, or arguments that change the spaces.
            ScenarioError: the scenario refused the new arguments; the old simulator stays. Or the
                episode ended before its first decision.
        """
        self.begin_reset(seed=seed, options=options)
        return self.end_reset()

    def begin_reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> None:
        """First half of `reset`: start the episode and return while ns-3 computes."""
        self._owner.check()
        if self._simulator.forked:
            fork = self._simulator
            self._adopt(self._start(self._arguments))
            fork.close()
        if seed is None and self._first_seed is not None:
            seed = self._first_seed
        self._first_seed = None
        if seed is not None:
            check_seed(seed)  # before Gymnasium takes True for 1
            seed = int(seed)
        super().reset(seed=seed)
        if options:
            self._apply(options)
        self._run = seed if seed is not None else int(self.np_random.integers(1, SEED_LIMIT))
        self._decision = 0
        forget(self.objective)
        self._simulator.begin(self._run)

    def end_reset(self) -> tuple[Observation, dict[str, Any]]:
        """Second half of `reset`: wait for the first observation."""
        frame = self._simulator.wait()
        if frame.status != Status.DECISION:
            raise ScenarioError(
                f"{Path(self._scenario).name} ended its episode before the first decision: is an "
                "event scheduled that calls Decide(), and does a Simulator::Stop() of the warm-up "
                "or a --timeLimit come before it?"
            )
        self._see(frame)
        info: dict[str, Any] = {"seed": self._run, "clipped": frame.clipped.values}
        if self.schema.masks:
            info["action_mask"] = action_mask(self.schema, frame.observation)
        self._clips.tell(self.schema, frame.clipped)
        return frame.observation, info

    def step(self, action: Any) -> StepResult:
        """Play one decision epoch.

        Args:
            action: joint action, an element of `action_space` (any integer array-like of the
                right shape for a ``MultiDiscrete``).

        Raises:
            InvalidAction: wrong shape or type, NaN, or out of range; nothing was simulated.
            SimulatorDied: the simulator ended; the message says how and how to reproduce it.
            NoEpisode: the episode is over or was never started.
        """
        self._posted = action  # what wait() goes on with after an interrupt
        return self._result(self._exchange(action))

    def post(self, action: Any) -> None:
        """First half of `step`: hand over the action and return while ns-3 computes.

        Raises:
            InvalidAction, NoEpisode: as `step`.
        """
        self._simulator.post(action)
        self._posted = action

    def wait(self) -> StepResult:
        """Second half of `step`: wait for the epoch that `post` began."""
        return self._result(self._simulator.await_status())

    def render(self) -> None:
        """Nothing to draw: the only render mode is ``None``."""

    def close(self) -> None:
        """End the simulator; harmless when called twice."""
        self._owner.check()
        simulator = getattr(self, "_simulator", None)
        if simulator is not None:
            simulator.close()

    # Beyond Gymnasium

    @property
    def simulator(self) -> RunningSimulator:
        """The process underneath; replaced when ``reset`` changes scenario arguments."""
        return self._simulator

    @property
    def schema(self) -> Schema:
        """What the scenario declared in C++."""
        return self._simulator.schema

    @property
    def objective(self) -> Objective[Any] | None:
        """The reward; ``None`` means that every reward is 0. May be set between steps."""
        return self._accounting.objective

    @objective.setter
    def objective(self, objective: Objective[Any] | str | None) -> None:
        self._accounting = Accounting(
            self.schema, self._domain, resolve(objective, self.schema), self._records_in_info
        )
        self._thin = self._accounting.trivial
        if self._accounting.objective is None and not self.schema.masks:
            self._seen = None

    @property
    def domain(self) -> Domain | None:
        """The kind of scenario; ``None`` for a scenario of no registered domain."""
        return self._domain

    @property
    def arguments(self) -> dict[str, object]:
        """Scenario arguments now in force (a copy)."""
        return dict(self._arguments)

    @property
    def decision(self) -> int:
        """Index of the next decision, from 0: the number of decisions taken in this episode."""
        return self._decision

    @property
    def epoch(self) -> int:
        """Deprecated: `decision`."""
        warnings.warn(
            "TandemEnv.epoch goes in the next release: use TandemEnv.decision",
            DeprecationWarning,
            stacklevel=2,
        )
        return self._decision

    def action_masks(self, levels: int | None = None) -> NDArray[np.bool_]:
        """Which choices are allowed now: those of each integer, one behind the other.

        As MaskablePPO of sb3-contrib asks for them; see `tandem.bridge.core.masks`. Everything is
        allowed where the scenario has no mask.

        Args:
            levels: values that each real number has for whoever asks, all of them allowed;
                ``None``: real numbers have no choices.
        """
        observation = {} if self._seen is None else self._seen.observation
        return flat_masks(self.schema, observation, levels)

    def branch(
        self,
        joint_actions: Sequence[Play],
        horizon: int = 1,
        *,
        parallel: int | None = None,
        future: int = 0,
    ) -> list[Outcome]:
        """Try joint actions from the present packet-level state, without moving.

        Args:
            joint_actions: what each branch plays: a joint action, an element of `action_space`; a
                sequence of them, one for each epoch; or a policy, a callable that takes an
                observation and returns a joint action.
            horizon: epochs in which a joint action is repeated, or a policy plays. A sequence has
                its own length. Without a policy at most ``branch_slots`` epochs.
            parallel: branches that run at the same time; default: one per available core.
            future: 0 for the random draws that `step` would meet (backoffs, errors, arrivals);
                1, 2, … for others, each the same for all branches. What an action costs *on
                average* at this state is the mean over futures.

        Returns:
            One `Outcome` per branch, in the same order. Its rewards come from a copy of the
            objective, whose memory starts as it is now. Policies are called as they are: their
            memory, if they have one, moves.

        Raises:
            InvalidAction: one of the actions is not in the action space.
            NoEpisode: the episode is over or was never started.
            ValueError: ``horizon`` or ``future`` is out of range, the scenario has one future, or
                policies are to meet another one on a simulator elsewhere.
            TypeError: the objective cannot be copied.
        """
        self._owner.check()
        joint = self.schema.joint_action
        policies = [number for number, play in enumerate(joint_actions) if callable(play)]
        known = {
            number: as_sequence(play, joint, horizon)
            for number, play in enumerate(joint_actions)
            if not callable(play)
        }
        epochs = self._simulator.branch_epochs(
            list(known.values()), parallel=parallel, future=future
        )
        outcomes = dict(zip(known, zip(epochs, known.values(), strict=True), strict=True))
        if policies:
            played = play_policies(
                self._simulator,
                [joint_actions[number] for number in policies],
                horizon,
                parallel=parallel,
                future=future,
            )
            outcomes.update(zip(policies, played, strict=True))
        return [
            self._accounting.outcome(*outcomes[number], self._seen)
            for number in range(len(joint_actions))
        ]

    def fork(self, *, future: int = 0) -> TandemEnv:
        """An environment of its own that goes on from the present packet-level state.

        It steps, branches and forks as this one does, and the same actions give the same bytes.
        The two share nothing but memory that neither has written (copy-on-write): each is
        unharmed by what the other plays, by its end and by its crash, and is to be closed by
        itself. `reset` of a fork starts a simulator of its own. A fork writes no trace files.

        A simulator on a server or in a Ray actor cannot be forked. There another one is started
        and the episode replayed, with the same results but at the cost of its epochs so far.

        Args:
            future: 0 for the random draws that this environment would meet; 1, 2, … for others.

        Raises:
            NoEpisode: the episode is over or was never started.
            ValueError: ``future`` is out of range, the scenario has one future, or another future
                is asked of a simulator elsewhere.
            TypeError: the objective cannot be copied.
        """
        self._owner.check()
        objective = copy_of(self.objective)
        twin = copy.copy(self)
        twin._arguments = dict(self._arguments)
        twin._first_seed = None
        twin._np_random = copy.deepcopy(self._np_random)
        twin.action_space = copy.deepcopy(self.action_space)
        twin.observation_space = copy.deepcopy(self.observation_space)
        twin._clips = copy.copy(self._clips)
        twin._adopt(self._simulator.fork(future=future))
        twin.objective = objective
        return twin

    # Inside

    def _start(self, arguments: Mapping[str, object]) -> RunningSimulator:
        return self._backend(self._scenario, arguments, self._options)

    def _result(self, status: int) -> StepResult:
        """What the epoch with the posted action gave."""
        decision = self._decision
        self._decision += 1
        if self._thin and status == _DECISION and not self._clipped():
            return self._observe(), 0.0, False, False, {"decision": decision, "clipped": 0}
        frame = self._simulator.frame(status)
        result = self._accounting.step_result(frame, self._posted, self._seen)
        self._see(frame)
        self._clips.tell(self.schema, frame.clipped)
        return result

    def _see(self, frame: Frame) -> None:
        """Keep a copy, for objective and masks, of what the next action is chosen from."""
        if self.objective is not None or self.schema.masks:
            self._seen = Seen.of(frame)

    def _adopt(self, simulator: RunningSimulator) -> None:
        self._simulator = simulator
        # Bound once: attribute look-ups are a visible part of a step of a microsecond.
        self._exchange = simulator.exchange
        self._observe = simulator.observe
        self._clipped = simulator.clipped
        self._domain = domain_of(simulator.schema)

    def _warn(self) -> None:
        """Tell what the scenario warns of."""
        for text in self.schema.meta.get("warnings", ()):
            warnings.warn(f"{self.schema.scenario}: {text}", ScenarioWarning, stacklevel=3)

    def _apply(self, options: Mapping[str, Any]) -> None:
        changed = changed_arguments(options)
        arguments = {**self._arguments, **changed}
        if arguments == self._arguments:
            return
        simulator = self._start(arguments)
        schema = simulator.schema
        if (
            schema.observation_space() != self.observation_space
            or schema.action_space() != self.action_space
        ):
            simulator.close()
            raise ValueError(
                f"arguments {changed} change the observation or action space: make a new "
                "environment for them"
            )
        old = self._simulator
        self._arguments = arguments
        self._adopt(simulator)
        self._warn()
        self.objective = self.objective
        old.close()
