# SPDX-License-Identifier: MIT
"""Users with two interfaces: the chosen path is the one that packets take, and all know of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from tandem.agents.common.errors import PolicyError
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.search import SearchConfig
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import PaperCost
from tandem.agents.inference.heuristics import make_policy
from tandem.agents.inference.model.config import PriorConfig
from tandem.agents.inference.model.facts import Facts
from tandem.agents.inference.model.features import FEATURES, FeatureMap
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.inference.options import OptionTable, option_names
from tandem.agents.inference.planning.allowed import BARRED_S, AllowedView
from tandem.agents.inference.problem import JointProblem
from tandem.agents.inference.request_table import COMPONENTS
from tandem.agents.registry import make_learner
from tandem.agents.training.loop import Training
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import ScenarioError, SimulatorDied
from tandem.bridge.runs.reader import load_run
from tandem.scripts.app.inspection.story import story_of
from tandem.scripts.cli import app

#: User 0 has both interfaces, user 1 WiFi, user 2 LTE; nobody else, quiet sites.
DUAL: dict[str, Any] = {
    "users": 3,
    "wifiUsers": 2,
    "dualUsers": 1,
    "epochs": 6,
    "wifiBackgroundStations": 0,
    "lteBackgroundStations": 0,
    **{f"{site}{state}Load": 0 for site in ("edge", "cloud") for state in ("Quiet", "Busy")},
}
PATHS = ("wifi", "lte")
LOCAL = 0


@pytest.fixture
def dual() -> Any:
    with TandemEnv("hetnet", DUAL, objective=PaperObjective(85.0)) as env:
        yield env


def numbers(env: TandemEnv) -> dict[str, int]:
    """Options by name."""
    return {name: number for number, name in option_names(env.schema.meta).items()}


def play(env: TandemEnv, *actions: list[str], seed: int = 4) -> dict[str, Any]:
    """What the last of some joint actions, given by names, left behind."""
    known = numbers(env)
    env.reset(seed=seed)
    for names in actions:
        _, _, _, _, info = env.step(np.array([known[name] for name in names], dtype=np.int32))
    return info


def of_user(rows: NDArray[np.void], user: int = 0) -> Any:
    (row,) = rows[rows["user"] == user]
    return row


def test_options_name_their_path_and_users_have_masks(dual: TandemEnv) -> None:
    meta = dual.schema.meta
    assert tuple(meta["paths"]) == PATHS
    assert meta["user_paths"] == [[0, 1], [0, None], [None, 1]]
    table = OptionTable.from_meta(meta)
    names = numbers(dual)
    edge = [names[f"edge/d0 via {path}"] for path in PATHS]
    np.testing.assert_array_equal(
        table.allowed(3)[:, edge], [[True, True], [True, False], [False, True]]
    )
    _, info = dual.reset(seed=1)
    np.testing.assert_array_equal(info["action_mask"].astype(bool), table.allowed(3))


def test_without_users_of_two_interfaces_there_are_no_paths() -> None:
    with TandemEnv("hetnet", {**DUAL, "dualUsers": 0}) as env:
        assert "paths" not in env.schema.meta
        assert not env.schema.masks
        assert not [c for c in env.schema.block("users").columns if c.name.startswith("wifi_")]
        assert OptionTable.from_meta(env.schema.meta).allowed(3).all()


@pytest.mark.parametrize("taken", PATHS)
@pytest.mark.parametrize("site", ["edge", "cloud"])
def test_a_request_is_on_the_radio_of_its_path_only(site: str, taken: str) -> None:
    with TandemEnv("hetnet", {**DUAL, "frames": True}) as env:
        info = play(env, ["device/d7"] * 3, [f"{site}/d0 via {taken}", "device/d0", "device/d0"])
        nodes = [node["kind"] for node in env.schema.meta["topology"]["nodes"]]
        cells = [cell["name"] for cell in env.schema.meta["cells"]]
    radios = {"wifi": nodes.index("ap"), "lte": nodes.index("enb")}
    request = of_user(info["requests"])
    assert cells[request["path_cell"]] == taken
    assert PATHS[request["path"]] == taken
    assert sum(request[name] for name in COMPONENTS) == pytest.approx(request["response_time_s"])
    assert request["uplink_air_s"] > 0
    frames = info["frames"][info["frames"]["user"] == 0]
    begin_s, end_s = request["arrival_s"], request["arrival_s"] + request["response_time_s"]
    frames = frames[(frames["start_s"] >= begin_s) & (frames["start_s"] < end_s)]

    def carried(path: str, column: str) -> int:
        return int(frames["size_bytes"][frames[column] == radios[path]].sum())

    other = PATHS[1 - PATHS.index(taken)]
    assert carried(taken, "receiver") > request["upload_bytes"]
    assert carried(taken, "sender") > request["reply_bytes"]
    assert carried(other, "receiver") == carried(other, "sender") == 0


@pytest.mark.parametrize("taken", PATHS)
def test_energy_is_that_of_both_radios(taken: str) -> None:
    """Only what transmits draws, so that a request costs airtime of the taken radio times its W."""
    draws = {"wifi": 2.0, "lte": 3.0}
    idle = {"wifiIdleDraw": 0, "wifiRxDraw": 0, "lteIdleDraw": 0, "lteRxDraw": 0}
    transmit = {f"{path}TxDraw": watt for path, watt in draws.items()}
    arguments = {**DUAL, "energy": True, **idle, **transmit}
    names = [f"edge/d0 via {taken}", "device/d0", "device/d0"]
    with TandemEnv("hetnet", arguments) as env:
        columns = [column.name for column in env.schema.block("users").columns]
        known = numbers(env)
        env.reset(seed=4)
        observation, _, _, _, info = env.step(np.array([known[n] for n in names], dtype=np.int32))
        seen = dict(zip(columns, observation["users"][0], strict=True))
    request = of_user(info["requests"])
    # Acknowledgements of the reply count besides, the last ones come when the request has ended.
    least_j, most_j = (
        draws[taken] * airtime_s
        for airtime_s in (request["uplink_air_s"], seen[f"{taken}_airtime_s"])
    )
    assert 0 < least_j <= request["radio_energy_j"] <= most_j < 1.3 * least_j
    assert seen["radio_energy_j"] == pytest.approx(
        sum(watt * seen[f"{path}_airtime_s"] for path, watt in draws.items())
    )


def test_idle_radios_draw_both() -> None:
    arguments = {**DUAL, "energy": True, "wifiIdleDraw": 0.5, "lteIdleDraw": 1.5, "lteRxDraw": 1.5}
    with TandemEnv("hetnet", arguments) as env:
        column = [c.name for c in env.schema.block("users").columns].index("radio_energy_j")
        env.reset(seed=4)
        observation, _, _, _, _ = env.step(np.full(3, LOCAL, dtype=np.int32))
    both, wifi, lte = observation["users"][:, column]
    assert both == pytest.approx(wifi + lte, rel=0.05)


def test_the_observation_tells_both_interfaces(dual: TandemEnv) -> None:
    columns = [column.name for column in dual.schema.block("users").columns]
    play(dual, ["edge/d0 via wifi", "edge/d0 via wifi", "edge/d0 via lte"])
    known = numbers(dual)
    action = [known[f"edge/d0 via {path}"] for path in ("lte", "wifi", "lte")]
    users = dual.step(np.array(action, dtype=np.int32))[0]["users"]
    seen = [dict(zip(columns, row, strict=True)) for row in users]
    assert [row["wifi_interface"] for row in seen] == [1, 1, 0]
    assert [row["lte_interface"] for row in seen] == [1, 0, 1]
    for path in PATHS:
        assert seen[0][f"{path}_goodput_bps"] > 0
        assert seen[0][f"{path}_rate_bps"] > 0
        assert seen[0][f"{path}_edge_rtt_s"] > 0
    assert seen[0]["wifi_airtime_s"] < seen[0]["lte_airtime_s"]
    assert seen[0]["wifi_distance_m"] == seen[0]["distance_m"]
    assert not [name for name in columns if name.startswith("lte_") and seen[1][name] != 0]
    # What is told of a user's only interface is told of its path as well.
    same = [name for name in columns if f"lte_{name}" in columns]
    assert len(same) > 10
    assert [seen[2][name] for name in same] == [seen[2][f"lte_{name}"] for name in same]


def test_a_path_that_a_user_lacks_is_refused(dual: TandemEnv) -> None:
    dual.reset(seed=1)
    action = np.array([LOCAL, numbers(dual)["edge/d0 via lte"], LOCAL], dtype=np.int32)
    with pytest.raises(SimulatorDied, match="user 1 has no lte interface, which option"):
        dual.step(action)


@pytest.mark.parametrize(
    ("scenario", "arguments", "message"),
    [
        ("hetnet", {"users": 4, "dualUsers": 3}, r"--dualUsers=3 .*outside \[0, 2\]"),
        ("campus", {"users": 8, "dualUsers": 7}, r"--dualUsers=7 .*outside \[0, 6\]"),
        ("campus", {"dualUsers": 2, "enb": 0}, "--dualUsers=2 need an LTE cell, and --enb=0"),
        ("campus", {"dualUsers": 3, "spacing": 1000}, "users with two interfaces may be .* give"),
        ("hetnet", {"users": 4, "dualUsers": 1, "linkTrace": "FILE"}, "--linkTrace=.*two interf"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    scenario: str, arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    trace.write_text("1\n2\n3\n")
    given = {key: str(trace) if value == "FILE" else value for key, value in arguments.items()}
    with pytest.raises(ScenarioError, match=message), TandemEnv(scenario, given):
        pass


def test_the_oracle_leaves_a_congested_cell_by_the_other_interface() -> None:
    crowded = {**DUAL, "users": 2, "wifiUsers": 1, "deviceServiceScale": 30, "epochs": 8}
    # Four stations that want twice what a cell of 6 Mbit/s carries.
    crowded |= {"wifiStandard": "80211a", "wifiRateControl": "constant:6", "timeout": 3}
    crowded |= {"wifiBackgroundStations": 4, "wifiBackgroundRate": 3, "wifiBackgroundOff": 0}
    best = {}
    for users in (0, 1):
        arguments = {**crowded, "dualUsers": users}
        with TandemEnv("hetnet", arguments, objective=PaperObjective(85.0)) as env:
            walk = Walk(env)
            walk.reset(2)
            for _ in range(2):
                walk.step(np.full(2, LOCAL, dtype=np.int32))
            solution = Oracle(env).solve(walk)
            assert solution.exact
            best[users] = solution.best.cost_s
            names = [option_names(env.schema.meta)[k] for k in solution.best.action.tolist()]
            simulated = -env.branch([solution.best.action])[0].reward
        assert simulated == pytest.approx(solution.best.cost_s, abs=1e-9)
    assert names[0].endswith(" via lte")
    assert best[1] < 0.8 * best[0]


def test_users_load_only_the_cell_that_they_send_through(dual: TandemEnv) -> None:
    """In the analytic estimate and in what networks see."""
    problem = JointProblem.from_schema(dual.schema, dual.objective)
    play(dual, ["edge/d0 via lte", "edge/d0 via wifi", "edge/d0 via lte"])
    observation = dual.step(np.full(3, LOCAL, dtype=np.int32))[0]
    facts = Facts.of(problem.options)
    prior = PriorView(problem, PriorConfig(), observation, facts)
    features = FeatureMap(problem).at(observation, facts)
    network = problem.network_options.tolist()
    at = {path: network.index(numbers(dual)[f"edge/d0 via {path}"]) for path in PATHS}
    weights = np.zeros((3, 3, len(network)))  # user 0: nowhere, by wifi, by lte
    weights[1, 0, at["wifi"]] = weights[2, 0, at["lte"]] = 1.0
    uplink_s, _ = prior.uplink(weights)
    in_cell = features.rows(weights)[..., FEATURES.index("cell_users")]
    at_site = features.rows(weights)[..., FEATURES.index("site_users")]
    for values in (uplink_s, in_cell):
        wifi_user, lte_user = values[:, 1, at["wifi"]], values[:, 2, at["lte"]]
        assert wifi_user[1] > wifi_user[0] == wifi_user[2]
        assert lte_user[2] > lte_user[0] == lte_user[1]
    for user, path in ((1, "wifi"), (2, "lte")):
        seen = at_site[:, user, at[path]]
        assert seen[0] < seen[1] == seen[2]  # the site is one


def test_an_option_that_a_user_lacks_costs_most(dual: TandemEnv) -> None:
    problem = JointProblem.from_schema(dual.schema, dual.objective)
    observation, _ = dual.reset(seed=1)
    barred = ~problem.allowed[:, problem.network_options]
    view = AllowedView(_View(PriorView(problem, PriorConfig(), observation)), barred)
    field_s = view.field_s(np.zeros((1, *barred.shape)))[0]
    np.testing.assert_array_equal(field_s == BARRED_S, barred)
    patterns = np.array([[0, 2, 0], [0, 1, 0]])
    assert view.pattern_s(patterns)[:, 1].tolist()[0] == BARRED_S
    assert view.pattern_s(patterns)[1, 1] < 10


class _View:
    """The prior as a planner asks it."""

    def __init__(self, prior: PriorView) -> None:
        self._prior = prior
        self.device_s = prior.device_s

    def field_s(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self._prior.network_components_s(weights).sum(axis=-1))

    def pattern_s(self, patterns: NDArray[np.intp]) -> NDArray[np.float64]:
        chosen = patterns[..., None] == 1 + np.arange(self._prior.airtime_s.shape[1])
        return np.asarray((self.field_s(chosen.astype(np.float64)) * chosen).sum(axis=-1))


@pytest.mark.parametrize("name", ["greedy", "edge", "cloud", "random", "device"])
def test_policies_play_what_users_have(dual: TandemEnv, name: str) -> None:
    allowed = OptionTable.from_meta(dual.schema.meta).allowed(3)
    policy = make_policy(name, dual.schema)
    policy.begin_episode(3)
    observation, _ = dual.reset(seed=3)
    for _ in range(4):
        action = policy.act(observation)
        assert allowed[np.arange(3), action].all()
        observation, _, _, _, info = dual.step(action)
        assert info["forbidden"] == 0


@pytest.mark.parametrize(
    "name",
    [
        *("hybrid", "prior", "hybrid-no-physics", "hybrid-no-prior", "prior-bandit"),
        *("bandit", "branching-dqn", "qlearning"),
    ],
)
def test_agents_learn_and_plan_with_paths(name: str) -> None:
    few = {**DUAL, "users": 2, "wifiUsers": 1, "epochs": 20}
    with TandemEnv("hetnet", few, objective=PaperObjective(85.0)) as env:
        world = EnvWorld(env)
        training = Training(world, make_learner(name, world.problem, 1), 1)
        training.run(12)  # the simulator refuses what a user cannot take
        assert len(training.history) == 12
        observation, _ = env.reset(seed=7)
        action = training.learner.act(observation)
        assert world.problem.allowed[np.arange(2), action].all()


@pytest.mark.parametrize("taken", PATHS)
def test_a_story_is_of_the_cell_that_the_request_went_through(taken: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = {"wifi": "constant:8,8,9", "lte": "constant:9,8,9"}
    arguments = [f"--set={key}={value}" for key, value in DUAL.items() if key != "epochs"]
    command = ["run", "--scenario", "hetnet", "--policy", options[taken], "--epochs", "2"]
    result = CliRunner().invoke(app, [*command, *arguments, "--frames", "--out", str(folder)])
    assert result.exit_code == 0, result.output
    run = load_run(folder)
    for row in run.requests.index[run.requests["user"] == 0]:
        story = story_of(run, int(row))
        assert story.option == f"edge/d0 via {taken}"
        assert story.upload is not None
        assert story.upload.airtime_s == pytest.approx(
            run.requests.at[row, "uplink_air_s"], abs=2e-3
        )
        names = {share.sender for share in story.shares}
        assert names <= (
            {"user 0", "user 1", "ap"} if taken == "wifi" else {"user 0", "user 2", "enb"}
        )
    assert f"edge/d0 via {taken}" in CliRunner().invoke(app, ["analyze", str(folder)]).output


def test_an_agent_that_draws_any_option_is_refused(dual: TandemEnv) -> None:
    pytest.importorskip("stable_baselines3")
    problem = JointProblem.from_schema(dual.schema, dual.objective)
    with pytest.raises(PolicyError, match="draws any option, and 2 of 3 users lack"):
        make_learner("sb3-ppo", problem, 1)


def test_the_search_obeys_masks_and_finds_no_worse_than_everybody_alike() -> None:
    many = {**DUAL, "users": 8, "wifiUsers": 4, "dualUsers": 2}
    with TandemEnv("hetnet", many, objective=PaperObjective(85.0)) as env:
        walk = Walk(env)
        walk.reset(2)
        solution = Oracle(env, search_config=SearchConfig(max_branches=60)).solve(walk)
        allowed = OptionTable.from_meta(env.schema.meta).allowed(8)
        assert allowed[np.arange(8), solution.best.action].all()
        assert not solution.exact
        device = env.branch([np.zeros(8, dtype=np.int32)])[0]
        assert solution.best.cost_s <= -device.reward
        assert solution.best.cost_s == pytest.approx(
            float(PaperCost(85.0).cost_s(*solution.table.outcome(solution.best.action))[0])
        )
