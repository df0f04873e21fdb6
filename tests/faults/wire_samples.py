# SPDX-License-Identifier: MIT
"""Valid messages of both directions, and what may happen to frames on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from tandem.bridge.remote import messages
from tandem.bridge.remote.messages import (
    ACTION,
    Ask,
    Asked,
    Branch,
    Failed,
    Hello,
    Open,
    Published,
    Reset,
    State,
    Step,
)
from tandem.bridge.remote.wire import PROTOCOL_VERSION, Arrays, WireError, encode

LIMIT_BYTES: Final = 1 << 16
LONGEST_MESSAGE: Final = 1000

REQUESTS: Final = (
    encode(Hello(id=1, protocol=PROTOCOL_VERSION, package="0", name="fuzz")),
    encode(Open(id=2, scenario="echo", arguments={"values": 2, "x": "1s"}, branch_slots=4)),
    encode(Reset(id=3, seed=7)),
    encode(Step(id=4), {"action": np.array([1.0, 2.0])}),
    encode(Branch(id=5, epochs=[2, 1], parallel=1), {"action": np.arange(6).reshape(3, 2)}),
    encode(Ask(id=6, policy="edge")),
)
REPLIES: Final = (
    encode(
        Published(id=4, state=State(status=1, decision=3, time_s=0.5), episode_pid=9),
        {"observation.values": np.zeros(2), "records.requests": np.zeros((2, 8), np.uint8)},
    ),
    encode(Asked(id=6), {ACTION: np.array([1.0, 2.0])}),
    encode(Failed(id=5, error="InvalidAction", text="no", command=["a", "b"])),
)
REQUEST_CODEC: Final = messages.request_codec(LIMIT_BYTES)
REPLY_CODEC: Final = messages.reply_codec(LIMIT_BYTES)


def decode_all(frames: list[bytes]) -> int:
    """Let both decoders read frames; how many of them took these for a message.

    Raises:
        AssertionError: a decoder gave more than it may.
        Exception: any but `WireError` is a fault of the decoder.
    """
    taken = 0
    for decode in (REQUEST_CODEC.decode, REPLY_CODEC.decode):
        taken += _decode(decode, frames)
    return taken


def _decode(decode: Callable[[list[bytes]], tuple[object, Arrays]], frames: list[bytes]) -> bool:
    try:
        _, arrays = decode(frames)
    except WireError as error:
        if not 0 < len(str(error)) < LONGEST_MESSAGE:
            raise AssertionError(f"nobody can read: {error}") from error
        return False
    assert sum(array.nbytes for array in arrays.values()) <= LIMIT_BYTES
    assert len(arrays) == len(frames) - 1
    return True
