# SPDX-License-Identifier: MIT
"""Reading and writing the catalogue's CSV tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError

from tandem.bridge.core.files import replace_text
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.rows import Row


class _Reader(Protocol):
    """What ``csv.reader`` gives; its own type has no public name in Python 3.10."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


RowT = TypeVar("RowT", bound=Row)
HEADER_ROW = 1


def columns(model: type[Row], leading: Sequence[str] = ()) -> list[str]:
    """Column names of a table: ``leading`` first, then the model's fields in their order."""
    return [*leading, *(name for name in model.model_fields if name not in leading)]


def read_table(path: Path, model: type[RowT]) -> list[tuple[int, RowT]]:
    """Read and validate a CSV table.

    Returns: (line number, row) pairs in file order; the header is line 1.
    Raises:
        ProfileError: the file cannot be read, or a row is wrong; names file, row and column.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return _read(path, csv.reader(stream, strict=True), model)
    except FileNotFoundError as error:
        raise ProfileError("there is no such file", path=path) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ProfileError(f"cannot be read as UTF-8 CSV: {error}", path=path) from error


def _read(path: Path, reader: _Reader, model: type[RowT]) -> list[tuple[int, RowT]]:
    header = next(reader, None)
    if not header:
        raise ProfileError("is empty; expected a header line", path=path, row=HEADER_ROW)
    header = [name.strip() for name in header]
    _check_header(path, header, model)
    rows: list[tuple[int, RowT]] = []
    seen: dict[tuple[object, ...], int] = {}
    for cells in reader:
        line = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        row = _parse(path, line, header, cells, model)
        key = getattr(row, "key", None)
        if key is not None:
            if key in seen:
                named = ", ".join("" if part is None else str(part) for part in key)
                raise ProfileError(
                    f"repeats row {seen[key]} (same key: {named}); remove one of them",
                    path=path,
                    row=line,
                    column=next(iter(_key_columns(header, model)), header[0]),
                )
            seen[key] = line
        rows.append((line, row))
    return rows


def _key_columns(header: Sequence[str], model: type[Row]) -> list[str]:
    keys = ("option", "variant", "device")
    return [name for name in keys if name in header and name in model.model_fields]


def _check_header(path: Path, header: Sequence[str], model: type[Row]) -> None:
    for position, name in enumerate(header):
        if name in header[:position]:
            raise ProfileError("appears twice", path=path, row=HEADER_ROW, column=name)
        if name not in model.model_fields:
            known = ", ".join(model.model_fields)
            raise ProfileError(
                f"is not a column of this table; known columns: {known}",
                path=path,
                row=HEADER_ROW,
                column=name,
            )
    for name, field in model.model_fields.items():
        if field.is_required() and name not in header:
            raise ProfileError("is missing from the header", path=path, row=HEADER_ROW, column=name)


def _parse(
    path: Path, line: int, header: Sequence[str], cells: Sequence[str], model: type[RowT]
) -> RowT:
    if len(cells) != len(header):
        raise ProfileError(
            f"has {len(cells)} cells where the header has {len(header)}",
            path=path,
            row=line,
            column=header[min(len(cells), len(header)) - 1],
        )
    filled = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    try:
        return model.model_validate(filled)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if first["loc"]:
            column = str(first["loc"][0])
            given = filled.get(column)
            reason = "is empty" if given is None else f"'{given}' is not valid: {message}"
        else:
            # A check across columns: its message starts with the column at fault.
            column, _, reason = message.partition(": ")
        raise ProfileError(reason, path=path, row=line, column=column) from error


def format_cell(value: object) -> str:
    """A cell's text: empty for None, shortest exact decimal for numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def write_table(path: Path, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows as CSV, atomically: a reader sees the old file or the new one.

    Raises:
        ProfileError: the folder does not exist or cannot be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([format_cell(getattr(row, name)) for name in names])
    try:
        replace_text(path, text.getvalue())
    except OSError as error:
        raise ProfileError(f"cannot be written: {error.strerror}", path=path) from error
