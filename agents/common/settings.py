# SPDX-License-Identifier: MIT
"""The base class of all settings, and the kinds of numbers that they hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
