# SPDX-License-Identifier: MIT
"""Plotly figures of recorded runs, and the page that holds them."""
