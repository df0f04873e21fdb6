# SPDX-License-Identifier: MIT
"""Compares a trained agent with simple policies, at states that the oracle measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console

from tandem.agents.api import JointAction, Observation
from tandem.agents.evaluation.futures import FuturesJudge
from tandem.agents.evaluation.judge import Evaluation, Judge, Policy, StateDraw
from tandem.agents.inference.heuristics import FixedPolicy, GreedyPolicy
from tandem.agents.inference.problem import JointProblem
from tandem.agents.registry import make_agent
from tandem.bridge.backends.remote import Target
from tandem.bridge.parts.api import Executor
from tandem.scripts.app.training.calibration import BEST_FIXED, compare_with_oracle
from tandem.scripts.app.training.checkpoints import read_checkpoint
from tandem.scripts.app.training.judges import JudgedStates, judged_states
from tandem.scripts.app.training.settings import TrainSettings

#: Joint actions drawn per state for the line of the random policy, where a look-up is all it takes.
RANDOM_DRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class PolicyScore:
    """One policy over all states.

    Attributes:
        policy: its name.
        response_s: mean response time, seconds.
        accuracy_percent: mean top-5 accuracy.
        cost_s: mean cost, seconds: the response time, or more where the threshold was missed.
        violated: share of the states in which it was.
        interactions: what the policy was learned from, 0 before; ``None`` for those that do not
            learn.
    """

    policy: str
    response_s: float
    accuracy_percent: float
    cost_s: float
    violated: float
    interactions: int | None = None


@dataclass(frozen=True)
class Comparison:
    """All policies at the same states.

    Attributes:
        lines: agents first, the oracle last.
        exact: whether the oracle is the optimum.
        futures: in how many futures each state was judged; 0: in the one that comes.
        best_s: the oracle's mean cost, seconds.
        lower_bound_s: no joint action costs less on average, seconds.
    """

    lines: tuple[PolicyScore, ...]
    exact: bool
    futures: int
    best_s: float
    lower_bound_s: float
    states: int
    interactions: int
    threshold_percent: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def compare(
    settings: TrainSettings,
    checkpoint: Path,
    draw: StateDraw,
    *,
    cache: Path | None,
    console: Console,
    target: Target | None = None,
    futures: int = 0,
    executor: Executor | None = None,
    also: Sequence[tuple[TrainSettings, Path]] = (),
    untrained: bool = False,
) -> Comparison:
    """Evaluate the agent of a checkpoint and the others.

    Args:
        settings: of the run; they say what is played.
        checkpoint: of the run.
        draw: the states.
        cache: of oracle tables; ``None``: the usual one.
        console: for progress.
        target: as for `judged_states`.
        futures: as for `judged_states`.
        executor: as for `judged_states`.
        also: settings and checkpoints of more agents that learned the same.
        untrained: whether to evaluate each agent as it was before it learned, too.

    Raises:
        RunFolderError: a checkpoint cannot be read.
    """
    runs = [
        (own, read_checkpoint(path)["training"]) for own, path in ((settings, checkpoint), *also)
    ]
    with judged_states(
        settings.scenario,
        settings.arguments,
        settings.objective,
        draw,
        cache=cache,
        console=console,
        target=target,
        futures=futures,
        executor=executor,
    ) as judged:
        judge, schema = judged.judge, judged.schema
        problem = JointProblem.from_schema(schema, settings.objective)
        lines = []
        for own, training in runs:
            agent = make_agent(own.agent, schema, problem, own.seed, own.agent_config)
            if untrained:
                lines.append(_line(own.agent, judge.evaluate(agent.act), 0))
            agent.load_state_dict(training["learner"])
            lines.append(_line(own.agent, judge.evaluate(agent.act), _interactions(training)))
        for name, policy in _others(problem).items():
            lines.append(_line(name, judge.evaluate(policy)))
        lines.append(_random(judge, problem))
        if judge.exact:
            lines.append(_best_fixed(judge, judged))
        lines.extend(_optima(judge, judged))
        return Comparison(
            lines=tuple(lines),
            exact=judge.exact,
            futures=futures,
            best_s=judge.oracle_s,
            lower_bound_s=judged.lower_bound_s,
            states=len(judged.solutions),
            interactions=_interactions(runs[0][1]),
            threshold_percent=problem.threshold_percent,
        )


def _interactions(training: Mapping[str, Any]) -> int:
    return len(training["history"]["interaction"])


def _others(problem: JointProblem) -> dict[str, Policy]:
    options = problem.options
    policies: dict[str, Policy] = {}
    for site, label in enumerate(options.sites.labels):
        if (options.site == site).any():
            option = options.most_accurate_each(site, problem.users)
            policies[f"all {label}"] = FixedPolicy(label, problem.users, option).act
    policies["greedy"] = GreedyPolicy(options, problem.user_columns, problem.threshold_percent).act
    return policies


def _random(judge: Judge, problem: JointProblem) -> PolicyScore:
    """Uniform draws, many per state where a draw costs nothing."""
    rng = np.random.default_rng(0)
    options, user = len(problem.options), np.arange(problem.users)

    def draw(observation: Observation) -> JointAction:
        action = rng.integers(options, size=problem.users).astype(np.int32)
        while (lacking := ~problem.allowed[user, action]).any():
            action[lacking] = rng.integers(options, size=int(lacking.sum()))
        return action

    results = [judge.evaluate(draw) for _ in range(RANDOM_DRAWS if judge.exact else 1)]
    return PolicyScore(
        "random",
        float(np.mean([result.response_s for result in results])),
        float(np.mean([result.accuracy_percent for result in results])),
        float(np.mean([result.cost_s for result in results])),
        float(np.mean([result.violated for result in results])),
    )


def _best_fixed(judge: Judge, judged: JudgedStates) -> PolicyScore:
    worth = compare_with_oracle(judged.solutions, judged.schema, judged.rule, judged.episodes)
    found = worth.line(BEST_FIXED)
    action = np.array(found.action, dtype=np.int32)
    return _line(BEST_FIXED, judge.evaluate(lambda observation: action))


def _optima(judge: Judge, judged: JudgedStates) -> list[PolicyScore]:
    """The optimum that ratios refer to last."""
    if isinstance(judge, FuturesJudge):
        return [
            _line("best on average", judge.best_on_average),
            _line("oracle, held out", judge.held_out),
        ]
    best = [solution.best for solution in judged.solutions]
    return [
        PolicyScore(
            "oracle" if judge.exact else "best found",
            float(np.mean([optimum.response_s.mean() for optimum in best])),
            float(np.mean([optimum.accuracy_percent for optimum in best])),
            judge.oracle_s,
            1.0 - float(np.mean([optimum.accurate for optimum in best])),
        )
    ]


def _line(name: str, result: Evaluation, interactions: int | None = None) -> PolicyScore:
    return PolicyScore(
        name,
        result.response_s,
        result.accuracy_percent,
        result.cost_s,
        result.violated,
        interactions,
    )
