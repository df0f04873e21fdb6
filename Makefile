# SPDX-License-Identifier: MIT
# Every target does its own set-up: it puts the versions in constraints.txt into .venv, by uv, and
# builds what changed.
#
#   make demo        the main job: real ns-3 under the agents, a table at the end
#   make scenarios   all scenarios, where the demo has compiled only its own
#   make test        all tests but the slow ones
#   make faults      1000 random kills and every other fault; KILLS=200 for fewer
#   make soak        an hour of load and kills; nothing may grow (SOAK_S=600: ten minutes)
#   make sanitize    channel, agent link and Python modules under AddressSanitizer and UBSan
#   make lint        ruff, mypy --strict, import layers, clang-format, licence headers
#   make docs        the documentation as a web site
#   make wheel       wheels for Python 3.10 to 3.13 in dist/, each tried in an empty environment
#   make bench       speed of the bridge and the scenarios; BEFORE=earlier.json sets an earlier run beside it
#   make clean       remove everything built
#
# NS3_PROVIDER, NS3_ROOT, NS3_WHEEL_DIR choose another ns-3 than the pinned wheel (see README).
# TORCH=auto takes PyTorch's build for CPUs where no GPU is seen; TORCH=cpu always, TORCH=any never.

PYTHON ?= python3
KILLS ?= 1000
SOAK_S ?= 3600
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/dev
TEST_JOBS ?= 2
TORCH ?= auto
PYTHONS ?= 3.10 3.11 3.12 3.13
# What is done: packages that building needs, those of the demo, all that developers use.
BUILDING := $(VENV)/.building
RUNNING := $(VENV)/.running
ENVIRONMENT := $(VENV)/.environment
PACKAGE := $(VENV)/.package
# The demo plays one scenario: where nothing is compiled yet, only that one is, and the one with which
# `tandem doctor` tries the simulator.
DEMO_SCENARIO := wifi-edge
DEMO_PROGRAMS := $(DEMO_SCENARIO);hello
DEMO_PACKAGE := $(if $(wildcard $(PACKAGE)),$(PACKAGE),$(VENV)/.demo_package)
NATIVE := bridge/native bridge/compat/native
CPP := $(shell find ns3_scenarios $(NATIVE) cmake -type f 2>/dev/null) CMakeLists.txt
CPP_STYLED = $(shell find ns3_scenarios $(NATIVE) scripts tests -name '*.h' -o -name '*.cc')
NS3_CHOICE := $(foreach name,NS3_PROVIDER NS3_ROOT NS3_WHEEL_DIR,$(if $($(name)),--config-settings cmake.define.$(name)="$($(name))"))

.PHONY: build develop demo scenarios test test-slow faults soak sanitize lint format docs wheel bench clean
.DELETE_ON_ERROR:
# uv installs no bytecode. Without any, each of the tests' processes compiles its packages again:
# PyTorch's import takes 16 s of a core instead of 6.
unexport PYTHONDONTWRITEBYTECODE

build: develop

# $(call timed,WHAT,COMMAND) says what goes on, and how long it took.
timed = @echo "$(1) …"; begun=$$(date +%s); $(2) && echo "$(1): $$(($$(date +%s) - begun)) s"
INSTALL = $(BIN)/python setup/install.py
# Compiles while packages are fetched.
TOGETHER = @$(MAKE) --no-print-directory --jobs=2

$(BUILDING): constraints.txt pyproject.toml setup/install.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(call timed,tools to build with,$(INSTALL) -- --group build)
	@touch $@

$(RUNNING): $(BUILDING)
	$(call timed,packages that the demo uses,$(INSTALL) -- \
	    --requirements pyproject.toml --extra report)
	@touch $@

$(ENVIRONMENT): $(BUILDING)
	$(call timed,packages that developers use,$(INSTALL) --torch $(TORCH) -- \
	    --requirements pyproject.toml --all-extras --group develop)
	@touch $@

# $(call compiled,PROGRAMS). Editable: Python edits and new modules count at once; C++ edits rebuild
# what changed.
compiled = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
	    --no-deps --config-settings build-dir=$(BUILD) $(NS3_CHOICE) \
	    --config-settings cmake.define.TANDEM_PROGRAMS="$(1)" --editable .

$(PACKAGE): $(BUILDING) pyproject.toml $(CPP)
	$(call timed,ns-3 fetched and the scenarios compiled,$(call compiled,all))
	@touch $@

$(VENV)/.demo_package: $(BUILDING) pyproject.toml $(CPP)
	$(call timed,ns-3 fetched and $(DEMO_SCENARIO) compiled,$(call compiled,$(DEMO_PROGRAMS)))
	@touch $@

scenarios: $(PACKAGE)

demo:
	$(TOGETHER) $(DEMO_PACKAGE) $(RUNNING)
	$(BIN)/tandem demo --scenario $(DEMO_SCENARIO)
	@test -e $(PACKAGE) || echo "Only $(DEMO_SCENARIO) is compiled. All scenarios: make scenarios"
	@command -v tandem > /dev/null || echo "For the command tandem: . $(BIN)/activate"

develop:
	$(TOGETHER) $(PACKAGE) $(ENVIRONMENT)

test: develop
	$(BIN)/python -m pytest -m "not slow" --numprocesses $(TEST_JOBS) --dist loadfile

test-slow: develop
	$(BIN)/python -m pytest -m slow

# 1000 random kills with a table at the end, then every other fault. The coverage-guided fuzzer is
# optional: without its wheel that one test is skipped.
faults: develop
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt atheris
	$(BIN)/python tests/faults/campaign.py --kills $(KILLS)
	TANDEM_FUZZ_S=30 $(BIN)/python -m pytest tests/faults

soak: develop
	$(BIN)/python tests/soak/soak.py $(SOAK_S)

sanitize: develop
	$(BIN)/python -m pytest -m "" tests/integration/test_sanitizers.py \
	    tests/integration/test_channel_native.py

lint: $(ENVIRONMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p tandem
	$(BIN)/lint-imports --cache-dir build/import_linter
	$(BIN)/clang-format --dry-run --Werror $(CPP_STYLED)
	$(BIN)/python tests/check_headers.py

format: $(ENVIRONMENT)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP_STYLED)

# The reference pages, then the web site of the documentation into build/site; any warning fails.
docs: develop
	$(BIN)/python docs/generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Those of PYTHONS that uv finds on this machine or can fetch.
wheel: $(BUILDING)
	$(INSTALL) -- --group wheel
	$(BIN)/python setup/wheels.py --pythons $(PYTHONS)

bench: develop
	$(BIN)/tandem bench $(if $(BEFORE),--before $(BEFORE))

clean:
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
