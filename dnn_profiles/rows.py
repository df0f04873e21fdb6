# SPDX-License-Identifier: MIT
"""Typed rows of the catalogue's tables; one class per CSV format, units in the field names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Precision = Literal["fp32", "fp16", "int8"]
Site = Literal["device", "edge", "cloud"]
#: How a figure is known: read in the cited source, computed by this package from such figures,
#: measured by the profiler, or quoted from memory because the source could not be read.
Evidence = Literal["published", "computed", "measured", "recalled"]

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][\w.+@-]*$")]
Text = Annotated[str, Field(min_length=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
#: An hour: longer than any single inference; catches milliseconds typed into a column of seconds.
Latency = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=0)]


class Row(BaseModel):
    """Base of every table row: immutable, no unknown column, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SourcedRow(Row):
    """A row that says where its figures come from."""

    source: Text
    revision: Text
    licence: Text
    derived: bool
    evidence: Evidence

    @model_validator(mode="after")
    def _derived_is_computed(self) -> SourcedRow:
        if self.derived != (self.evidence == "computed"):
            raise ValueError(
                f"derived: is {str(self.derived).lower()} but evidence is '{self.evidence}'; "
                "derived must be true exactly where evidence is 'computed'"
            )
        return self


class Profile(SourcedRow):
    """Latency of one variant on one device, with the variant's cost and accuracy.

    ``source``, ``revision`` and ``licence`` are those of the latency; those of the accuracy are
    ``accuracy_source`` and ``accuracy_revision``. ``mmacs`` and ``mparams`` are millions of
    multiply-accumulates and of parameters; latencies are seconds of one inference, batch 1.
    An empty cell means that the source does not say.
    """

    variant: Name
    device: Name
    precision: Precision
    threads: Count | None = None
    runtime: Text
    mmacs: Annotated[float, Field(gt=0)]
    mparams: Annotated[float, Field(gt=0)]
    input_bytes: Bytes
    output_bytes: Bytes
    top1_percent: Percent | None = None
    top5_percent: Percent | None = None
    latency_p50_s: Latency
    latency_min_s: Latency | None = None
    latency_mean_s: Latency | None = None
    latency_p10_s: Latency | None = None
    latency_p90_s: Latency | None = None
    latency_p99_s: Latency | None = None
    accuracy_source: Text | None = None
    accuracy_revision: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Profile:
        if (
            self.top1_percent is not None
            and self.top5_percent is not None
            and self.top1_percent > self.top5_percent
        ):
            raise ValueError(
                f"top1_percent: {self.top1_percent} is above top5_percent {self.top5_percent}"
            )
        if self.top1_percent is not None and self.accuracy_source is None:
            raise ValueError("accuracy_source: is empty although top1_percent is given")
        steps = ("latency_min_s", "latency_p10_s", "latency_p50_s", "latency_p90_s")
        last_name, last = "", 0.0
        for name in (*steps, "latency_p99_s"):
            value = getattr(self, name)
            if value is None:
                continue
            if value < last:
                raise ValueError(f"{name}: {value} is below {last_name} {last}")
            last_name, last = name, value
        return self

    @property
    def key(self) -> tuple[str, str, str, int | None, str]:
        """What must be unique in a catalogue."""
        return (self.variant, self.device, self.precision, self.threads, self.runtime)


class Device(SourcedRow):
    """A machine that runs inferences; the source is that of cores, clock and memory."""

    device: Name
    description: Text
    core: Text
    cores: Count
    clock_hz: Annotated[float, Field(ge=1e6, le=1e11)] | None = None
    memory_bytes: Count | None = None
    note: Text | None = None

    @property
    def key(self) -> tuple[str]:
        """What must be unique in a catalogue."""
        return (self.device,)


class Energy(SourcedRow):
    """Energy figures of a device; a cell is empty where no source is known, never guessed.

    ``mac_j`` is joules per multiply-accumulate; the radio powers are watts while the radio
    transmits or receives, to be multiplied by air time, which the simulator measures.
    """

    device: Name
    precision: Precision | None = None
    radio: Literal["wifi", "lte"] | None = None
    mac_j: Annotated[float, Field(gt=0, le=1e-3)] | None = None
    radio_tx_w: Annotated[float, Field(gt=0, le=100)] | None = None
    radio_rx_w: Annotated[float, Field(gt=0, le=100)] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Energy:
        if self.mac_j is None and self.radio_tx_w is None and self.radio_rx_w is None:
            raise ValueError("mac_j: a row needs mac_j, radio_tx_w or radio_rx_w")
        if self.mac_j is not None and self.precision is None:
            raise ValueError("precision: is empty although mac_j is given")
        if (self.radio_tx_w is not None or self.radio_rx_w is not None) and self.radio is None:
            raise ValueError("radio: is empty although a radio power is given")
        return self

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """What must be unique in a catalogue."""
        return (self.device, self.precision, self.radio)


class Split(Row):
    """One place to cut a variant: run the layers before on the device, the rest at a site.

    ``split`` counts from 0 (nothing before: the input is sent) to the last layer (everything
    before: nothing is left to send but the result). ``activation_bytes`` is what crosses the cut.
    """

    variant: Name
    split: Annotated[int, Field(ge=0)]
    layer: Text
    mmacs_before: Annotated[float, Field(ge=0)]
    mmacs_after: Annotated[float, Field(ge=0)]
    activation_bytes: Bytes
    tensors: Count = 1

    @property
    def key(self) -> tuple[str, int]:
        """What must be unique in a table of splits."""
        return (self.variant, self.split)


class Option(Row):
    """One row of the option table that scenarios and agents share.

    ``service_s`` is the time of one request alone at its site. ``upload_bytes`` and
    ``reply_bytes`` are what crosses the network: 0 for a request served on the device.
    ``device_service_s`` is the device's part of a split request, before the upload.
    """

    option: Annotated[int, Field(ge=0)]
    site: Site
    variant: Name
    service_s: Latency
    upload_bytes: Bytes
    reply_bytes: Bytes
    top1_percent: Percent
    top5_percent: Percent
    mmacs: Annotated[float, Field(gt=0)]
    device_service_s: Annotated[float, Field(ge=0)] = 0.0

    @property
    def key(self) -> tuple[int]:
        """What must be unique in an option table."""
        return (self.option,)
