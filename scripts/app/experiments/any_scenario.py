# SPDX-License-Identifier: MIT
"""``tandem reproduce any``: how many interactions agents need on scenarios that are not inference.

Each part is an agent with a seed in a scenario. It learns in episodes of its own, and after some
numbers of interactions plays the judging episodes without exploring: those of
``docs/results/worth-learning``, so that its figures (best constant, PPO) stand beside. Nobody tunes
on these. All agents of a scenario have the same settings, their defaults, unless told.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from tandem.agents.common.threads import single_threaded
from tandem.agents.evaluation.returns import ReturnJudge
from tandem.agents.evaluation.seeds import TRAINING
from tandem.agents.general.kinds import KINDS, general_config, make_general
from tandem.agents.general.search import SearchAgent, SearchConfig
from tandem.agents.hybrid import HybridAgent
from tandem.agents.training.loop import EPISODE_STREAM, Training
from tandem.agents.training.world import RewardWorld
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.experiments.places import Places

FORMAT_VERSION: Final = 1
#: Episodes from this seed on judge, as in ``docs/examples/worth_learning.py``.
JUDGING_SEED: Final = 900_001
#: Settings of SB3's algorithms: PPO's are those of ``worth_learning.py``; DQN's own are meant for
#: millions of decisions (a target that stays for 10 000, a gradient step for every fourth).
SB3_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "PPO": {"gamma": 0.8, "learning_rate": 1e-3, "ent_coef": 0.01, "n_steps": 256},
    "DQN": {
        "gamma": 0.8,
        "learning_rate": 1e-3,
        "target_update_interval": 500,
        "train_freq": 1,
    },
    "SAC": {"gamma": 0.8},
}


@dataclass(frozen=True)
class AnyScenario:
    """A scenario and how it is played.

    Attributes:
        name: of the scenario.
        epochs: decisions of an episode.
        episodes: that judge.
        points: interactions after which an agent that learns fast is judged; the last is a tenth
            of those that PPO learned from, in wifi-contention a fifth.
        slow_points: the same of SB3's algorithms.
        searched: episodes that branch search plays; it takes long.
        search: settings of branch search without a guide.
    """

    name: str
    epochs: int
    episodes: int
    points: tuple[int, ...]
    slow_points: tuple[int, ...]
    searched: int
    search: Mapping[str, Any] = field(default_factory=dict)


SCENARIOS: Final[Mapping[str, AnyScenario]] = {
    scenario.name: scenario
    for scenario in (
        AnyScenario("lte-power", 30, 12, (150, 300, 600, 1_200), (750, 3_000, 12_000), 4),
        AnyScenario(
            "tcp-bottleneck",
            100,
            8,
            (300, 600, 1_200, 2_400),
            (1_500, 6_000, 24_000),
            1,
            {"horizon": 8},
        ),
        AnyScenario("wifi-contention", 50, 4, (300, 600, 1_000), (1_250, 5_000), 1),
    )
}
#: Settings of branch search that a trained agent guides; nobody tuned them.
GUIDED: Final[Mapping[str, Any]] = {"horizon": 2, "budget": 16}
QUICK_SEARCH: Final[Mapping[str, Any]] = {"horizon": 1, "budget": 4}
#: Seeds whose trained agent guides one; it takes as long as half of a training.
GUIDING_SEEDS: Final = (1, 2, 3)
#: What is run, in the order of the tables.
AGENTS: Final = ("hybrid", "hybrid-no-values", "search", "sb3:PPO", "sb3:DQN")
SEEDS: Final = (1, 2, 3, 4, 5)
PREFIX: Final = "sb3:"


@dataclass(frozen=True)
class AnyUnit:
    """One part.

    Attributes:
        quick: few of everything.
    """

    scenario: str
    agent: str
    seed: int
    quick: bool = False

    @property
    def name(self) -> str:
        """For files and progress."""
        return f"any-{self.scenario}-{self.agent.replace(':', '-')}-s{self.seed}"

    @property
    def weight(self) -> int:
        """Roughly, how long it takes beside others."""
        return self.points[-1] if self.points else 500

    @property
    def points(self) -> tuple[int, ...]:
        """When it is judged; none: it does not learn."""
        if self.agent == "search":
            return ()
        if self.quick:
            return (60, 120)
        scenario = SCENARIOS[self.scenario]
        return scenario.slow_points if self.agent.startswith(PREFIX) else scenario.points

    @property
    def guides(self) -> bool:
        """Whether the trained agent then guides a branch search."""
        return self.agent == "hybrid" and self.seed in GUIDING_SEEDS

    @property
    def key(self) -> str:
        """Changes with everything that the result depends on, except the code."""
        scenario = SCENARIOS[self.scenario]
        sb3 = dict(SB3_SETTINGS.get(self.agent.removeprefix(PREFIX), {}))
        own = general_config(self.agent).model_dump() if self.agent in KINDS else sb3
        if own.get("guide", True) is None:  # what is said of guides means nothing then
            own = {name: value for name, value in own.items() if not name.startswith("guide")}
        told = scenario.search if self.agent == "search" else GUIDED if self.guides else {}
        content = (scenario.name, scenario.epochs, scenario.episodes, scenario.searched, told)
        return hashlib.sha256(repr((content, self, self.points, own)).encode()).hexdigest()


def run_any(unit: AnyUnit, places: Places) -> dict[str, Any]:
    """Train, evaluate on the way, keep and return the result."""
    begun_s = time.monotonic()
    scenario = SCENARIOS[unit.scenario]
    arguments = {"epochs": scenario.epochs}
    with (
        TandemEnv(scenario.name, arguments) as env,
        TandemEnv(scenario.name, arguments) as judging,
    ):
        episodes = scenario.searched if unit.agent == "search" else scenario.episodes
        seeds = range(JUDGING_SEED, JUDGING_SEED + (1 if unit.quick else episodes))
        judge = ReturnJudge(judging, seeds, scenario.epochs)
        play = _sb3 if unit.agent.startswith(PREFIX) else _general
        played = play(unit, env, judge)
    content = {
        "version": FORMAT_VERSION,
        "key": unit.key,
        "scenario": unit.scenario,
        "agent": unit.agent,
        "seed": unit.seed,
        **played,
        "wall_s": round(time.monotonic() - begun_s, 1),
    }
    path = places.file("any", unit.name, unit.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(path, content)
    return dict(read_json(path))


def finished_any(unit: AnyUnit, places: Places) -> dict[str, Any] | None:
    """The result of an earlier run of the same part."""
    try:
        content = read_json(places.file("any", unit.name, unit.key))
    except (OSError, ValueError):
        return None
    return dict(content) if is_of(content, unit) else None


def reported_any(report: Path) -> Sequence[Mapping[str, Any]]:
    """The results in a report's ``results.json``; none if there is no such file.

    Raises:
        DocumentError: the file is damaged.
    """
    results: Sequence[Mapping[str, Any]] = read_json(report)["results"] if report.is_file() else ()
    return results


def is_of(content: Mapping[str, Any], unit: AnyUnit) -> bool:
    """Whether a result is that of this part, and of this version."""
    return content.get("version") == FORMAT_VERSION and content.get("key") == unit.key


@single_threaded
def _general(unit: AnyUnit, env: TandemEnv, judge: ReturnJudge) -> dict[str, Any]:
    """An agent of the project's own: its evaluations, and those of a search that it guides."""
    scenario = SCENARIOS[unit.scenario]
    told = scenario.search if unit.agent == "search" else {}
    if unit.quick and unit.agent == "search":
        told = QUICK_SEARCH
    learner = make_general(env, unit.agent, unit.seed, told)
    if isinstance(learner, SearchAgent):
        return {"rows": [_searched(learner.player_in(judge.tandem_env), judge, 0, 0.0)]}
    training = Training(RewardWorld(env), learner, unit.seed)
    rows, training_s = [], 0.0
    for interactions in unit.points:
        begun_s = time.monotonic()
        training.run(interactions)
        training_s += time.monotonic() - begun_s
        player = learner.player_in(judge.tandem_env)
        found = judge.judge(player.act, begin=player.begin_episode)
        rows.append(_row(interactions, found.returns, judge, training_s))
    if not unit.guides:
        return {"rows": rows}
    guide: Any = learner.model if isinstance(learner, HybridAgent) else None
    config = SearchConfig(**(QUICK_SEARCH if unit.quick else GUIDED))
    guided = SearchAgent(judge.tandem_env, config, unit.seed, "guided", guide)
    few = ReturnJudge(judge.env, judge.seeds[: scenario.searched], judge.most_decisions)
    return {"rows": rows, "guided": _searched(guided, few, unit.points[-1], training_s)}


