# The commands of this project. `make demo` and `make test` need nothing but Python (3.10 or newer) and make.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What an installation depends on; the import surface is written by it.
INPUTS = pyproject.toml hatch_build.py compat/surface.txt
# Releases of the official package that our tests and benchmarks meet, each in an environment of its own.
PEERS = 6.1.1 7.17.0

.PHONY: demo test peers check types format surface bench docs clean
.DEFAULT_GOAL := demo

demo: $(VENV)/demo.stamp  ## Transcribe a real recording with the embedded engine (AUDIO=path for your own)
	@$(BIN)/python examples/demo.py $(AUDIO)

test: $(VENV)/dev.stamp peers  ## Run the tests (TESTS=path for a part)
	$(BIN)/python -m pytest $(TESTS)

peers: $(PEERS:%=$(VENV)/peers/%.stamp)  ## Set up the official releases that the tests meet

check: $(VENV)/dev.stamp types  ## All that a change must pass
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) test

types: $(VENV)/dev.stamp  ## Check the types
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(VENV)/dev.stamp  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

surface: $(VENV)/dev.stamp  ## Write the import surface of this checkout
	$(BIN)/python hatch_build.py

bench: $(VENV)/dev.stamp $(VENV)/peers/7.17.0.stamp  ## Measure, against bare libraries and the official package
	$(BIN)/python -m bench --official $(VENV)/peers/7.17.0/bin/python

docs: $(VENV)/dev.stamp  ## Run every program of README and docs
	$(BIN)/python -m pytest tests/conformance/test_documentation.py

clean:  ## Remove what the commands above made
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(INPUTS) | $(VENV)/bin/python
	@echo "Setting up the demo (once): the package, its embedded engine, a recording ..."
	@$(PIP) -e ".[local,cli,moonshine]"
	@touch $@

$(VENV)/dev.stamp: $(INPUTS) | $(VENV)/bin/python
	@echo "Setting up the development environment (once) ..."
	@$(PIP) -e ".[dev]"
	@$(PIP) --no-deps silero-vad  # for its model; what it depends on is torch
	@touch $@ $(VENV)/demo.stamp

$(VENV)/peers/%.stamp: | $(VENV)/bin/python
	@echo "Setting up the official release $* as a peer (once) ..."
	@$(BIN)/python -m venv $(VENV)/peers/$*
	@$(VENV)/peers/$*/bin/python -m pip install --quiet --disable-pip-version-check deepgram-sdk==$*
	@touch $@
