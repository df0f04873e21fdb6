# SPDX-License-Identifier: MIT
"""Reads the tables of a run: figures, the stages of requests, the story of one request."""
