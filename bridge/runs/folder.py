# SPDX-License-Identifier: MIT
"""A run folder: the names of its files, how it is made, how its files are written."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tandem.bridge.core.documents import DocumentError, read_json, read_yaml
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.files import replace_text, replacing, try_to_make, unfinished

METADATA: Final = "metadata.json"
CONFIG: Final = "config.yaml"
#: Describes the tables; written from `tandem.bridge.runs.description.describe`.
SCHEMA: Final = "schema.json"
#: See `tandem.bridge.runs.journal`.
JOURNAL: Final = "journal.bin"
#: The tables that every run has, beside the scenario's record tables.
DECISIONS: Final = "decisions"
EPISODES: Final = "episodes"
_TABLE: Final = ".parquet"
_REPEAT: Final = "restore it from a copy, or record the run again"
#: ``format`` in `METADATA`: the mark of a run folder.
FORMAT: Final = "tandem-run"
#: ``status`` in `METADATA` of a run that reached its end.
COMPLETE: Final = "complete"
#: Raised by one whenever a reader of the old files would not understand the new ones.
FORMAT_VERSION: Final = 4
#: Rows per row group; fixed, as all of the writer, so that equal tables give equal bytes.
ROW_GROUP_ROWS: Final = 65_536


class RunFolderError(TandemError):
    """A run folder cannot be made, or a folder is not a run folder."""


def check(folder: Path, *, force: bool) -> None:
    """Refuse a folder that `prepare` would refuse, without touching what is in it.

    Raises:
        RunFolderError: the folder cannot be made, or is in use and may not be replaced.
    """
    try:
        str(folder).encode()
        _check_use(folder, force=force)
        try_to_make(folder)
    except UnicodeEncodeError:
        raise RunFolderError(
            f"the name {str(folder)!a} is not UTF-8: choose another --out"
        ) from None
    except (OSError, ValueError) as error:
        raise cannot_make(folder, error) from error


def cannot_make(folder: Path, error: OSError | ValueError) -> RunFolderError:
    """The error for a folder that the system refuses."""
    why = getattr(error, "strerror", None) or error
    return RunFolderError(f"{folder} cannot be a run folder: {why}; choose another --out")


def _check_use(folder: Path, *, force: bool) -> None:
    if folder.is_symlink() and not folder.exists():
        raise RunFolderError(
            f"{folder} is a link to {folder.readlink()}, which is not there: make that folder, or "
            "choose another --out"
        )
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} exists and is not a folder: choose another --out")
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
    try:
        target = folder.resolve()  # a link to a folder stays one
        if target.is_dir() and any(target.iterdir()):
            shutil.rmtree(target)
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_make(folder, error) from error


def is_run(folder: Path) -> bool:
    """Whether ``folder`` was written by `tandem.bridge.runs.writer.RunWriter`."""
    return read_metadata(folder).get("format") == FORMAT


def read_metadata(folder: Path) -> dict[str, Any]:
    """What `METADATA` holds; empty if it is missing or no JSON object."""
    try:
        metadata = read_json(folder / METADATA)
    except (OSError, ValueError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def read_config(folder: Path) -> dict[str, Any]:
    """What the run was asked for.

    Raises:
        RunFolderError: the file is missing, cut off or no YAML mapping.
    """
    path = folder / CONFIG
    try:
        content = read_yaml(path)
    except (OSError, DocumentError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}; {_REPEAT}") from error
    if not isinstance(content, dict):
        raise RunFolderError(
            f"{path} holds {type(content).__name__}, not the settings of a run; {_REPEAT}"
        )
    return content


def _is_begun(folder: Path) -> bool:
    """Whether ``folder`` holds only what a run leaves if it is killed in its first moments."""
    begun = set(unfinished(folder))
    others = {path.name for path in folder.iterdir() if path not in begun}
    return JOURNAL in others and others <= {JOURNAL, CONFIG, SCHEMA, METADATA}


def is_locked(folder: Path) -> bool:
    """Whether a living run writes to the folder."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def table_path(folder: Path, table: str) -> Path:
    """The file of a table."""
    return folder / f"{table}{_TABLE}"


def table_paths(folder: Path) -> list[Path]:
    """The files of all tables; the stem of each is the table's name."""
    return sorted(folder.glob(f"*{_TABLE}"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as indented JSON, atomically."""
    replace_text(path, json.dumps(content, indent=2, default=str) + "\n")


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as YAML in the given order, atomically."""
    replace_text(path, yaml.safe_dump(dict(content), sort_keys=False))


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
