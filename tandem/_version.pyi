# SPDX-License-Identifier: MIT
# The build writes this module, from pyproject.toml.
version: str
