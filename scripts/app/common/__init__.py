# SPDX-License-Identifier: MIT
"""What several commands need."""
