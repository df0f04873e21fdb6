# SPDX-License-Identifier: MIT
"""The packet-level optimum and the judges that compare policies with it."""
