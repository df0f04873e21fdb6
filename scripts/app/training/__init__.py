# SPDX-License-Identifier: MIT
"""Behind ``tandem train``, ``evaluate``, ``calibrate``, ``demo``: runs, views, comparisons."""
