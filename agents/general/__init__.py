# SPDX-License-Identifier: MIT
"""Agents of the project's own for any scenario that has a reward."""
