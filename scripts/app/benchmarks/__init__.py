# SPDX-License-Identifier: MIT
"""What ``tandem bench`` measures, one kind of cost per file."""
