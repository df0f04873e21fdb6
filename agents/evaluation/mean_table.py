# SPDX-License-Identifier: MIT
"""Several futures of one state as one table: what a joint action costs on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tandem.agents.evaluation.outcome_table import OutcomeTable


def mean_table(tables: Sequence[OutcomeTable]) -> OutcomeTable:
    """Response times and shares of answers, averaged over futures of one state.

    Args:
        tables: of the same patterns in the same order, as exhaustion gives them.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    return replace(
        first,
        response_s=np.mean([table.response_s for table in tables], axis=0),
        answered=np.mean([table.answered for table in tables], axis=0),
        rows=None,
    )
