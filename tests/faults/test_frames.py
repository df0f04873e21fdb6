# SPDX-License-Identifier: MIT
"""Frames that are truncated, reordered, random or replayed: refused, and nothing else happens."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_client import RawClient, request
from remote_servers import serving, wait_until
from wire_samples import LIMIT_BYTES, REPLIES, REQUESTS, decode_all

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.schema import Schema
from tandem.bridge.core.simulator import Simulator
from tandem.bridge.remote.messages import State, read_frame
from tandem.bridge.remote.wire import PROTOCOL_VERSION, WireError

EXAMPLES = 200
SAMPLES = [*REQUESTS, *REPLIES]
ECHO = {"values": 2, "epochs": 0}
ACTION = ("float64", np.array([3.0, 4.0]).tobytes(), [2])
#: ``make faults`` takes longer.
FUZZ_S = int(os.environ.get("TANDEM_FUZZ_S", "3"))


@given(st.lists(st.binary(max_size=200), max_size=5))
@settings(max_examples=EXAMPLES, deadline=None)
def test_random_frames_are_no_message(frames: list[bytes]) -> None:
    assert decode_all(frames) == 0


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_damaged_frames_are_refused_or_stay_within_limits(data: st.DataObject) -> None:
    frames = list(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, max(0, len(frames) - 1)))
        kind = data.draw(st.sampled_from(["cut", "flip", "swap", "drop", "repeat", "insert"]))
        if not frames:
            break
        if kind == "cut":
            frames[number] = frames[number][: data.draw(st.integers(0, len(frames[number])))]
        elif kind == "flip" and frames[number]:
            changed = bytearray(frames[number])
            changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
            frames[number] = bytes(changed)
        elif kind == "swap":
            frames.reverse()
        elif kind == "drop":
            del frames[number]
        elif kind == "repeat":
            frames.insert(number, frames[number])
        else:
            frames.insert(number, data.draw(st.binary(max_size=64)))
    decode_all(frames)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=4,
)


@given(
    kind=st.sampled_from(["hello", "open", "reset", "step", "branch", "close", "published", "x"]),
    fields=st.dictionaries(
        st.sampled_from(["id", "seed", "scenario", "arguments", "state", "horizon"]), JSON
    ),
    specs=st.lists(
        st.fixed_dictionaries(
            {
                "name": st.text(max_size=70),
                "dtype": st.sampled_from(["float64", "bytes", "object", "O", "S8"]),
                "shape": st.lists(st.integers(-2, 2**70), max_size=10),
            }
        ),
        max_size=3,
    ),
    payload=st.binary(max_size=32),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_headers_of_the_right_shape_with_any_content(
    kind: str, fields: dict[str, object], specs: list[dict[str, object]], payload: bytes
) -> None:
    header = json.dumps({"message": {"type": kind, **fields}, "arrays": specs}).encode()
    decode_all([header, *([payload] * len(specs))])


@pytest.fixture(scope="module")
def schema() -> Schema:
    with Simulator("wifi-edge", {"users": 2}) as simulator:
        return simulator.schema


@given(
    names=st.lists(st.integers(0, 3), max_size=4),
    shape=st.lists(st.integers(0, 4), max_size=3),
    dtype=st.sampled_from(["f8", "i8", "u1"]),
    status=st.integers(-(2**63), 2**63 - 1),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_reply_that_does_not_fit_the_schema_is_refused(
    schema: Schema, names: list[int], shape: list[int], dtype: str, status: int
) -> None:
    wanted = [f"observation.{block.name}" for block in schema.observation]
    wanted += [f"records.{table.name}" for table in schema.records]
    arrays = {wanted[number % len(wanted)]: np.zeros(shape, dtype) for number in names}
    with pytest.raises(WireError):
        read_frame(schema, State(status=status, decision=0, time_s=0.0), arrays)


def test_a_server_outlives_whatever_is_sent_to_it() -> None:
    """Random, truncated and reordered frames, from known and unknown connections."""
    chooser = random.Random(1)
    with serving() as server:
        neighbour = RemoteSimulator("echo", ECHO, target=Target(server.address))
        neighbour.reset(1)
        pid = neighbour.episode_pid
        with RawClient(server.address) as stranger, RawClient(server.address) as known:
            known.hello()
            for number in range(200):
                frames = [list(sample) for sample in REQUESTS][chooser.randrange(len(REQUESTS))]
                place = chooser.randrange(len(frames))
                kind = chooser.choice(["cut", "random", "reverse", "more"])
                if kind == "cut":
                    frames[place] = frames[place][: chooser.randrange(len(frames[place]))]
                elif kind == "random":
                    frames[place] = chooser.randbytes(chooser.randrange(300))
                elif kind == "reverse":
                    frames.reverse()
                else:
                    frames.append(b"more")
                (stranger, known)[number % 2].send(frames)
            for client in (stranger, known):
                for _ in range(100):
                    assert client.receive() is not None
        assert (neighbour.step([1.0, 2.0]).decision, neighbour.episode_pid) == (1, pid)
        neighbour.close()
        assert wait_until(lambda: server.snapshot().simulators == 0, 10.0)
        assert server.snapshot().errors["ProtocolError"] > 0


def test_a_replayed_conversation_is_refused_and_moves_nothing() -> None:
    conversation = [
        request("hello", id=1, protocol=PROTOCOL_VERSION, package="0", name="raw"),
        request("open", id=2, scenario="echo", arguments=ECHO, branch_slots=4),
        request("reset", id=3, seed=1),
        request("step", ACTION, id=4),
    ]
    with serving() as server, RawClient(server.address) as client:
        for frames in conversation:
            client.send(frames)
            answer = client.receive()
            assert answer is not None
            assert answer[0].type != "failed"
        for frames in [*conversation, conversation[3]]:
            client.send(frames)
            answer = client.receive()
            assert answer is not None
            assert "numbers must grow" in answer[0].text  # type: ignore[union-attr]
        # On another connection it is a stranger's, in whatever order it comes.
        with RawClient(server.address) as thief:
            for frames in reversed(conversation[1:]):
                thief.send(frames)
                answer = thief.receive()
                assert answer is not None
                assert "does not know this connection" in answer[0].text  # type: ignore[union-attr]
        client.send(request("step", ACTION, id=5))
        answer = client.receive()
        assert answer is not None
        assert answer[0].state.decision == 2  # type: ignore[union-attr]
        client.ask("close", id=6)


def test_a_coverage_guided_fuzzer_finds_no_other_error() -> None:
    pytest.importorskip("atheris", reason="atheris is not installed: pip install atheris")
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("fuzz_wire.py")),
            f"-max_total_time={FUZZ_S}",
            f"-max_len={LIMIT_BYTES // 16}",
            "-seed=1",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Done" in done.stderr
