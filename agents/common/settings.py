# SPDX-License-Identifier: MIT
"""The base class of all settings, and the kinds of numbers that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tandem.agents.common.errors import PolicyError

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
#: A discount per decision: what is worth 1 now is worth this a decision later.
Discount = Annotated[float, Field(ge=0.0, lt=1.0)]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]


class Settings(BaseModel):
    """A frozen group of settings; an unknown or impossible value is refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


SettingsT = TypeVar("SettingsT", bound=Settings)


def merged_settings(name: str, default: SettingsT, overrides: Mapping[str, Any]) -> SettingsT:
    """The settings of an agent, some replaced.

    Args:
        name: of the agent, for messages.
        default: its settings unless others are given.
        overrides: values by field, groups as nested mappings; what a YAML file holds.

    Raises:
        PolicyError: unknown field, or impossible value.
    """
    try:
        return type(default).model_validate(merged(default.model_dump(), overrides))
    except ValidationError as error:
        raise PolicyError(f"settings of {name!r}: {faults_of(error)}") from None


def faults_of(error: ValidationError) -> str:
    """What is wrong, by field, on one line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}{_given(fault['input'])}"
        for fault in error.errors()
    )


def _given(value: Any) -> str:
    # The fault of a whole group is said by its message.
    return "" if isinstance(value, Mapping | BaseModel) else f" ({value!r})"


def merged(values: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides over values; nested mappings are merged, not replaced."""
    result = dict(values)
    for key, value in overrides.items():
        group = result.get(key)
        if isinstance(group, dict) and isinstance(value, Mapping):
            result[key] = merged(group, value)
        else:
            result[key] = value
    return result
