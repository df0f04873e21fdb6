# SPDX-License-Identifier: MIT
"""Objects that options name: ``file.py:name`` or ``module:name``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any, Final

from tandem.scripts.app.common.errors import OptionError

_SUFFIX: Final = ".py"


def is_named(text: str) -> bool:
    """Whether a value has the form ``file.py:name`` or ``module:name``."""
    place, separator, name = text.rpartition(":")
    return bool(place and separator and name.isidentifier())


def absolute_name(text: str) -> str:
    """The same name, valid in every folder: the path of a file is made absolute."""
    place, _, name = text.rpartition(":")
    return f"{Path(place).absolute()}:{name}" if place.endswith(_SUFFIX) else text


def load_named(text: str, option: str) -> Any:
    """The object that a value names.

    Args:
        text: ``file.py:name`` or ``module:name``.
        option: for messages.

    Raises:
        OptionError: no such file or module, it fails, or it has no such name.
    """
    place, separator, name = text.rpartition(":")
    if not (separator and place and name):
        raise OptionError(f"{option} {text!r} is not file.py:name or module:name")
    try:
        module = _file(Path(place)) if place.endswith(_SUFFIX) else importlib.import_module(place)
    except FileNotFoundError:
        raise OptionError(f"{option} {text}: there is no file {place}") from None
    except Exception as error:
        raise OptionError(
            f"{option} {text}: {place} cannot be imported ({type(error).__name__}: {error})"
        ) from error
    if not hasattr(module, name):
        public = [key for key in vars(module) if not key.startswith("_")]
        raise OptionError(f"{option} {text}: {place} has no {name!r}; it has {', '.join(public)}")
    return getattr(module, name)


def _file(path: Path) -> Any:
    """A file as a module; it finds its neighbours as a script does."""
    if not path.is_file():
        raise FileNotFoundError(path)
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # where dataclasses look for their own module
    spec.loader.exec_module(module)
    return module
