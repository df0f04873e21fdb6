# SPDX-License-Identifier: MIT
# Every target does its own set-up: it creates .venv from constraints.txt and builds what changed.
#
#   make demo        the main job: real ns-3 under the agents, a table at the end
#   make test        all tests but the slow ones
#   make faults      1000 random kills and every other fault; KILLS=200 for fewer
#   make soak        an hour of load and kills; nothing may grow (SOAK_S=600: ten minutes)
#   make sanitize    channel, agent link and Python modules under AddressSanitizer and UBSan
#   make lint        ruff, mypy --strict, import layers, clang-format, licence headers
#   make docs        the documentation as a web site
#   make bench       speed of the bridge and the scenarios
#   make clean       remove everything built
#
# NS3_PROVIDER, NS3_ROOT, NS3_WHEEL_DIR choose another ns-3 than the pinned wheel (see README).

PYTHON ?= python3
KILLS ?= 1000
SOAK_S ?= 3600
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/dev
TEST_JOBS ?= 2
ENVIRONMENT := $(VENV)/.environment
PACKAGE := $(VENV)/.package
NATIVE := bridge/native bridge/compat/native
CPP := $(shell find ns3_scenarios $(NATIVE) cmake -type f 2>/dev/null) CMakeLists.txt
CPP_STYLED = $(shell find ns3_scenarios $(NATIVE) scripts tests -name '*.h' -o -name '*.cc')
NS3_CHOICE := $(foreach name,NS3_PROVIDER NS3_ROOT NS3_WHEEL_DIR,$(if $($(name)),--config-settings cmake.define.$(name)="$($(name))"))

.PHONY: build demo test test-slow faults soak sanitize lint format docs bench clean
.DELETE_ON_ERROR:

build: $(PACKAGE)

# The exact versions that were tested. torch comes by its exact version only: a range would take a
# build with gigabytes of GPU libraries.
$(ENVIRONMENT): constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	    --requirement requirements-dev.txt
	touch $@

# Editable: Python edits and new modules count at once; C++ edits rebuild what changed.
$(PACKAGE): $(ENVIRONMENT) pyproject.toml $(CPP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
	    --config-settings build-dir=$(BUILD) $(NS3_CHOICE) --editable .
	touch $@

demo: $(PACKAGE)
	$(BIN)/tandem demo
	@command -v tandem > /dev/null || echo "For the command tandem: . $(BIN)/activate"

test: $(PACKAGE)
	$(BIN)/python -m pytest -m "not slow" --numprocesses $(TEST_JOBS) --dist loadfile

test-slow: $(PACKAGE)
	$(BIN)/python -m pytest -m slow

# 1000 random kills with a table at the end, then every other fault. The coverage-guided fuzzer is
# optional: without its wheel that one test is skipped.
faults: $(PACKAGE)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt atheris
	$(BIN)/python tests/faults/campaign.py --kills $(KILLS)
	TANDEM_FUZZ_S=30 $(BIN)/python -m pytest tests/faults

soak: $(PACKAGE)
	$(BIN)/python tests/soak/soak.py $(SOAK_S)

sanitize: $(PACKAGE)
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
docs: $(PACKAGE)
	$(BIN)/python docs/generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(PACKAGE)
	$(BIN)/tandem bench

clean:
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
