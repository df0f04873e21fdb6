# SPDX-License-Identifier: MIT
"""Messages as ZeroMQ frames: a small JSON header, then one raw frame per array.

The header is a JSON object: ``{"message": {...}, "arrays": [{"name", "dtype", "shape"}, ...]}``.
Array ``i`` is the ``i``-th frame after the header, C order, little-endian. Nothing on the wire is
ever executed, unpickled, or taken for a path; whatever does not fit raises `WireError`.

Files have another format, `tandem.bridge.core.arrays`. Frames stay apart here because they cross
without a copy, and because every size is checked before anything is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tandem.bridge.core.errors import TandemError

#: Raised with every change of the messages; both sides refuse another version.
PROTOCOL_VERSION: Final = 7
MAX_HEADER_BYTES: Final = 256 * 1024
MAX_ARRAYS: Final = 4096
MAX_AXES: Final = 8
MAX_NAME_CHARACTERS: Final = 64
#: Longest axis; so the size of an array is a number that can be printed.
MAX_AXIS: Final = 2**40
DEFAULT_MAX_ARRAY_BYTES: Final = 16 * 1024 * 1024
#: How much of the fault of a refused header is sent back.
_REASON_CHARACTERS: Final = 200

DtypeName: TypeAlias = Literal["float64", "int64", "int32", "bytes"]
#: Element types that may travel. ``bytes`` are rows of record tables; their columns are in the
#: schema.
DTYPES: Final[Mapping[DtypeName, np.dtype[Any]]] = {
    "float64": np.dtype("<f8"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "bytes": np.dtype("u1"),
}

Arrays: TypeAlias = dict[str, NDArray[Any]]
FrameBytes: TypeAlias = bytes | memoryview


class WireError(TandemError, ValueError):
    """Frames that are no message of this protocol, or exceed a limit."""


class Strict(BaseModel):
    """A part of a message: no conversions, no unknown fields, no changes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ArraySpec(Strict):
    """How to read one raw frame."""

    name: Annotated[str, Field(max_length=MAX_NAME_CHARACTERS)]
    dtype: DtypeName
    shape: Annotated[list[Annotated[int, Field(ge=0, le=MAX_AXIS)]], Field(max_length=MAX_AXES)]

    @property
    def bytes(self) -> int:
        """Size of the frame."""
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


MessageT = TypeVar("MessageT")


class Header(Strict, Generic[MessageT]):
    """The first frame."""

    message: MessageT
    arrays: Annotated[list[ArraySpec], Field(max_length=MAX_ARRAYS)] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Codec(Generic[MessageT]):
    """Reads and writes one direction of the protocol.

    Attributes:
        header: of the messages that may be received.
        max_array_bytes: limit of all arrays of one message together.
    """

    header: TypeAdapter[Header[MessageT]]
    max_array_bytes: int = DEFAULT_MAX_ARRAY_BYTES

    def decode(self, frames: Sequence[FrameBytes]) -> tuple[MessageT, Arrays]:
        """The message in ``frames`` and its arrays (read-only views of the frames).

        Raises:
            WireError: anything does not fit; never any other exception.
        """
        if not frames:
            raise WireError("a message without frames")
        if len(frames[0]) > MAX_HEADER_BYTES:
            raise WireError(f"the header has {len(frames[0])} bytes, at most {MAX_HEADER_BYTES}")
        try:
            header = self.header.validate_json(bytes(frames[0]))
        except ValidationError as error:
            raise WireError(f"the header is not valid: {_first_fault(error)}") from None
        specs = header.arrays
        if len(specs) != len(frames) - 1:
            raise WireError(f"the header announces {len(specs)} arrays, {len(frames) - 1} came")
        total = sum(spec.bytes for spec in specs)
        if total > self.max_array_bytes:
            raise WireError(f"the arrays have {total} bytes, at most {self.max_array_bytes}")
        arrays: Arrays = {}
        for spec, frame in zip(specs, frames[1:], strict=True):
            if spec.name in arrays:
                raise WireError(f"array '{spec.name}' comes twice")
            if len(frame) != spec.bytes:
                raise WireError(
                    f"array '{spec.name}' has {len(frame)} bytes, its shape {spec.shape} needs "
                    f"{spec.bytes}"
                )
            flat = np.frombuffer(frame, DTYPES[spec.dtype])
            flat.flags.writeable = False
            try:
                arrays[spec.name] = flat.reshape(spec.shape)
            except ValueError as error:  # no bytes, but axes that numpy cannot hold
                raise WireError(f"array '{spec.name}' has an impossible shape: {error}") from None
        return header.message, arrays


def encode(message: BaseModel, arrays: Mapping[str, NDArray[Any]] | None = None) -> list[bytes]:
    """The frames of a message.

    Args:
        message: one of `tandem.bridge.remote.messages`.
        arrays: by name; element types of `DTYPES`, or structured (sent as rows of bytes).

    Raises:
        WireError: an array of another element type.
    """
    specs: list[ArraySpec] = []
    frames: list[bytes] = []
    for name, given in (arrays or {}).items():
        array = np.ascontiguousarray(given)
        if array.dtype.names is not None:
            array = array.view(np.uint8).reshape(len(array), array.dtype.itemsize)
        dtype = _dtype_name(name, array.dtype)
        specs.append(ArraySpec(name=name, dtype=dtype, shape=list(array.shape)))
        frames.append(array.tobytes())
    header: Header[Any] = Header(message=message, arrays=specs)
    return [header.model_dump_json(serialize_as_any=True).encode(), *frames]


def rows(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Rows of a record table, as `encode` sent them, with the columns of ``dtype``.

    Raises:
        WireError: the rows have another width.
    """
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[-1] != dtype.itemsize:  # noqa: PLR2004
        raise WireError(f"rows of {dtype.itemsize} bytes expected, got {array.dtype} {array.shape}")
    return np.frombuffer(array.tobytes(), dtype).copy()


def _dtype_name(name: str, dtype: np.dtype[Any]) -> DtypeName:
    for known, travels in DTYPES.items():
        if dtype == travels:
            return known
    raise WireError(f"array '{name}' has element type {dtype}; {', '.join(DTYPES)} can travel")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}"[:_REASON_CHARACTERS]
