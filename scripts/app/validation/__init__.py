# SPDX-License-Identifier: MIT
"""The simulation against what others have published: what ``tandem validate`` does."""
