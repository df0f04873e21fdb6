# SPDX-License-Identifier: MIT
"""Work in independent parts: one executor for the processes of this machine and for a cluster."""
