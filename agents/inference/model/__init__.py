# SPDX-License-Identifier: MIT
"""Parts of the system model: analytic prior, networks, what they see, how far to trust them."""
