# SPDX-License-Identifier: MIT
"""Behind ``tandem compat`` and ``tandem build --compat``."""
