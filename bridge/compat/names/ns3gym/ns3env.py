# SPDX-License-Identifier: MIT
"""The name by which scripts for ns3-gym import the environment's class."""

from tandem.compat.ns3gym import Ns3Env

__all__ = ["Ns3Env"]
