# SPDX-License-Identifier: MIT
"""Training any learner: the loop, the worlds it plays in, the memory of what happened."""
