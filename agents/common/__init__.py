# SPDX-License-Identifier: MIT
"""What learners are built from: settings, schedule, replay, codec. Knows no inference requests."""
