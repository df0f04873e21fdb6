# SPDX-License-Identifier: MIT
"""Agents that can be trained or compared, by the name that the command line uses.

`LEARNERS` is the one table: name, settings, factory. Policies that do not learn
(`tandem.agents.inference.heuristics.POLICIES`) may stand where a learner is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tandem.agents.api import Learner, Transition
from tandem.agents.baselines.bandit import BanditConfig, UserBandits
from tandem.agents.baselines.dqn_settings import BranchingLearnerConfig, JointDqnConfig
from tandem.agents.baselines.fixed_learner import FixedLearner
from tandem.agents.baselines.prior_bandit import PriorBandit, PriorBanditConfig
from tandem.agents.baselines.qlearning import QLearner, QLearningConfig
from tandem.agents.baselines.sb3_settings import DqnLearnerConfig, PpoLearnerConfig
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.settings import Settings, merged_settings
from tandem.agents.hybrid import HybridAgent, HybridConfig
from tandem.agents.inference.direct import DirectConfig
from tandem.agents.inference.heuristics import POLICIES, GreedyPolicy, make_policy
from tandem.agents.inference.hidden_columns import NO_RATE, NO_TRANSPORT
from tandem.agents.inference.model.calibration_config import nothing_known, transferred
from tandem.agents.inference.model.config import ModelConfig
from tandem.agents.inference.problem import JointProblem
from tandem.bridge.core.packages import require
from tandem.bridge.core.schema import Schema

Make: TypeAlias = Callable[[JointProblem, Any, int, str], Learner]


@dataclass(frozen=True)
class LearnerKind:
    """A learner that can be made.

    Attributes:
        make: takes problem, config, seed and name.
        default: its settings unless others are given; their class is the only one accepted.
        needs: package that it imports, of `tandem.bridge.core.packages`.
    """

    make: Make
    default: Settings
    needs: str | None = None


# These packages take seconds to import: only when such a learner is made.


def _branching(
    problem: JointProblem, config: BranchingLearnerConfig, seed: int, name: str
) -> Learner:
    from tandem.agents.baselines.branching_dqn import BranchingLearner

    return BranchingLearner(problem, config, seed, name)


def _joint(problem: JointProblem, config: JointDqnConfig, seed: int, name: str) -> Learner:
    from tandem.agents.baselines.joint_dqn import JointDqn

    return JointDqn(problem, config, seed, name)


def _ppo(problem: JointProblem, config: PpoLearnerConfig, seed: int, name: str) -> Learner:
    from tandem.agents.baselines.sb3_ppo import PpoLearner

    return PpoLearner(problem, config, seed, name)


def _dqn(problem: JointProblem, config: DqnLearnerConfig, seed: int, name: str) -> Learner:
    from tandem.agents.baselines.sb3_dqn import DqnLearner

    return DqnLearner(problem, config, seed, name)


#: The hybrid agent of inference scenarios.
_Hybrid: TypeAlias = HybridAgent[Transition]

#: Kinds by name; ``hybrid-no-*`` are the ablations, ``*-penalty`` learn the accuracy threshold
#: from the cost of missing it, as Shahhosseini et al. (ISQED 2022) do.
LEARNERS: Final[Mapping[str, LearnerKind]] = {
    # Plans in a model that starts from physics and learns from every decision.
    "hybrid": LearnerKind(_Hybrid, HybridConfig()),
    # The same knowledge and planner, nothing learned.
    "prior": LearnerKind(_Hybrid, HybridConfig(learn=False)),
    # Hybrid that never tries what it is unsure of.
    "hybrid-greedy": LearnerKind(_Hybrid, HybridConfig(explore_share=0.0)),
    # Hybrid whose plans also use what response times teach directly, without the model.
    "hybrid-direct": LearnerKind(_Hybrid, HybridConfig(direct=DirectConfig(use=True))),
    # Hybrid without hand-written physics: its base are networks trained on other scenarios.
    "hybrid-no-physics": LearnerKind(
        _Hybrid,
        HybridConfig(model=ModelConfig(base="pretrained", calibration=transferred())),
    ),
    # Hybrid with neither physics nor such networks: it starts from a guess.
    "hybrid-no-prior": LearnerKind(
        _Hybrid,
        HybridConfig(model=ModelConfig(base="nothing", calibration=nothing_known())),
    ),
    # Hybrid whose model does not see the loads of cell and site.
    "hybrid-no-structure": LearnerKind(
        _Hybrid, HybridConfig(model=ModelConfig(use_structure=False))
    ),
    # Hybrid whose model does not see the users' radio rates.
    "hybrid-no-rate": LearnerKind(_Hybrid, HybridConfig(model=ModelConfig(fixed_columns=NO_RATE))),
    # Hybrid whose model does not see TCP's windows.
    "hybrid-no-transport": LearnerKind(
        _Hybrid, HybridConfig(model=ModelConfig(fixed_columns=NO_TRANSPORT))
    ),
    # Double DQN with a branch of values per user.
    "branching-dqn": LearnerKind(_branching, BranchingLearnerConfig(), "torch"),
    # DQN with an output per joint action within the threshold.
    "joint-dqn": LearnerKind(_joint, JointDqnConfig(), "torch"),
    # The same without knowing the threshold, as Shahhosseini et al. (ISQED 2022) do.
    "joint-dqn-penalty": LearnerKind(_joint, JointDqnConfig(obey_threshold=False), "torch"),
    # Table of values per state and joint action.
    "qlearning": LearnerKind(QLearner, QLearningConfig()),
    # The same without knowing the threshold or other states, as in the same paper.
    "qlearning-penalty": LearnerKind(QLearner, QLearningConfig(obey_threshold=False, pooling=0.0)),
    # Thompson sampling per user, blind to the state.
    "bandit": LearnerKind(UserBandits, BanditConfig()),
    # Stable-Baselines3's PPO and, for few users, its DQN (extra sb3).
    "sb3-ppo": LearnerKind(_ppo, PpoLearnerConfig(), "stable_baselines3"),
    "sb3-dqn": LearnerKind(_dqn, DqnLearnerConfig(), "stable_baselines3"),
    # The analytic prior with a learned factor per user, option and part of the response time.
    "prior-bandit": LearnerKind(PriorBandit, PriorBanditConfig()),
}

#: Everything that `make_agent` knows.
NAMES: Final = (*LEARNERS, *POLICIES)


def agent_config(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of an agent, defaults included.

    Args:
        name: one of `NAMES`.
        given: settings that differ from the defaults, nested as in the agent's config.

    Raises:
        PolicyError: unknown name; unknown or impossible settings, by name.
    """
    if _check(name) not in POLICIES:
        return learner_config(name, given).model_dump()
    if given:
        raise PolicyError(f"{name} has no settings, so {', '.join(given)} cannot be set")
    return {}


