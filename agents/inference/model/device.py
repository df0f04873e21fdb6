# SPDX-License-Identifier: MIT
"""The processor on which the system model is fitted and asked."""

from __future__ import annotations

import torch

from tandem.agents.inference.config import DeviceName
from tandem.bridge.core.errors import TandemError


def compute_device(name: DeviceName) -> torch.device:
    """The device called ``name``; ``auto`` is the GPU if PyTorch sees one.

    Raises:
        TandemError: ``cuda`` is asked for and PyTorch sees no GPU.
    """
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        raise TandemError(
            "device is cuda, but PyTorch sees no GPU here: use auto or cpu, or install a build of "
            "PyTorch with CUDA"
        )
    return torch.device("cuda" if present and name != "cpu" else "cpu")
