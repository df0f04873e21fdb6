# SPDX-License-Identifier: MIT
"""Errors of the command line."""

from __future__ import annotations

from tandem.bridge.core.errors import TandemError


class OptionError(TandemError):
    """An option has a value that cannot be used; the message names the option.

    The command line shows it as it shows every bad option: with the command's usage, and exit
    status 2.
    """
