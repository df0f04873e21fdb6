# SPDX-License-Identifier: MIT
"""The Python side of the channel: simulators, environments, records. Knows no domain."""
