# SPDX-License-Identifier: MIT
"""Objectives of the scenarios of networks: contention, congestion, interference."""
