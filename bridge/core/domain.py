# SPDX-License-Identifier: MIT
"""What a kind of scenario adds to the core: objectives, summaries, the reward of one agent.

The core knows blocks, record tables and ``meta``. A `Domain`, above the core, says what they mean
in a family of scenarios. It is registered under the name of a record table::

    register_domain("requests", "tandem.agents.inference.domain:INFERENCE")

The module is imported for the first scenario with such a table. The domain then says whether the
scenario is of its kind, because the table of another kind may have the same name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tandem.bridge.core.block import Column
    from tandem.bridge.core.objective import EpochResult, Objective
    from tandem.bridge.core.schema import Schema

    #: Names of the columns of each record table.
    Tables: TypeAlias = Mapping[str, Collection[str]]
    Records: TypeAlias = Mapping[str, NDArray[np.void]]
    Summary: TypeAlias = dict[str, float | int]


class Domain(Protocol):
    """A kind of scenario, known by what its schema declares."""

    @property
    def summary_key(self) -> str:
        """Key of `decision_summary` in ``info``."""
        ...

    @property
    def result_type(self) -> type[EpochResult]:
        """What objectives of this domain are given; made with `EpochResult`'s arguments."""
        ...

    @property
    def objectives(self) -> Mapping[str, Objective[Any]]:
        """Objectives by name."""
        ...

    @property
    def default_objective(self) -> Objective[Any]:
        """The objective of an environment that was given none."""
        ...

    @property
    def decision_columns(self) -> tuple[Column, ...]:
        """Name, unit and meaning of each entry of `decision_summary`, in the same order."""
        ...

    @property
    def episode_columns(self) -> tuple[Column, ...]:
        """Name, unit and meaning of each entry of `episode_summary`, in the same order."""
        ...

    @property
    def summary_tables(self) -> tuple[str, ...]:
        """Names of the record tables that `decision_summary` and `episode_summary` read."""
        ...

    @property
    def label_keys(self) -> tuple[str, ...]:
        """Entries of ``meta`` that name the codes in the record tables."""
        ...

    def matches(self, tables: Tables) -> bool:
        """Whether a scenario with these record tables is of this domain."""
        ...

    def node_attributes(self, node: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
        """What a node of ``meta["topology"]`` is to this domain, for graphs of the topology."""
        ...

    def decision_summary(self, records: Records) -> Summary:
        """Scalars that sum up the record tables of one decision."""
        ...

    def episode_summary(self, records: Records) -> Summary:
        """Scalars that sum up the record tables of a whole episode, each in one piece.

        Names differ from those of the episode table's own columns (``finished``, ``return``, …).
        """
        ...

    def agent_rewards(self, records: Records, agents: int) -> NDArray[np.float64]:
        """Each agent's own reward of one decision, ``[agents]``."""
        ...


#: Name of a record table → where the domain is: "module:attribute".
_DOMAINS: dict[str, str] = {}


def register_domain(table: str, where: str) -> None:
    """Say which domain scenarios with a record table of that name may be of.

    Args:
        table: name of the record table.
        where: ``"module:attribute"`` of the `Domain`, imported when it is needed.

    Raises:
        ValueError: ``where`` has another form, or the table has another domain already.
    """
    module, separator, attribute = where.partition(":")
    if not (module and separator and attribute):
        raise ValueError(f"domain {where!r} is not of the form 'module:attribute'")
    if _DOMAINS.setdefault(table, where) != where:
        raise ValueError(
            f"record table {table!r} belongs to {_DOMAINS[table]} already, not to {where}: "
            "register the domain under another of its tables"
        )


def domain_of(schema: Schema) -> Domain | None:
    """The domain that a scenario is of, ``None`` for a scenario of no registered domain."""
    return domain_for(
        {table.name: [column.name for column in table.columns] for table in schema.records}
    )


def domain_for(tables: Tables) -> Domain | None:
    """The same for a recorded run, from the names of its record tables and their columns."""
    for table in tables:
        where = _DOMAINS.get(table)
        if where is not None:
            module, _, attribute = where.partition(":")
            domain: Domain = getattr(importlib.import_module(module), attribute)
            if domain.matches(tables):
                return domain
    return None
