# SPDX-License-Identifier: MIT
"""Run folders: written, read, resumed; any record table."""
