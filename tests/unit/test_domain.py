# SPDX-License-Identifier: MIT
"""Registering a domain."""

from __future__ import annotations

import pytest

import tandem  # noqa: F401  (registers the domain of inference requests)
from tandem.bridge.core.domain import register_domain


def test_a_domain_is_registered_by_a_string_that_can_be_imported() -> None:
    with pytest.raises(ValueError, match=r"'tandem\.nowhere' is not of the form"):
        register_domain("rows", "tandem.nowhere")


def test_a_table_has_one_domain() -> None:
    register_domain("requests", "tandem.agents.inference.domain:INFERENCE")  # once more: harmless
    with pytest.raises(ValueError, match=r"belongs to tandem\.agents\.inference\.domain:INFERENCE"):
        register_domain("requests", "somebody.else:DOMAIN")
