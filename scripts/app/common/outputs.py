# SPDX-License-Identifier: MIT
"""Places that a command will write to, looked at before its work begins."""

from __future__ import annotations

from pathlib import Path

from tandem.bridge.core.files import try_to_make
from tandem.scripts.app.common.errors import OptionError


def check_folder(folder: Path, option: str) -> None:
    """Refuse a folder that cannot be made or written to.

    Raises:
        OptionError: names the option, the folder and why.
    """
    try:
        try_to_make(folder)
    except OSError as error:
        raise _unusable(option, folder, error) from error


def check_file(file: Path, option: str) -> None:
    """Refuse a file that cannot be written.

    Raises:
        OptionError: names the option, the file and why.
    """
    try:
        if file.is_dir():
            raise OptionError(f"{option} {file} is a folder: give the name of a file")
        folder = file.absolute().parent
        try_to_make(folder)
        if folder.is_dir() and not file.exists():
            file.touch()
            file.unlink()
    except OSError as error:
        raise _unusable(option, file, error) from error


def _unusable(option: str, path: Path, error: OSError) -> OptionError:
    return OptionError(
        f"{option} {path} cannot be written: {error.strerror or error}; choose another place"
    )
