# SPDX-License-Identifier: MIT
"""The messages of the protocol and their limits.

A client sends one request at a time and numbers its requests upwards; the reply carries the same
number. One connection holds at most one simulator::

    client            server
    Hello        →    Welcome            versions, scenarios, limits
    Open         →    Opened             schema: once, as raw JSON
    Reset, Step  →    Published          observation blocks and record tables as arrays
    Branch       →    Branched           the same per branch and epoch, names prefixed with both
    Ask          →    Asked              what one of the scenario's own policies would play
    Close        →    Closed
    anything     →    Failed             what went wrong, as an error of tandem.bridge.core.errors
                      Probe              now and then, unasked: is anybody there? Needs no answer
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from tandem.bridge.core.frame import NOT_CLIPPED, Clipped, Frame, Status
from tandem.bridge.core.schema import MAX_FUTURE, Schema
from tandem.bridge.remote.wire import Codec, Header, Strict, WireError, rows

MAX_ARGUMENTS: Final = 64
MAX_TEXT_CHARACTERS: Final = 128
MAX_BRANCH_SLOTS: Final = 1024
MAX_HORIZON: Final = 10_000
MAX_SEED: Final = 2**64 - 1
MAX_INTEGER: Final = 2**63 - 1
#: Name of the array that carries a joint action, or a batch of them.
ACTION: Final = "action"
#: Name of the array that carries the schema's JSON.
SCHEMA: Final = "schema"

Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Text: TypeAlias = Annotated[str, Field(max_length=MAX_TEXT_CHARACTERS)]
Integer: TypeAlias = Annotated[int, Field(ge=-MAX_INTEGER - 1, le=MAX_INTEGER)]
ArgumentValue: TypeAlias = bool | Integer | float | Text


class Request(Strict):
    """What all requests have."""

    id: Annotated[int, Field(ge=1, le=MAX_INTEGER)]


class Hello(Request):
    """The first request of a connection."""

    type: Literal["hello"] = "hello"
    protocol: Integer
    package: Text
    name: Name


class Open(Request):
    """Start a simulator."""

    type: Literal["open"] = "open"
    scenario: Text
    arguments: Annotated[dict[Name, ArgumentValue], Field(max_length=MAX_ARGUMENTS)]
    branch_slots: Annotated[int, Field(ge=1, le=MAX_BRANCH_SLOTS)]
    step_timeout_s: Annotated[float, Field(gt=0)] | None = None


class Reset(Request):
    """Fork a new episode."""

    type: Literal["reset"] = "reset"
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]


class Step(Request):
    """Play one epoch with the array `ACTION`: see `JointAction.checked`."""

    type: Literal["step"] = "step"


class Branch(Request):
    """Try the joint actions in the array `ACTION`: one row per epoch, branch after branch.

    ``epochs`` says how many each branch has.
    """

    type: Literal["branch"] = "branch"
    epochs: Annotated[
        list[Annotated[int, Field(ge=1, le=MAX_HORIZON)]],
        Field(min_length=1, max_length=MAX_BRANCH_SLOTS),
    ]
    parallel: Annotated[int, Field(ge=1, le=MAX_BRANCH_SLOTS)] | None = None
    future: Annotated[int, Field(ge=0, le=MAX_FUTURE)] = 0


class Ask(Request):
    """Say what one of the scenario's own policies would play now."""

    type: Literal["ask"] = "ask"
    policy: Text


class Close(Request):
    """End the simulator and the connection."""

    type: Literal["close"] = "close"


class Reply(Strict):
    """What all replies have: the number of their request, 0 where none could be read."""

    id: Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class Limits(Strict):
    """What a server allows; part of its `Welcome`."""

    max_array_bytes: Annotated[int, Field(gt=0)]
    max_branches: Annotated[int, Field(gt=0)]
    simulators_per_client: Annotated[int, Field(gt=0)]
    start_timeout_s: Annotated[float, Field(gt=0)]
    step_timeout_s: Annotated[float, Field(gt=0)]
    idle_timeout_s: Annotated[float, Field(gt=0)]


class Welcome(Reply):
    """Answer to `Hello`."""

    type: Literal["welcome"] = "welcome"
    protocol: Integer
    package: Text
    scenarios: list[str]
    limits: Limits


class Opened(Reply):
    """Answer to `Open`; the array `SCHEMA` is the scenario's declaration."""

    type: Literal["opened"] = "opened"
    command: list[str]
    pid: Integer
    program_digest: Text


