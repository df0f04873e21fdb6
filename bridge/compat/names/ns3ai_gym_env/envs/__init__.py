# SPDX-License-Identifier: MIT
"""The name by which scripts for ns3-ai import the environment's class."""

from tandem.compat.ns3ai import Ns3Env

__all__ = ["Ns3Env"]
