# SPDX-License-Identifier: MIT
"""Files of a run folder: made once, replaced only whole."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.files import replace_text, replacing, unfinished
from tandem.bridge.runs.columns import SCHEMA

METADATA: Final = "metadata.json"
CONFIG: Final = "config.yaml"
FORMAT: Final = "tandem-run"
#: Raised by one whenever a reader of the old files would not understand the new ones.
FORMAT_VERSION: Final = 2
#: Rows per row group; fixed, as all of the writer, so that equal tables give equal bytes.
ROW_GROUP_ROWS: Final = 65_536


class RunFolderError(TandemError):
    """A run folder cannot be made, or what is given is not one."""


def check(folder: Path, *, force: bool) -> None:
    """Refuse a folder that `prepare` would refuse, without touching it.

    Raises:
        RunFolderError: the folder is in use and may not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} exists and is not a folder: choose another --out")
    from tandem.bridge.runs.journal import is_locked  # which needs this module

    if folder.is_dir() and is_locked(folder):
        raise RunFolderError(
            f"another run is writing to {folder}: choose another --out, or wait for its end"
        )
    if folder.is_dir() and any(folder.iterdir()):
        if not force:
            raise RunFolderError(
                f"{folder} is not empty: choose another --out, or replace that run with --force"
            )
        if not is_run(folder) and not _is_begun(folder):
            raise RunFolderError(
                f"{folder} holds no run (no {METADATA} of format {FORMAT!r}), so --force will not "
                "delete it: choose another --out"
            )


def prepare(folder: Path, *, force: bool) -> None:
    """Make ``folder``, empty.

    Args:
        folder: where the run will be written.
        force: delete an earlier *run* there; anything else is never deleted.

    Raises:
        RunFolderError: the folder is in use and may not be replaced.
    """
    check(folder, force=force)
    if folder.is_dir() and any(folder.iterdir()):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def is_run(folder: Path) -> bool:
    """Whether ``folder`` was written by `tandem.bridge.runs.writer.RunWriter`."""
    try:
        metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(metadata, dict) and metadata.get("format") == FORMAT


def _is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds what a run leaves that was killed in its very first moments."""
    from tandem.bridge.runs.journal import JOURNAL  # which needs this module

    begun = set(unfinished(folder))
    others = {path.name for path in folder.iterdir() if path not in begun}
    return JOURNAL in others and others <= {JOURNAL, CONFIG, SCHEMA, METADATA}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as indented JSON, atomically."""
    text = json.dumps(content, indent=2, default=str) + "\n"
    replace_text(path, text)


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as YAML in the given order, atomically."""
    text = yaml.safe_dump(dict(content), sort_keys=False)
    replace_text(path, text)


def write_table(path: Path, table: pa.Table) -> None:
    """Write ``table`` as Parquet, atomically; equal tables give equal bytes."""
    with replacing(path) as temporary:
        pq.write_table(
            table,
            temporary,
            version="2.6",
            compression="zstd",
            compression_level=3,
            use_dictionary=False,
            row_group_size=ROW_GROUP_ROWS,
        )


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back while the results of a run are written (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in held}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