def make_agent(
    name: str, schema: Schema, problem: JointProblem, seed: int, config: Mapping[str, Any]
) -> Learner:
    """The agent of that name, untrained; a policy becomes a learner that learns nothing.

    Args:
        name: one of `NAMES`.
        schema: of the scenario.
        problem: what it is to solve.
        seed: decides everything that a learner draws.
        config: settings that differ from the defaults.

    Raises:
        PolicyError: as `agent_config`, or a problem that does not fit.
    """
    if _check(name) not in POLICIES:
        return make_learner(name, problem, seed, learner_config(name, config))
    if name == GreedyPolicy.name:
        return FixedLearner(
            GreedyPolicy(problem.options, problem.user_columns, problem.threshold_percent)
        )
    return FixedLearner(make_policy(name, schema))


def learner_kind(name: str) -> LearnerKind:
    """The kind called ``name``.

    Raises:
        PolicyError: there is none.
        MissingPackage: the package that it needs is not installed.
    """
    if name not in LEARNERS:
        raise PolicyError(f"learner {name!r} is unknown: one of {', '.join(LEARNERS)}")
    kind = LEARNERS[name]
    if kind.needs is not None:
        require(kind.needs, f"agent {name}")
    return kind


def learner_config(name: str, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a kind, some replaced.

    Args:
        name: of the kind.
        overrides: values by field, groups as nested mappings; what a YAML file holds.

    Raises:
        PolicyError: unknown name, field, or impossible value.
    """
    return merged_settings(name, learner_kind(name).default, overrides or {})


def make_learner(
    name: str, problem: JointProblem, seed: int, config: Settings | None = None
) -> Learner:
    """A new learner.

    Args:
        name: of `LEARNERS`.
        problem: what it is to solve.
        seed: decides everything that it draws.
        config: its settings; default: those of its kind (see `learner_config`).

    Raises:
        PolicyError: unknown name, settings of another kind, or a problem that does not fit.
    """
    kind = learner_kind(name)
    config = kind.default if config is None else config
    if type(config) is not type(kind.default):
        raise PolicyError(
            f"learner {name!r} takes {type(kind.default).__name__}, not {type(config).__name__}"
        )
    return kind.make(problem, config, seed, name)


def _check(name: str) -> str:
    if name not in NAMES:
        raise PolicyError(f"agent {name!r} is unknown: one of {', '.join(NAMES)}")
    return name
