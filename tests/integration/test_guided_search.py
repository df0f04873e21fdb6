# SPDX-License-Identifier: MIT
"""Branch search that a trained hybrid agent guides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import tandem
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.general.kinds import make_general
from tandem.agents.general.search import SearchAgent, SearchConfig
from tandem.bridge.core.env import TandemEnv

SETTINGS = """
warmup: 20
model: {fit_every: 10, fit_steps: 40, hidden: 16}
model_free: {updates: 20, starts: 20}
planning: {budget: 40}
"""
#: A branch ends with it in `Believer`.
BONUS = 1_000.0


class Believer:
    """Believes in one action, or in ends after which little is queued."""

    def __init__(self, action: Sequence[float], follows: float = 0.0) -> None:
        self.action = action
        self.follows = follows
        self.asked: list[tuple[int, int]] = []
        self.ends: list[float] = []

    def proposals(self, observation: Observation, horizon: int, count: int) -> NDArray[np.float64]:
        self.asked.append((horizon, count))
        return np.broadcast_to(np.array(self.action, np.float64), (1, horizon, 2)).copy()

    def worth(self, rewards: Sequence[float], end: Observation, *, ended: bool) -> float:
        assert not ended
        self.ends.append(self.follows * float(sum(block.sum() for block in end.values())))
        return sum(rewards) + self.ends[-1]


def test_what_the_guide_proposes_is_tried_first_and_what_follows_counts() -> None:
    with TandemEnv("tcp-bottleneck", epochs=4) as env:
        observation, _ = env.reset(seed=11)
        only = SearchAgent(env, SearchConfig(horizon=2, budget=1), 1, guide=Believer([3, 4]))
        assert only.decide(observation).branch_epochs == 2
        assert np.asarray(only.act(observation)).tolist() == [3, 4]

        every = [[a, b] for a in range(6) for b in range(6)]
        outcomes = env.branch(every)
        ends = [sum(float(block.sum()) for block in o.observation.values()) for o in outcomes]
        for sign in (1.0, -1.0):
            worth = [o.reward + sign * BONUS * end for o, end in zip(outcomes, ends, strict=True)]
            guide = Believer([0, 0], sign * BONUS)
            agent = SearchAgent(env, SearchConfig(horizon=1, budget=36, futures=0), 1, guide=guide)
            chosen = np.asarray(agent.act(observation)).tolist()
            assert worth[every.index(chosen)] == max(worth)
            assert len(guide.ends) == 36

        share = Believer([5, 5])
        config = SearchConfig(horizon=1, budget=20, guided_share=0.25)
        agent = SearchAgent(env, config, 1, guide=share)
        assert agent.decide(observation).branch_epochs == 20
        assert share.asked == [(1, 5)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("stable_baselines3")
    folder = tmp_path_factory.mktemp("guide")
    (folder / "hybrid.yaml").write_text(SETTINGS)
    done = tandem(
        *("train", "--agent", "hybrid", "--scenario", "tcp-bottleneck", "--interactions", "60"),
        *("--epochs", "10", "--evaluation-episodes", "1", "--evaluate-every", "60", "--quiet"),
        *("--config", str(folder / "hybrid.yaml"), "--out", str(folder / "hybrid")),
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_a_trained_agent_guides_by_command(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    short = ("--epochs", "5", "--quiet")
    played = tandem(
        *("run", "--scenario", "tcp-bottleneck", "--policy"),
        *("search:guide=hybrid,horizon=2,budget=6", *short, "--out", "played"),
    )
    assert played.returncode == 0, played.stderr
    (trained / "guided.yaml").write_text("guide: hybrid\nhorizon: 2\nbudget: 6\n")
    training = tandem(
        *("train", "--agent", "search", "--scenario", "tcp-bottleneck", "--config", "guided.yaml"),
        *("--interactions", "40", "--evaluation-episodes", "1", *short, "--out", "guided"),
    )
    assert training.returncode == 0, training.stderr
    history = pd.read_parquet("guided/history.parquet")
    assert set(history["branch_epochs"]) <= {12, 6}  # six branches, cut short where an episode ends
    monkeypatch.chdir(trained.parent)
    judged = tandem("evaluate", str(trained / "guided"), "--episodes", "1", "--quiet")
    assert judged.returncode == 0, judged.stderr
    assert "search" in json.loads((trained / "guided" / "episodes.json").read_text())["players"]

    for guide, scenario, said in (
        ("nothing", "tcp-bottleneck", "is no folder of a run"),
        ("guided", "tcp-bottleneck", "has no model: train hybrid"),
        ("hybrid", "lte-power", "play the scenario that it was trained on"),
    ):
        refused = tandem(
            *("run", "--scenario", scenario, "--policy", f"search:guide={trained / guide}"),
            *(*short, "--out", str(trained / "refused")),
        )
        assert refused.returncode != 0
        assert said in " ".join(refused.stderr.replace("│", " ").split())
        assert "Traceback" not in refused.stderr


def test_the_best_of_the_model_are_proposed_each_once(trained: Path) -> None:
    from tandem.scripts.app.training.general_agents import general_agent

    with TandemEnv("tcp-bottleneck", epochs=4) as env:
        guide = str(trained / "hybrid")
        agent = general_agent(env, "search", 1, {"guide": guide, "horizon": 3})
        assert isinstance(agent, SearchAgent)
        assert agent.guide is not None
        observation, _ = env.reset(seed=11)
        proposed = agent.guide.proposals(observation, 3, 7)
        assert proposed.shape == (7, 3, 2)
        assert len(np.unique(proposed, axis=0)) == 7
        again = agent.guide.proposals(observation, 3, 7)
        assert proposed.tolist() == again.tolist()
        # A plan of the agent itself begins with the first.
        learner = agent.guide
        assert learner.plan(observation).tolist() == proposed[0, 0].tolist()  # type: ignore[attr-defined]
        # What ends has no future: it is worth its rewards above their mean.
        more, less = (agent.guide.worth([r], observation, ended=True) for r in (0.75, 0.5))
        assert more - less == pytest.approx(0.25)


def test_in_python_the_guide_is_an_object() -> None:
    from tandem.agents.common.errors import PolicyError

    with (
        TandemEnv("tcp-bottleneck", epochs=4) as env,
        pytest.raises(PolicyError, match=r"guide=agent\.model"),
    ):
        make_general(env, "search", 1, {"guide": "runs/hybrid"})
