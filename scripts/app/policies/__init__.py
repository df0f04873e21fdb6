# SPDX-License-Identifier: MIT
"""What ``--policy`` may say, for any scenario."""
