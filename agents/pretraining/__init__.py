# SPDX-License-Identifier: MIT
"""Trains the system model that the package ships: on scenarios drawn at random, before any task."""
