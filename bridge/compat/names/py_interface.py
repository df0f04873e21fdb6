# SPDX-License-Identifier: MIT
"""The name by which scripts for ns3-ai 1.x import its interface; see :mod:`tandem.compat`."""

from tandem.compat.ns3ai1 import (
    EmptyInfo,
    Experiment,
    FreeMemory,
    Init,
    Ns3AIDL,
    Ns3AIRL,
    Reset,
    ResetAll,
)

__all__ = [
    "EmptyInfo",
    "Experiment",
    "FreeMemory",
    "Init",
    "Ns3AIDL",
    "Ns3AIRL",
    "Reset",
    "ResetAll",
]
