# SPDX-License-Identifier: MIT
"""`tandem build --contrib`: a module in ns-3's own form, used by a scenario of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.common.toolchain import BuildError, find_compiler
from tandem.scripts.cli import app

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler")

#: Links another module of the user's, and one of ns-3's that is not linked by default.
SECOND = """
build_lib(LIBNAME gauge SOURCE_FILES model/gauge.cc HEADER_FILES model/gauge.h
          LIBRARIES_TO_LINK ${libmeter} ${liblr-wpan})
"""
GAUGE_H = '#pragma once\n#include "ns3/meter-module.h"\nns3::Ptr<ns3::PacketMeter> MakeGauge();\n'
GAUGE_CC = """
#include "ns3/gauge.h"
#include "ns3/lr-wpan-mac.h"
ns3::Ptr<ns3::PacketMeter>
MakeGauge()
{
    ns3::CreateObject<ns3::lrwpan::LrWpanMac>();
    return ns3::CreateObject<ns3::PacketMeter>();
}
"""


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "own_contrib" / "meter", tmp_path / "contrib" / "meter"))


def build(*arguments: str | Path) -> None:
    done = CliRunner().invoke(app, ["build", *map(str, arguments)])
    if done.exception is not None:
        raise done.exception
    assert done.exit_code == 0, done.output


def test_a_module_is_built_linked_and_used(tmp_path: Path, meter: Path) -> None:
    source = Path(shutil.copy(HERE / "own_scenarios" / "metered.cc", tmp_path))
    build(source, "--contrib", meter)
    with TandemEnv(str(tmp_path / "metered"), epochs=3) as env:
        env.reset(seed=1)
        seen = [env.step(np.array([packets]))[0]["seen"][0] for packets in (3, 0, 5)]
    assert seen == [6.0, 6.0, 16.0]  # each counts 2

    # Again: nothing is compiled that has not changed.
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.o")}
    assert sorted(path.name for path in made) == ["packet-meter-helper.o", "packet-meter.o"]
    model = meter / "model" / "packet-meter.cc"
    model.write_text(model.read_text().replace("m_factor * m_count", "m_factor + m_count"))
    build(source, "--contrib", meter)
    changed = [path.name for path, time in made.items() if path.stat().st_mtime_ns != time]
    assert changed == ["packet-meter.o"]
    with TandemEnv(str(tmp_path / "metered"), epochs=3) as env:
        env.reset(seed=1)
        assert env.step(np.array([3]))[0]["seen"][0] == 5.0


def test_modules_link_each_other_and_further_ones_of_ns3(tmp_path: Path, meter: Path) -> None:
    gauge = meter.parent / "gauge"
    (gauge / "model").mkdir(parents=True)
    (gauge / "CMakeLists.txt").write_text(SECOND)
    (gauge / "model" / "gauge.h").write_text(GAUGE_H)
    (gauge / "model" / "gauge.cc").write_text(GAUGE_CC)
    source = tmp_path / "both.cc"
    source.write_text(
        '#include "ns3/gauge-module.h"\nint main() { return MakeGauge()->GetCount(); }'
    )
    build(source, "--contrib", meter, "--contrib", gauge)
    with pytest.raises(BuildError, match=r"links meter, which this ns-3 .* a --contrib for it"):
        build(source, "--contrib", gauge)


def test_what_is_no_module_is_refused(tmp_path: Path, meter: Path) -> None:
    source = tmp_path / "empty.cc"
    source.write_text("int main() {}")
    with pytest.raises(BuildError, match=r"has no CMakeLists\.txt; ns-3 modules have one"):
        build(source, "--contrib", tmp_path)
    (meter / "helper" / "packet-meter-helper.cc").unlink()
    with pytest.raises(BuildError, match=r"names .*packet-meter-helper\.cc, which is not there"):
        build(source, "--contrib", meter)
    (meter / "CMakeLists.txt").write_text("add_executable(x model/packet-meter.cc)")
    with pytest.raises(BuildError, match="does not call build_lib"):
        build(source, "--contrib", meter)
    (meter / "CMakeLists.txt").write_text("build_lib(LIBNAME x SOURCE_FILES model/packet-meter.cc)")
    with pytest.raises(BuildError, match="no HEADER_FILES"):
        build(source, "--contrib", meter)


def test_a_compiler_error_in_a_module_is_shown(tmp_path: Path, meter: Path) -> None:
    source = Path(shutil.copy(HERE / "own_scenarios" / "metered.cc", tmp_path))
    with (meter / "model" / "packet-meter.cc").open("a") as file:
        file.write("int x = undeclared;\n")
    with pytest.raises(BuildError, match=r"packet-meter\.cc.*(\n.*)*undeclared"):
        build(source, "--contrib", meter)
    assert not (tmp_path / "metered").exists()
