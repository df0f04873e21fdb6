# SPDX-License-Identifier: MIT
"""The learners that the hybrid agent is compared with, one file each."""
