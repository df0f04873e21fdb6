# SPDX-License-Identifier: MIT
"""The live page of runs: what it shows, and the server that it comes from."""
