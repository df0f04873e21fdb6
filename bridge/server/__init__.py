# SPDX-License-Identifier: MIT
"""``tandem serve``: a pool of simulators for remote agents."""