def _searched(
    player: SearchAgent, judge: ReturnJudge, interactions: int, training_s: float
) -> dict[str, Any]:
    """What branch search gets, and what it costs."""
    begun_s = time.monotonic()
    found = judge.judge(player.act, begin=player.begin_episode)
    decisions = len(judge.seeds) * judge.most_decisions
    return {
        **_row(interactions, found.returns, judge, training_s),
        "per_decision": player.branch_epochs / decisions,
        "s_per_decision": (time.monotonic() - begun_s) / decisions,
    }


def _sb3(unit: AnyUnit, env: TandemEnv, judge: ReturnJudge) -> dict[str, Any]:
    """An algorithm of Stable-Baselines3."""
    from tandem.agents.sb3 import Sb3Agent, Sb3Config, train_sb3

    algorithm = unit.agent.removeprefix(PREFIX)
    rows: list[dict[str, Any]] = []
    begun_s, judged_s = time.monotonic(), 0.0

    def on_interaction(count: int, agent: Sb3Agent) -> None:
        nonlocal judged_s
        if count in unit.points:
            now_s = time.monotonic()
            returns = judge.judge(agent.act).returns
            rows.append(_row(count, returns, judge, now_s - begun_s - judged_s))
            judged_s += time.monotonic() - now_s

    rng = np.random.default_rng([unit.seed, EPISODE_STREAM])
    env.reset(seed=int(rng.integers(TRAINING.first, TRAINING.limit)))
    config = Sb3Config(algorithm=dict(SB3_SETTINGS.get(algorithm, {})))
    train_sb3(env, algorithm, unit.points[-1], unit.seed, config, on_interaction=on_interaction)
    return {"rows": rows}


def _row(interactions: int, returns: Any, judge: ReturnJudge, training_s: float) -> dict[str, Any]:
    """Mean reward per decision in each judging episode."""
    return {
        "interactions": interactions,
        "rewards": [round(float(value) / judge.most_decisions, 5) for value in returns],
        "training_s": round(training_s, 1),
    }


def any_units(
    scenarios: tuple[str, ...], agents: tuple[str, ...], seeds: tuple[int, ...], *, quick: bool
) -> list[AnyUnit]:
    """All parts, seed after seed, so that the first are a smaller experiment by themselves.

    Branch search learns nothing: one seed.
    """
    return [
        AnyUnit(scenario, agent, seed, quick)
        for seed in seeds
        for agent in agents
        for scenario in scenarios
        if agent != "search" or seed == seeds[0]
    ]
