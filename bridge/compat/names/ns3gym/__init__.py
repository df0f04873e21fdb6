# SPDX-License-Identifier: MIT
"""Registers ``ns3-v0`` with the old gym; see :mod:`tandem.compat`."""

import tandem.compat.ns3gym  # noqa: F401
