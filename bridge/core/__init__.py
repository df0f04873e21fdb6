# SPDX-License-Identifier: MIT
"""Schema, simulator, environments, branches: one ns-3 scenario under an agent."""
