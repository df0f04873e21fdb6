# SPDX-License-Identifier: MIT
"""What the tables of a run tell: figures, the stages of a request, the story of one."""
