# SPDX-License-Identifier: MIT
"""The scenarios' service times are the catalogue's: one truth for simulator and agents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tandem.bridge.core.simulator import Simulator
from tandem.dnn_profiles import catalogue
from tandem.scripts.cli import app

NANOSECOND_S = 1e-9  # ns-3's clock
SITES = ("device", "edge", "cloud")


@pytest.mark.parametrize(
    ("device", "arguments"),
    [("a1.medium", {}), ("pixel-3", {"deviceServiceScale": 2.0, "edgeServiceScale": 0.5})],
)
@pytest.mark.parametrize("scenario", ["wifi-edge", "lte-edge"])
def test_service_times_in_requests_agree_with_the_catalogue(
    scenario: str, device: str, arguments: dict[str, float], tmp_path: Path
) -> None:
    table = tmp_path / "options.csv"
    result = CliRunner().invoke(
        app, ["profiles", "options", "--device", device, "--output", str(table)]
    )
    assert result.exit_code == 0, result.output
    expected = catalogue.options(device=device)
    users = len(expected)
    arguments = {"deviceServiceScale": 1.0, **arguments}
    with Simulator(scenario, {"users": users, "options": table, **arguments}) as simulator:
        simulator.reset(1)
        requests = simulator.step(np.arange(users)).records["requests"]
    assert sorted(requests["option"]) == list(range(users))
    for request in requests:
        option = expected[request["option"]]
        assert SITES[request["site"]] == option.site
        scale = arguments.get(f"{option.site}ServiceScale", 1.0)
        compute_s = request["device_compute_s"] + request["site_compute_s"]
        assert compute_s == pytest.approx(option.service_s * scale, abs=2 * NANOSECOND_S)
        assert request["accuracy_top5_percent"] == pytest.approx(option.top5_percent)
