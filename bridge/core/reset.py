# SPDX-License-Identifier: MIT
"""What an environment is made and reset with: scenario arguments, options, seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tandem.bridge.core.errors import UnknownArgument, UnknownKeyword

#: Seeds that `TandemEnv.reset` draws itself lie in [1, this).
SEED_LIMIT: Final = 2**31
#: Keys that `TandemEnv.reset` accepts in ``options``.
RESET_OPTIONS: Final = ("arguments",)


def merge_arguments(
    arguments: Mapping[str, object] | None, more: Mapping[str, object]
) -> dict[str, object]:
    """Scenario arguments from a mapping and from keywords.

    Raises:
        TypeError: an argument is given both ways.
    """
    merged = dict(arguments or {})
    for name, value in more.items():
        if name in merged:
            raise TypeError(
                f"scenario argument {name!r} is given twice: as {merged[name]!r} in `arguments` "
                f"and as keyword {value!r}"
            )
        merged[name] = value
    return merged


def keyword_error(error: UnknownArgument, keywords: Mapping[str, object]) -> UnknownArgument:
    """The error for an unknown scenario argument, a `TypeError` if it was given as a keyword.

    Other libraries try keywords and look for Python's own words in the answer.
    """
    for name in keywords:
        if f"no argument {name!r}" in str(error):
            return UnknownKeyword(
                f"TandemEnv.__init__() got an unexpected keyword argument {name!r}: {error}"
            )
    return error


def changed_arguments(options: Mapping[str, Any]) -> dict[str, object]:
    """The scenario arguments that the options of a reset change.

    Raises:
        ValueError: there is an unknown option.
    """
    unknown = sorted(set(options) - set(RESET_OPTIONS))
    if unknown:
        raise ValueError(
            f"reset option {unknown[0]!r} is unknown: one of {', '.join(RESET_OPTIONS)}; "
            'scenario arguments go in options={"arguments": {...}}'
        )
    return dict(options.get("arguments") or {})
