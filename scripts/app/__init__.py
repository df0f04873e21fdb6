# SPDX-License-Identifier: MIT
"""What the commands do, apart from the command line."""
