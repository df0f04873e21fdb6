# SPDX-License-Identifier: MIT
"""The numbers 0, 1 and 2 are for standard input, output and error, and for nothing else."""

from __future__ import annotations

import os


def keep_standard_descriptors() -> None:
    """Open /dev/null in the place of a closed standard input, output or error.

    Else the next file, socket or shared memory takes its number, and what some library prints goes
    into that.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number, which is this one: the lower ones are open.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
