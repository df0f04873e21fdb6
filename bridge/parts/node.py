# SPDX-License-Identifier: MIT
"""What runs on a node of a cluster: one part, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import Generic

from tandem.bridge.parts.api import Failure, Folders, OtherBuild, P, R, Task
from tandem.bridge.parts.attempt import attempt
from tandem.bridge.parts.build import Build
from tandem.bridge.parts.carried import Carried
from tandem.bridge.parts.scratch import scratch_folder


@dataclass(frozen=True)
class Returned(Generic[R]):
    """What comes home from a node.

    Attributes:
        result, failure: as `tandem.bridge.parts.api.Done`.
        written: files of the part.
        refused: why this node does no parts; empty: it has done it.
    """

    result: R | None
    failure: Failure | None
    written: Carried
    refused: str = ""


def run_away(
    task: Task[P, R],
    part: P,
    names: tuple[str, ...],
    read: Carried,
    build: Build,
    folder: str,
) -> Returned[R]:
    """Do a part away from home.

    Args:
        task, part: what is done with what.
        names: of the folders.
        read: files that the part reads.
        build: that this node must have.
        folder: in which the command was called; parts run there if the node has it, so that
            relative paths of options mean the same.
    """
    with contextlib.suppress(OSError):
        os.chdir(folder)
    try:
        build.check_here()
    except OtherBuild as error:
        return Returned(None, None, Carried(), str(error))
    root = scratch_folder()
    folders: Folders = {name: root / name for name in names}
    try:
        for path in folders.values():
            shutil.rmtree(path, ignore_errors=True)  # of a part that was stopped
            path.mkdir()
        read.put(folders)
        outcome = attempt(task, part, folders)
        return Returned(*outcome, Carried.written(folders, read))
    finally:
        for path in folders.values():
            shutil.rmtree(path, ignore_errors=True)
