# SPDX-License-Identifier: MIT
"""Behind the oracle: outcomes of joint actions, measured in branches, searched and cached."""
