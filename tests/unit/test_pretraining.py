# SPDX-License-Identifier: MIT
"""The base without hand-written physics: features, networks, drawn scenarios, training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from agent_worlds import make_observation, make_problem, permuted, synthetic_transition

from tandem.agents.inference.model.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.features import FEATURES, FeatureMap
from tandem.agents.inference.model.loads import LOADS
from tandem.agents.inference.model.network import Network
from tandem.agents.inference.model.network_file import (
    SHIPPED,
    Pretrained,
    PretrainedError,
    load_pretrained,
)
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.system_model import SystemModel
from tandem.agents.pretraining.families import DEFAULT_LTE, DEFAULT_WIFI, draw_scenario
from tandem.agents.pretraining.fit import FitSettings, fit, median_loss
from tandem.agents.pretraining.rows import Rows
from tandem.agents.pretraining.train import train
from tandem.agents.registry import LEARNERS, make_learner

#: The largest file that may be shipped, bytes.
MOST_BYTES = 5_000_000
TINY = FitSettings(members=2, units=8, inner_units=4, steps=60, batch=32, check_every=20)


def rows_of(problem: JointProblem, weights: np.ndarray, seed: int = 0) -> np.ndarray:
    observation = make_observation(problem, np.random.default_rng(seed))
    return FeatureMap(problem).at(observation, Facts.of(problem.options)).rows(weights)


@pytest.mark.parametrize("users", [1, 3, 30])
@pytest.mark.parametrize("cells", [("wifi",), ("wifi", "lte")])
def test_features_follow_users_in_any_order_and_number(users: int, cells: tuple[str, ...]) -> None:
    problem, rng = make_problem(users, cells), np.random.default_rng(users)
    weights = rng.random((2, users, 2))
    found = rows_of(problem, weights)
    assert found.shape == (2, users, 2, len(FEATURES))
    assert np.isfinite(found).all()
    # Users change places only with others of their cell.
    order = np.arange(users)
    for cell in range(len(cells)):
        members = np.flatnonzero(problem.user_cells == cell)
        order[members] = rng.permutation(members)
    observation = permuted(make_observation(problem, np.random.default_rng(0)), order)
    view = FeatureMap(problem).at(observation, Facts.of(problem.options))
    assert view.rows(weights[:, order]) == pytest.approx(found[:, order])


def test_only_what_the_others_do_is_a_load() -> None:
    problem = make_problem(3)
    nobody = np.zeros((1, 3, 2))
    mine = nobody.copy()
    mine[0, 0, 1] = 1.0
    alone, loaded = rows_of(problem, nobody), rows_of(problem, mine)
    assert loaded[0, 0] == pytest.approx(alone[0, 0])
    assert (loaded[0, 1:, 1, -len(LOADS) :] > alone[0, 1:, 1, -len(LOADS) :]).all()
    # Another option of the site would be loaded, the other site is not; the cell is.
    site = [LOADS.index(name) - len(LOADS) for name in LOADS if not name.startswith("cell")]
    assert loaded[0, 1:, 0, site] == pytest.approx(alone[0, 1:, 0, site])
    between = rows_of(problem, mine / 2.0)[0, 1, 1]
    assert ((alone[0, 1, 1] <= between) & (between <= loaded[0, 1, 1])).all()


def make_network(inputs: int, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    shapes = {
        "mean": (inputs,),
        "scale": (inputs,),
        "skip": (inputs, 1),
        "first": (2, inputs, 6),
        "first_bias": (2, 6),
        "second": (2, 6, 3),
        "second_bias": (2, 3),
        "out": (2, 3, 1),
        "out_bias": (1,),
    }
    arrays = {f"x.{name}": np.abs(rng.normal(size=shape)) for name, shape in shapes.items()}
    return Network.of(arrays, "x")


def test_a_network_answers_what_its_formula_says_and_repeated_questions_alike() -> None:
    network, rng = make_network(5), np.random.default_rng(1)
    fixed, rest = rng.normal(size=(3, 2, 3)), rng.normal(size=(4, 3, 2, 2))
    rest = np.concatenate((rest, rest[1:3]))
    found = network.prepare(fixed)(rest)
    inputs = np.concatenate((np.broadcast_to(fixed, (6, 3, 2, 3)), rest), axis=-1)
    x = (inputs - network.mean) / network.scale
    expected = x @ network.skip + network.out_bias
    for member in range(2):
        hidden = np.maximum(x @ network.first[member] + network.first_bias[member], 0.0)
        inner = np.maximum(hidden @ network.second[member] + network.second_bias[member], 0.0)
        expected = expected + inner @ network.out[member] / 2
    assert found == pytest.approx(expected, rel=1e-4)
    assert network(inputs) == pytest.approx(expected, rel=1e-4)
    assert (found[4:] == found[1:3]).all()


def test_networks_are_saved_with_what_they_were_made_of(tmp_path: Path) -> None:
    networks = Pretrained(make_network(5), make_network(6, 1), make_network(4, 2))
    path = tmp_path / "networks.npz"
    networks.save(path, {"recipe": {"seed": 3}})
    assert json.loads(path.with_suffix(".json").read_text())["recipe"] == {"seed": 3}
    loaded = load_pretrained(path)
    assert (loaded.wait.second == networks.wait.second).all()
    path.with_suffix(".json").write_text('{"version": 0}')
    load_pretrained.cache_clear()
    with pytest.raises(PretrainedError, match="made for version 0, not 1"):
        load_pretrained(path)
    with pytest.raises(PretrainedError, match=r"make them by `tandem pretrain`"):
        load_pretrained(tmp_path / "missing.npz")


def test_the_package_ships_networks_with_their_recipe() -> None:
    assert SHIPPED.stat().st_size <= MOST_BYTES
    about = json.loads(SHIPPED.with_suffix(".json").read_text())
    assert about["recipe"]["scenarios"] >= 100
    assert about["processor_s"]["playing"] > 0
    assert set(about["errors"]) == {"uplink", "wait", "downlink"}


def test_shipped_networks_know_that_company_slows_users() -> None:
    """What nobody told them: who shares a cell waits longer, and so does who shares a site."""
    problem = make_problem(4)
    model = SystemModel(problem, ModelConfig(base="pretrained"), PriorConfig())
    base = model.view(make_observation(problem)).base
    nobody, everybody = np.zeros((1, 4, 2)), np.zeros((1, 4, 2))
    everybody[..., 0] = 1.0
    uplink_s = base.uplink(nobody)[0], base.uplink(everybody)[0]
    assert (uplink_s[1][..., 0] > 1.5 * uplink_s[0][..., 0]).all()
    wait_s = [sum(base.waits_s(w, u)) for w, u in zip((nobody, everybody), uplink_s, strict=True)]
    assert (wait_s[1][..., 0] > wait_s[0][..., 0] + 0.02).all()
    assert (wait_s[1][..., 1] < wait_s[1][..., 0]).all()


@pytest.mark.parametrize("name", ["hybrid-no-physics", "hybrid-no-prior"])
def test_agents_without_physics_learn_from_requests(name: str) -> None:
    """Their error falls on a system that none of them has seen."""
    problem, rng = make_problem(4), np.random.default_rng(0)
    learner = make_learner(name, problem, 1)
    assert learner.name == name
    tests = [synthetic_transition(problem, rng, 4.0) for _ in range(30)]

    def error() -> float:
        found = []
        for test in tests:
            away = np.isin(test.action, problem.network_options)
            predicted_s = learner.model.system.elsewhere(test.observation).components_s(test.action)
            found.extend(np.abs(np.log(predicted_s.sum(axis=1) / test.response_s)[away]))
        return float(np.mean(found))

    before = error()
    for _ in range(60):
        learner.model.system.learn(synthetic_transition(problem, rng, 4.0))
    assert error() < 0.6 * before
    copy = make_learner(name, problem, 1)
    copy.load_state_dict(learner.state_dict())
    observation = make_observation(problem, rng)
    assert (copy.decide(observation).action == learner.decide(observation).action).all()


def test_no_base_but_the_physical_one_uses_it() -> None:
    bases = {name: LEARNERS[name].default.model.base for name in LEARNERS if "hybrid" in name}
    assert bases.pop("hybrid-no-physics") == "pretrained"
    assert bases.pop("hybrid-no-prior") == "nothing"
    assert set(bases.values()) == {"physics"}


def test_held_out_families_are_never_drawn() -> None:
    drawn = [draw_scenario(1, index) for index in range(400)]
    assert {one.name for one in drawn} == {"wifi-edge", "lte-edge", "hetnet"}
    for one in drawn:
        given = one.arguments
        assert 2 <= given["users"] <= 8
        values = set(map(str, given.values()))
        assert not values & {"80211ax", "hidden", "rr"}
        for prefix, names, default in (
            ("wifi", ("standard", "channelWidth", "backgroundStations"), DEFAULT_WIFI),
            ("lte", ("bandwidth", "backgroundStations"), DEFAULT_LTE),
        ):
            own = names
            if one.name == "hetnet":
                own = tuple(f"{prefix}{name[0].upper()}{name[1:]}" for name in names)
            assert tuple(given.get(name) for name in own) != default
    assert draw_scenario(1, 7) == drawn[7]
    assert draw_scenario(2, 7) != drawn[7]


def made_up_rows(seed: int) -> Rows:
    """Uplinks that a cell's users stretch, over 6 scenarios."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(240, len(FEATURES)))
    uplink_s = np.exp(features[:, 0] + 0.5 * np.maximum(features[:, 1], 0.0) - 2.0)
    seconds = np.stack((uplink_s, np.exp(features[:, 2] - 3.0), np.full(240, 0.01)), axis=1)
    return Rows(features, seconds, np.repeat(np.arange(6), 40))


def test_training_is_the_same_each_time_and_learns(tmp_path: Path) -> None:
    rows = made_up_rows(0)
    files = []
    for name in ("a.npz", "b.npz"):
        train(rows, TINY, seed=5).networks.save(tmp_path / name, {})
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]
    target = np.log(rows.seconds[:, :1])
    long = TINY.model_copy(update={"steps": 600})
    fitted = fit(rows.features, target, rows.scenario, median_loss, long, 0)
    new = made_up_rows(1)
    error = np.abs(fitted.network(new.features) - np.log(new.seconds[:, :1])).mean()
    assert error < 0.4 * np.abs(target - np.median(target)).mean()
