# SPDX-License-Identifier: MIT
"""Where a simulator runs: in a process here, on a server, in a Ray actor."""
