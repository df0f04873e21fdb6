# SPDX-License-Identifier: MIT
"""The bridge on real simulators: episodes, steps, records, branches, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tandem.bridge.core import errors
from tandem.bridge.core.frame import Status
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.core.simulator import Simulator

ARGUMENTS = {"users": 3, "epochs": 4}


def test_the_action_comes_back_as_the_observation() -> None:
    with Simulator("echo", {"values": 16, "epochs": 0}) as simulator:
        simulator.reset(1)
        for k in range(100):
            sent = np.arange(16) * 0.5 + k
            received = simulator.step(sent).observation["values"]
            np.testing.assert_array_equal(received, sent)


def test_frames_are_copies_that_later_steps_leave_alone() -> None:
    with Simulator("echo", {"values": 4, "epochs": 0}) as simulator:
        simulator.reset(1)
        first = simulator.step(np.ones(4))
        simulator.step(np.zeros(4))
        np.testing.assert_array_equal(first.observation["values"], np.ones(4))


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 100])
def test_records_beyond_the_tables_capacity_are_flushed_and_none_is_lost(rows: int) -> None:
    arguments = {"values": 1, "epochs": 0, "rows": rows, "recordCapacity": 8}
    with Simulator("echo", arguments) as simulator:
        simulator.reset(1)
        for epoch in range(1, 4):
            table = simulator.step(np.zeros(1)).records["rows"]
            assert table["decision"].tolist() == [epoch] * rows
            assert table["value"].tolist() == list(range(rows))


def test_a_branch_that_overflows_its_table_says_so() -> None:
    arguments = {"values": 1, "epochs": 0, "rows": 9, "recordCapacity": 8}
    with Simulator("echo", arguments) as simulator:
        simulator.reset(1)
        with pytest.raises(errors.ScenarioError, match="recordCapacity"):
            simulator.branch([np.zeros(1)])


def test_an_episode_ends_truncated_and_the_next_reset_starts_another() -> None:
    with Simulator("echo", {"values": 1, "epochs": 3}) as simulator:
        for seed in (1, 2):
            frame = simulator.reset(seed)
            statuses = [simulator.step(np.zeros(1)).status for _ in range(3)]
            assert frame.status is Status.DECISION
            assert statuses == [Status.DECISION, Status.DECISION, Status.TRUNCATED]
            with pytest.raises(errors.NoEpisode, match="reset"):
                simulator.step(np.zeros(1))


def test_same_seed_same_episode_and_another_seed_another() -> None:
    with Simulator("wifi-edge", ARGUMENTS) as simulator:
        rows = []
        for seed in (1, 2, 1):
            simulator.reset(seed)
            rows.append([simulator.step([8, 9, 8]).records["requests"] for _ in range(3)])
    assert all(np.array_equal(a, b) for a, b in zip(rows[0], rows[2], strict=True))
    assert not np.array_equal(rows[0][0]["response_time_s"], rows[1][0]["response_time_s"])


@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge", "hetnet"])
def test_a_branch_equals_the_step_that_follows(scenario: str) -> None:
    actions = [[8, 9, 8], [0, 8, 9], [7, 3, 0]]
    with Simulator(scenario, ARGUMENTS) as simulator:
        simulator.reset(3)
        simulator.step([8, 8, 9])
        branches = simulator.branch(actions)
        again = simulator.branch(actions, parallel=1)
        step = simulator.step(actions[0])
    for one, other in [(branches[0], step), *zip(branches, again, strict=True)]:
        assert one.records["requests"].tobytes() == other.records["requests"].tobytes()
        for name, block in one.observation.items():
            assert block.tobytes() == other.observation[name].tobytes()
    times = [frame.records["requests"]["response_time_s"].mean() for frame in branches]
    assert len(set(times)) == len(times)


def test_branches_leave_the_episode_as_it_was() -> None:
    def play(branch: bool) -> list[bytes]:
        with Simulator("wifi-edge", ARGUMENTS) as simulator:
            simulator.reset(5)
            rows = []
            for _ in range(3):
                if branch:
                    simulator.branch([[9, 9, 9], [8, 0, 8]])
                rows.append(simulator.step([8, 8, 8]).records["requests"].tobytes())
            return rows

    assert play(True) == play(False)


def test_more_branches_than_slots_run_in_portions() -> None:
    with Simulator("echo", {"values": 1, "epochs": 0}, branch_slots=4) as simulator:
        simulator.reset(1)
        frames = simulator.branch([np.array([float(k)]) for k in range(11)])
        assert [frame.observation["values"][0] for frame in frames] == list(range(11))


def test_a_branch_holds_its_action_for_the_horizon() -> None:
    with Simulator("echo", {"values": 1, "epochs": 5, "rows": 1}) as simulator:
        simulator.reset(1)
        (frame,) = simulator.branch([np.array([4.0])], horizon=3)
        assert frame.records["rows"]["decision"].tolist() == [0, 1, 2, 3][1:]
        assert frame.decision == 3
        (frame,) = simulator.branch([np.array([4.0])], horizon=9)
        assert frame.status is Status.TRUNCATED
        assert frame.decision == 5


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ([8, 9, 10], r"10 at index 2, allowed are 0 to 9"),
        ([-1, 0, 0], r"-1 at index 0, allowed are 0 to 9"),
        ([float("nan"), 0, 0], r"nan at index 0"),
        ([0.5, 0, 0], r"0.5 at index 0, expected a whole number"),
        ([0, 0], r"shape \(2\), expected \(3\)"),
        ([[0, 0, 0]], r"shape \(1, 3\), expected \(3\)"),
        (["a", "b", "c"], r"element type"),
    ],
)
def test_a_bad_action_is_refused_and_the_episode_goes_on(action: list, message: str) -> None:
    with Simulator("wifi-edge", ARGUMENTS) as simulator:
        simulator.reset(1)
        with pytest.raises(errors.InvalidAction, match=message):
            simulator.step(action)
        with pytest.raises(errors.InvalidAction, match=message):
            simulator.branch([[0, 0, 0], action])
        assert simulator.step([0, 0, 0]).status is Status.DECISION


def test_arrays_of_any_layout_and_number_type_are_taken() -> None:
    with Simulator("wifi-edge", ARGUMENTS) as simulator:
        simulator.reset(1)
        for kind in (np.int8, np.uint16, np.float32):
            simulator.step(np.array([0, 1, 2], kind))
        simulator.step(np.arange(6)[::2])


def test_unknown_scenario_names_what_there_is() -> None:
    with pytest.raises(errors.ScenarioNotFound, match=r"wifi-edge.*tandem new"):
        Simulator("wify-edge")


def test_source_code_is_to_be_compiled_first(tmp_path: Path) -> None:
    source = tmp_path / "mine.cc"
    source.write_text("int main() {}")
    with pytest.raises(errors.ScenarioNotFound, match="tandem build"):
        Simulator(source)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"users": 0}, "users"),
        ({"users": 2008}, "2007"),
        ({"nonsense": 1}, "nonsense=1"),
        ({"options": "nowhere.csv"}, "nowhere.csv"),
        ({"trace": "times.csv"}, "--arrivals=trace only"),
    ],
)
def test_arguments_that_the_scenario_refuses(arguments: dict, message: str) -> None:
    with pytest.raises(errors.ScenarioError, match=message):
        Simulator("wifi-edge", arguments)


def test_a_scenario_of_another_layout_version_is_refused(tmp_path: Path) -> None:
    # The version stands in the segment's header, right after the eight bytes of the magic.
    binary = scenario_executable("echo").read_bytes()
    magic = (0x01004D45444E4154).to_bytes(8, "little")
    assert magic in binary
    foreign = tmp_path / "foreign"
    foreign.write_bytes(binary.replace(magic, magic[::-1]))
    foreign.chmod(0o755)
    with pytest.raises(errors.TandemError, match=r"no tandem channel|did not start"):
        Simulator(foreign)


def test_step_before_reset() -> None:
    with (
        Simulator("echo", {"values": 1}) as simulator,
        pytest.raises(errors.NoEpisode, match="reset"),
    ):
        simulator.step(np.zeros(1))


def test_one_shot_runs_a_single_episode() -> None:
    with Simulator("echo", {"values": 1, "epochs": 2}, one_shot=True) as simulator:
        simulator.reset(1)
        with pytest.raises(errors.NoEpisode, match="one episode"):
            simulator.reset(2)
