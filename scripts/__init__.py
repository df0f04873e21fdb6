# SPDX-License-Identifier: MIT
"""The ``tandem`` command: one file per sub-command."""
