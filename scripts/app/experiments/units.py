# SPDX-License-Identifier: MIT
"""One run of an experiment: an agent in a setting, from one seed. Each finished run is a file."""

from __future__ import annotations

import functools
import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from tandem.agents.api import Learner
from tandem.agents.common.units import MS_PER_S
from tandem.agents.evaluation.convergence import Convergence
from tandem.agents.evaluation.criterion import Excess, evaluation_points
from tandem.agents.evaluation.judge import Judge
from tandem.agents.registry import LEARNERS, learner_config, make_learner
from tandem.agents.training.loop import Training
from tandem.agents.training.timed import TimedLearner
from tandem.agents.training.world import EnvWorld, World
from tandem.agents.training.worlds import ReferencedWorld
from tandem.bridge.core.documents import read_json
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.provenance import git_sha
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.settings import CHANGE_AT, Setting
from tandem.scripts.app.experiments.states import JudgingStates, states_digest
from tandem.scripts.app.experiments.truth import threshold_name
from tandem.scripts.app.experiments.whole_episodes import agent_episodes

FORMAT_VERSION: Final = 1
#: The prior's model planned exactly, nothing learned.
PRIOR: Final = "prior"
#: The same for an agent whom nobody lies to: it knows the present system's tables and sees all.
PRIOR_TRUE: Final = "prior-true"
#: Interactions since a change after which agents are evaluated.
AFTER_CHANGE: Final = (0, 5, 10, 15, 25, 50, 100)
#: A run that has reached its target goes on for as long as tables tell about it.
LAST_TOLD: Final = 150
#: What the reference draws follows from no unit's seed.
REFERENCE_SEED: Final = 0


@dataclass(frozen=True)
class Unit:
    """An agent in a setting.

    Attributes:
        setting: what it meets and what it is told.
        agent: its name.
        seed: of its draws, its episodes and what its knowledge draws.
        cap: interactions at most; 0: it does not learn.
        states: that judge.
        referenced: whether what learning costs is measured: each interaction's cost less that of
            `PRIOR_TRUE` at the same state in the same future.
        episodes: whole episodes that the agent plays after its last interaction.
    """

    setting: Setting
    agent: str
    seed: int
    cap: int
    states: JudgingStates
    referenced: bool = True
    episodes: int = 0

    @property
    def name(self) -> str:
        """For files and progress."""
        return f"{self.setting.name}-{self.agent}-s{self.seed}"

    @property
    def weight(self) -> int:
        """Roughly, how long it takes beside others."""
        return 1 + self.cap * self.setting.truth.users * (2 if self.referenced else 1)

    def key(self, places: Places) -> str:
        """Changes with everything that the result depends on, except the agents' code.

        Raises:
            OSError: the states that judge have not been measured.
        """
        kind = PRIOR if self.agent == PRIOR_TRUE else self.agent
        settings = learner_config(kind).model_dump_json()
        content = (
            self.setting.content,
            self.agent,
            self.seed,
            self.cap,
            self.states,
            self.referenced,
            self.episodes,
            settings,
            [
                states_digest(truth, self.setting.threshold, self.states, places)
                for truth in self.setting.truths
            ],
        )
        return hashlib.sha256(repr(content).encode()).hexdigest()


