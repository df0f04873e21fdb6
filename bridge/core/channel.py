# SPDX-License-Identifier: MIT
"""The shared memory of a simulator as Python reads it.

The channel is divided into slots: slot 0 is the running episode's, the others hold its branches.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tandem.bridge.core import _native
from tandem.bridge.core.errors import ScenarioError, SchemaMismatch, TandemError
from tandem.bridge.core.frame import NOT_CLIPPED, Clipped, Frame, Status
from tandem.bridge.core.process import limit_advice
from tandem.bridge.core.schema import Schema


def attach(memory_fd: int, spin_us: float, executable: Path) -> _native.Channel:
    """Map a simulator's shared memory; closes the descriptor.

    Args:
        memory_fd: descriptor of the memory.
        spin_us: how long a wait spins before it sleeps, microseconds.
        executable: of the simulator, for messages.

    Raises:
        SchemaMismatch: the scenario was built with another version of tandem.
        TandemError: the memory cannot be mapped.
    """
    try:
        return _native.Channel(memory_fd, spin_us)
    except OSError as error:
        raise TandemError(
            f"cannot attach to {executable}: {error.strerror}{limit_advice(error)}"
        ) from error
    except RuntimeError as error:
        raise SchemaMismatch(f"{executable}: {error}") from error
    finally:
        os.close(memory_fd)


class ChannelReader:
    """Copies what a simulator published out of its slots.

    Args:
        channel: the memory.
        schema: what its blocks and tables mean.
    """

    def __init__(self, channel: _native.Channel, schema: Schema) -> None:
        self._channel = channel
        self._schema = schema

    def episode_copies(self) -> tuple[tuple[str, Callable[[], NDArray[Any]]], ...]:
        """A function for each observation block of the episode that returns a copy of it."""
        memory = self._channel.observation(0)
        return tuple((block.name, block.view(memory).copy) for block in self._schema.observation)

    def records(self, slot: int) -> dict[str, NDArray[Any]]:
        """Copies of the rows in a slot's record tables."""
        memory = self._channel.records(slot)
        return {table.name: table.take(memory) for table in self._schema.records}

    def branch_frames(self, slots: range) -> list[Frame]:
        """What a branch published after each of its epochs, fewer if the episode ended.

        Raises:
            ScenarioError: its record table was too small.
        """
        frames: list[Frame] = []
        for slot in slots:
            frames.append(self._branch_frame(slot))
            if frames[-1].status is not Status.DECISION:
                break
        return frames

    def _branch_frame(self, slot: int) -> Frame:
        info = self._channel.slot_info(slot)
        if info["dropped_records"]:
            raise ScenarioError(
                f"a branch finished {info['dropped_records']} more requests than its record table "
                "holds; pass a larger recordCapacity to the scenario"
            )
        memory = self._channel.observation(slot)
        observation = {b.name: b.view(memory).copy() for b in self._schema.observation}
        return self.frame(slot, observation, self.records(slot), Status(info["status"]))

    def frame(
        self,
        slot: int,
        observation: dict[str, NDArray[Any]],
        records: dict[str, NDArray[Any]],
        status: Status,
    ) -> Frame:
        """A frame with what a slot says beside observation and records."""
        info = self._channel.slot_info(slot)
        clipped = NOT_CLIPPED
        if info["clipped_values"]:
            clipped = Clipped(
                info["clipped_values"],
                info["clipped_block"],
                info["clipped_column"],
                info["clipped_value"],
            )
        return Frame(observation, records, status, info["epoch"], info["simulated_time_s"], clipped)
