# SPDX-License-Identifier: MIT
"""Values of options that hold several: lists, pairs, shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tandem.dnn_profiles.errors import ProfileError


def parse_names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def parse_pairs(texts: Sequence[str], flag: str) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ProfileError(f"{flag} {text}: expected name=value")
        pairs[name] = value
    return pairs


def parse_shape(text: str, flag: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ProfileError(f"{flag} {text}: expected integers by commas") from error
    if not shape or min(shape) < 1:
        raise ProfileError(f"{flag} {text}: every dimension must be 1 or more")
    return shape