def run_unit(unit: Unit, places: Places) -> dict[str, Any]:
    """Train, evaluate on the way, keep and return the result."""
    started_s = time.monotonic()
    judges: list[Judge] = [
        unit.setting.judge(places, states=unit.states, changed=bool(number))
        for number in range(len(unit.setting.truths))
    ]
    is_reference = unit.agent == PRIOR_TRUE
    record = _reference(unit, places) if is_reference else _trained(unit, judges)
    key = unit.key(places)
    content = {
        "version": FORMAT_VERSION,
        "key": key,
        "commit": _commit(),
        "setting": unit.setting.name,
        "users": unit.setting.truth.users,
        "threshold": threshold_name(unit.setting.threshold),
        "agent": unit.agent,
        "seed": unit.seed,
        "cap": unit.cap,
        "optima": [asdict(judge.optima) for judge in judges],
        **record,
        "wall_s": round(time.monotonic() - started_s, 1),
    }
    path = places.file("runs", unit.name, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(path, content)
    # As it will be read again.
    return dict(read_json(path))


def finished(unit: Unit, places: Places) -> dict[str, Any] | None:
    """The result of an earlier run of the same unit."""
    try:
        key = unit.key(places)
        content = read_json(places.file("runs", unit.name, key))
    except (OSError, ValueError):
        return None
    known = content.get("version") == FORMAT_VERSION and content.get("key") == key
    return dict(content) if known else None


@functools.cache
def _commit() -> str | None:
    return git_sha()


def _trained(unit: Unit, judges: Sequence[Judge]) -> dict[str, Any]:
    convergence = Convergence()
    rows: list[dict[str, Any]] = []
    with _worlds(unit) as (world, referenced):
        learner = TimedLearner(make_learner(unit.agent, world.problem, unit.seed))
        training = Training(world, learner, unit.seed)
        for interactions, number in _points(unit):
            training.run(min(interactions, unit.cap))
            rows.append(_row(interactions, number, learner, judges[number], referenced))
            if number == 0 and (ratio := rows[-1]["held_out"] or rows[-1]["best_on_average"]):
                reached = convergence.add_ratio(interactions, ratio, learner.policy_version)
                if reached and interactions >= LAST_TOLD and len(judges) == 1:
                    break
        played = agent_episodes(unit.setting, learner, unit.episodes) if unit.episodes else None
    count = convergence.interactions
    return {
        "interactions": count.value,
        "censored": count.censored,
        "fixed": rows[-1]["policy_version"] == rows[0]["policy_version"],
        "played": training.interactions,
        "cpu_ms": MS_PER_S * float(np.mean(learner.times_s)) if learner.times_s else None,
        "alarms": [row.interaction for row in training.history if row.stale],
        "evaluations": rows,
        "episodes": played,
    }


def _reference(unit: Unit, places: Places) -> dict[str, Any]:
    """The prior with the truth of each system, judged there."""
    rows = []
    for number, truth in enumerate(unit.setting.truths):
        honest = unit.setting.told_the_truth(truth)
        judge = honest.judge(places, states=unit.states)
        with honest.world(unit.seed) as world:
            learner = make_learner(PRIOR, world.problem, unit.seed)
            rows.append(_row(number * CHANGE_AT, number, learner, judge, []))
    return {
        "interactions": 0.0,
        "censored": True,
        "fixed": True,
        "played": 0,
        "cpu_ms": None,
        "alarms": [],
        "evaluations": rows,
        "episodes": None,
    }


def _row(
    interactions: int,
    number: int,
    learner: Learner,
    judge: Judge,
    referenced: Sequence[ReferencedWorld],
) -> dict[str, Any]:
    """What one evaluation tells.

    ``system`` is the number of the system that judges, ``learning_s`` the sum of all interactions'
    costs so far less those of the reference.
    """
    result = judge.evaluate(learner.act)
    paid_s = [pair.cost_s - pair.reference_s for world in referenced for pair in world.costs]
    return {
        "interactions": interactions,
        "system": number,
        "policy_version": learner.policy_version,
        **asdict(Excess.of(result, judge.optima)),
        "violated": result.violated,
        "learning_s": math.fsum(paid_s) if referenced else None,
    }


def _points(unit: Unit) -> Iterator[tuple[int, int]]:
    """When to evaluate, and in which system."""
    if unit.setting.after is None:
        yield from ((point, 0) for point in evaluation_points(unit.cap))
        return
    yield from ((point, 0) for point in evaluation_points(min(unit.cap, CHANGE_AT)))
    # A policy that does not learn meets the change without an interaction.
    last = unit.cap or CHANGE_AT
    yield from ((CHANGE_AT + more, 1) for more in AFTER_CHANGE if CHANGE_AT + more <= last)


@contextmanager
def _worlds(unit: Unit) -> Iterator[tuple[World, Sequence[ReferencedWorld]]]:
    """The world that the agent meets, and what notes the reference's costs in it."""
    with unit.setting.true_worlds() as worlds:
        if not (unit.referenced and unit.cap):
            yield unit.setting.believed(worlds, unit.seed), []
            return
        noted = [_referenced(world) for world in worlds]
        yield unit.setting.believed(noted, unit.seed), noted


def _referenced(world: EnvWorld) -> ReferencedWorld:
    reference = make_learner(PRIOR, world.problem, REFERENCE_SEED)
    return ReferencedWorld(world, reference.act)


def agent_names() -> tuple[str, ...]:
    """Everything that can be run."""
    return (*LEARNERS, PRIOR_TRUE)
