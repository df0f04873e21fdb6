# SPDX-License-Identifier: MIT
"""What each DNN option costs: a catalogue of variants, devices and latencies, each with its source.

The catalogue itself needs only pydantic. Everything that needs torch, ONNX, ONNX Runtime or
matplotlib lives in modules that are imported by name (``mobilenet``, ``onnx_graph``, ``measure``,
``plot``), so ``import tandem.dnn_profiles`` is cheap and works without them.

>>> from tandem.dnn_profiles import catalogue
>>> table = catalogue.options(device="a1.medium", sites={"edge": "a1.large", "cloud": "a1.xlarge"})
"""

from __future__ import annotations

from tandem.dnn_profiles import catalogue
from tandem.dnn_profiles.errors import MissingExtraError, ProfileError
from tandem.dnn_profiles.options import default_options_path, read_options, write_options
from tandem.dnn_profiles.rows import Device, Energy, Option, Profile, Split

__all__ = [
    "Device",
    "Energy",
    "MissingExtraError",
    "Option",
    "Profile",
    "ProfileError",
    "Split",
    "catalogue",
    "default_options_path",
    "read_options",
    "write_options",
]
