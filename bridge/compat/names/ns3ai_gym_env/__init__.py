# SPDX-License-Identifier: MIT
"""Registers ``ns3ai_gym_env/Ns3-v0``; see :mod:`tandem.compat`."""

import tandem.compat.ns3ai  # noqa: F401
