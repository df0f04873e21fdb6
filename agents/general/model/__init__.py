# SPDX-License-Identifier: MIT
"""A learned model of any scenario: the next observation and the reward of an action."""
