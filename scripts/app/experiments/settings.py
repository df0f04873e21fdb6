# SPDX-License-Identifier: MIT
"""What an agent meets in an experiment, and what it is told.

A `Setting` gives the two things that a learner's run needs::

    setting = SETTINGS["device-lie-3"]                    # of wrong_knowledge
    judge = setting.judge(Places("runs/tuning"), tuning=True)
    with setting.world(seed=1) as world:
        learner = make_learner("hybrid", world.problem, seed=1)
        training = Training(world, learner, seed=1)
        training.run(20)
        print(judge.evaluate(learner.act).ratio)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.problem import JointProblem
from tandem.agents.training.knowledge import TRUE, BelievedJudge, Knowledge
from tandem.agents.training.world import EnvWorld, World
from tandem.agents.training.worlds import BelievedWorld, ChangingWorld
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.states import JudgingStates, judge_of, pool_of
from tandem.scripts.app.experiments.truth import USUAL, Threshold, Truth

#: Interactions after which a change comes.
CHANGE_AT: Final = 100


@dataclass(frozen=True)
class Setting:
    """A system, a task, and what the agent is told of the system.

    Attributes:
        name: short, for options, files and tables.
        about: what differs from the usual, in a few words.
        truth: the system.
        threshold: on mean top-5 accuracy.
        knowledge: of the agent.
        after: the system from `CHANGE_AT` interactions on, if it changes; nobody tells the agent.
    """

    name: str
    about: str
    truth: Truth = USUAL
    threshold: Threshold = 85.0
    knowledge: Knowledge = TRUE
    after: Truth | None = None

    @property
    def objective(self) -> PaperObjective:
        """Of the agent and of the oracle."""
        return PaperObjective(self.threshold)

    @property
    def truths(self) -> tuple[Truth, ...]:
        """The systems in the order in which they come."""
        return (self.truth,) if self.after is None else (self.truth, self.after)

    @property
    def content(self) -> tuple[object, ...]:
        """Everything but the words."""
        return self.truth, self.threshold, self.knowledge, self.after

    def told_the_truth(self, truth: Truth) -> Setting:
        """The same task in a system that does not change, for an agent that knows it."""
        return replace(self, truth=truth, after=None, knowledge=TRUE)

    def judge(
        self,
        places: Places,
        tuning: bool = False,
        states: JudgingStates | None = None,
        changed: bool = False,
    ) -> BelievedJudge:
        """Compares policies with the optimum; policies see what the agent gets to see.

        Args:
            places: of measured states; those that are missing are measured now.
            tuning: at the states for tuning, not at those that judge.
            states: how many; ``tuning`` is ignored then.
            changed: in the system after the change.
        """
        states = states or JudgingStates(tuning=tuning)
        truth = self.truths[-1] if changed else self.truth
        schema = pool_of(truth, self.threshold, states, places).schema
        problem = JointProblem.from_schema(schema, self.objective)
        judge = judge_of(truth, self.threshold, states, places)
        return BelievedJudge(judge, self.knowledge, problem)

    @contextmanager
    def world(self, seed: int) -> Iterator[World]:
        """The system as the agent meets it; it closes with the context.

        Args:
            seed: of what the agent's knowledge draws.
        """
        with self.true_worlds() as worlds:
            yield self.believed(worlds, seed)

    @contextmanager
    def true_worlds(self) -> Iterator[list[EnvWorld]]:
        """One simulator per system."""
        with ExitStack() as stack:
            yield [
                EnvWorld(
                    stack.enter_context(
                        TandemEnv(truth.scenario, truth.arguments, objective=self.objective)
                    )
                )
                for truth in self.truths
            ]

    def believed(self, worlds: Sequence[World], seed: int) -> World:
        """True worlds, one per system, as one world that the agent meets."""
        first, *others = worlds
        world: World = first
        for other in others:
            world = ChangingWorld(world, other, CHANGE_AT)
        return BelievedWorld(world, self.knowledge, seed)
