# SPDX-License-Identifier: MIT
"""Agents: what they are, how they learn, what judges them."""
