# SPDX-License-Identifier: MIT
"""The name by which scripts for ns3-ai import `Experiment`; see :mod:`tandem.compat`."""

from tandem.compat.ns3ai import Experiment

__all__ = ["Experiment"]
