# SPDX-License-Identifier: MIT
"""An ensemble of small networks over a set of rows, all members computed together.

Each row passes the same layers, sees the mean of all rows, and gives its own outputs; the mean of
the rows gives the outputs that belong to no row. So exchanging agents exchanges outputs. Deep sets:
Zaheer et al., NeurIPS 2017. Ensembles that predict mean and variance: Lakshminarayanan et al.,
NeurIPS 2017; Chua et al. (PETS), NeurIPS 2018.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Logarithms of predicted variances stay within these, in standardised units.
LEAST_LOG_VARIANCE: Final = -7.0
MOST_LOG_VARIANCE: Final = 2.0


class MemberLinear(nn.Module):
    """A linear layer per member: ``[E, B, inputs]`` → ``[E, B, outputs]``."""

    def __init__(self, members: int, inputs: int, outputs: int, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(max(inputs, 1))
        drawn = torch.rand((members, inputs, outputs), generator=generator)
        self.weight = nn.Parameter((2.0 * drawn - 1.0) * bound)
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, inputs: Tensor, chosen: slice) -> Tensor:
        return torch.baddbmm(self.bias[chosen], inputs, self.weight[chosen])


class SetEnsemble(nn.Module):
    """Means and logarithms of variances for rows and for everything else.

    Args:
        members: E.
        row_inputs: inputs of each row.
        common_inputs: inputs that all rows share.
        row_outputs: numbers predicted for each row.
        common_outputs: numbers predicted once.
        hidden: width.
        generator: draws the weights.
    """

    def __init__(
        self,
        members: int,
        row_inputs: int,
        common_inputs: int,
        row_outputs: int,
        common_outputs: int,
        hidden: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.members = members
        self.row_outputs = row_outputs
        self.common_outputs = common_outputs

        def layer(inputs: int, outputs: int) -> MemberLinear:
            return MemberLinear(members, inputs, outputs, generator)

        self.first = layer(row_inputs + common_inputs, hidden)
        self.second = layer(2 * hidden, hidden)
        self.row_head = layer(hidden, 2 * row_outputs)
        self.common_hidden = layer(hidden + common_inputs, hidden)
        self.common_head = layer(hidden, 2 * common_outputs)

    def forward(
        self, rows: Tensor, common: Tensor, chosen: slice
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Predict.

        Args:
            rows: ``[E, B, R, row inputs]``.
            common: ``[E, B, common inputs]``.
            chosen: which members; E of them.

        Returns:
            Mean and log variance of the rows, ``[E, B, R, row outputs]``, and of everything else,
            ``[E, B, common outputs]``.
        """
        members, batch, count, _ = rows.shape
        shared = common[:, :, None].expand(-1, -1, count, -1)
        inputs = torch.cat([rows, shared], -1).reshape(members, batch * count, -1)
        once = functional.silu(self.first(inputs, chosen)).reshape(members, batch, count, -1)
        mean = once.mean(2, keepdim=True).expand_as(once)
        both = torch.cat([once, mean], -1).reshape(members, batch * count, -1)
        twice = functional.silu(self.second(both, chosen))
        row_mean, row_log = (
            self.row_head(twice, chosen).reshape(members, batch, count, -1).chunk(2, -1)
        )
        pooled = twice.reshape(members, batch, count, -1).mean(2)
        hidden = functional.silu(self.common_hidden(torch.cat([pooled, common], -1), chosen))
        all_mean, all_log = self.common_head(hidden, chosen).chunk(2, -1)
        return row_mean, _bounded(row_log), all_mean, _bounded(all_log)


def _bounded(log_variance: Tensor) -> Tensor:
    """Smoothly between the limits."""
    upper = MOST_LOG_VARIANCE - functional.softplus(MOST_LOG_VARIANCE - log_variance)
    return LEAST_LOG_VARIANCE + functional.softplus(upper - LEAST_LOG_VARIANCE)