class Shortfall(Strict):
    """`tandem.bridge.core.frame.Clipped`."""

    values: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    block: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    column: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    value: float


class State(Strict):
    """The plain part of a `tandem.bridge.core.frame.Frame`."""

    status: Integer
    decision: Integer
    time_s: float
    clipped: Shortfall | None = None


class Published(Reply):
    """Answer to `Reset` and `Step`."""

    type: Literal["published"] = "published"
    state: State
    episode_pid: Integer


class Branched(Reply):
    """Answer to `Branch`: for each branch a state per epoch."""

    type: Literal["branched"] = "branched"
    states: list[Annotated[list[State], Field(min_length=1)]]


class Asked(Reply):
    """Answer to `Ask`: the array `ACTION` is an action as `Step` takes it."""

    type: Literal["asked"] = "asked"


class Closed(Reply):
    """Answer to `Close`."""

    type: Literal["closed"] = "closed"


class Failed(Reply):
    """Any request that could not be carried out.

    ``error`` names a class of `tandem.bridge.core.errors`, or one of `tandem.bridge.remote.errors`.
    """

    type: Literal["failed"] = "failed"
    error: Text
    text: str
    exit_status: Integer | None = None
    output: str = ""
    command: list[str] = Field(default_factory=list)
    branch: Annotated[int, Field(ge=0)] | None = None


class Probe(Reply):
    """Sent to learn whether the client is still connected."""

    type: Literal["probe"] = "probe"


ClientMessage: TypeAlias = Annotated[
    Hello | Open | Reset | Step | Branch | Ask | Close, Field(discriminator="type")
]
ServerMessage: TypeAlias = Annotated[
    Welcome | Opened | Published | Branched | Asked | Closed | Failed | Probe,
    Field(discriminator="type"),
]

_CLIENT_HEADER: Final[TypeAdapter[Header[ClientMessage]]] = TypeAdapter(Header[ClientMessage])
_SERVER_HEADER: Final[TypeAdapter[Header[ServerMessage]]] = TypeAdapter(Header[ServerMessage])


def request_codec(max_array_bytes: int) -> Codec[ClientMessage]:
    """Reads what clients send."""
    return Codec(_CLIENT_HEADER, max_array_bytes)


def reply_codec(max_array_bytes: int) -> Codec[ServerMessage]:
    """Reads what a server sends."""
    return Codec(_SERVER_HEADER, max_array_bytes)


def frame_arrays(frame: Frame, prefix: str = "") -> dict[str, NDArray[Any]]:
    """The arrays of a frame, under the names that `read_frame` looks for."""
    arrays = {f"{prefix}observation.{name}": block for name, block in frame.observation.items()}
    arrays.update({f"{prefix}records.{name}": rows for name, rows in frame.records.items()})
    return arrays


def branch_prefix(branch: int, epoch: int) -> str:
    """What the names of the arrays of a branch's epoch begin with; both are counted from 0."""
    return f"{branch}.{epoch}."


def state_of(frame: Frame) -> State:
    """The plain part of a frame."""
    clipped = None
    if frame.clipped.values:
        clipped = Shortfall(**dataclasses.asdict(frame.clipped))
    return State(
        status=int(frame.status),
        decision=int(frame.decision),
        time_s=frame.time_s,
        clipped=clipped,
    )


def read_frame(
    schema: Schema, state: State, arrays: Mapping[str, NDArray[Any]], prefix: str = ""
) -> Frame:
    """Put a frame together again; the arrays are copies, safe to keep.

    Raises:
        WireError: an array is missing or does not fit the schema.
    """
    observation: dict[str, NDArray[Any]] = {}
    records: dict[str, NDArray[Any]] = {}
    try:
        for block in schema.observation:
            array = arrays[f"{prefix}observation.{block.name}"]
            if array.shape != block.shape or array.dtype != block.dtype:
                raise WireError(
                    f"observation '{block.name}' came as {array.dtype} {array.shape}, the schema "
                    f"says {block.dtype} {block.shape}"
                )
            observation[block.name] = array.copy()
        for table in schema.records:
            records[table.name] = rows(arrays[f"{prefix}records.{table.name}"], table.dtype)
        clipped = NOT_CLIPPED if state.clipped is None else Clipped(**state.clipped.model_dump())
        status = Status(state.status)
        return Frame(observation, records, status, state.decision, state.time_s, clipped)
    except KeyError as error:
        raise WireError(f"the reply lacks the array {error}") from None
    except ValueError as error:
        raise WireError(f"the reply does not fit the schema: {error}") from None
