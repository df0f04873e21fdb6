# SPDX-License-Identifier: MIT
"""Agents, how they learn, and how they are judged."""
