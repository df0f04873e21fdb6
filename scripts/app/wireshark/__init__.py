# SPDX-License-Identifier: MIT
"""The dissector for Wireshark and tshark."""
