# The commands of this project. `make demo` and `make test` need nothing but Python (3.10 or newer) and make.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What an installation depends on; the import surface is written by it.
INPUTS = pyproject.toml server/pyproject.toml server/packing.py hatch_build.py compat/surface.txt
# Releases of the official package that our tests and benchmarks meet, each in an environment of its own.
PEERS = 6.1.1 7.17.0
# Processes that run the tests, each with files of its own.
JOBS ?= 2
# The oldest release of AWS's client for SageMaker's streams that still installs.
OLDEST_AWS = 0.1.0

.PHONY: demo test test-sagemaker-oldest peers check types format surface bench docs test-docs reference dist clean
.DEFAULT_GOAL := demo

demo: $(VENV)/demo.stamp  ## Transcribe a recording, speak a text, ask an agent, with the embedded engines (AUDIO=path for your own)
	@$(BIN)/python examples/demo.py $(AUDIO)

test: $(VENV)/dev.stamp peers  ## Run the tests (TESTS=path for a part)
	$(BIN)/python -m pytest -rs -n $(JOBS) --dist loadfile --max-worker-restart 0 $(TESTS)

test-sagemaker-oldest:  ## Run the SageMaker tests with the oldest AWS client (PYTHON=python3.12, VENV=.venv-aws-oldest)
	$(MAKE) $(VENV)/dev.stamp
	@$(PIP) "aws-sdk-sagemaker-runtime-http2==$(OLDEST_AWS)"
	$(BIN)/python -m pytest -rs tests/sagemaker

peers: $(PEERS:%=$(VENV)/peers/%.stamp)  ## Set up the official releases that the tests meet

check: $(VENV)/dev.stamp types  ## All that a change must pass
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) test docs

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

docs: $(VENV)/dev.stamp  ## Build the documentation site in site/, without a network
	$(BIN)/python -m reference.site .site-source
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -c docs .site-source site
	@echo "Open site/index.html"

test-docs: $(VENV)/dev.stamp  ## Run every program of README and docs
	$(BIN)/python -m pytest tests/conformance/test_documentation.py

reference: $(VENV)/dev.stamp  ## Write reference.md anew
	$(BIN)/python -m reference

dist: $(VENV)/dev.stamp  ## Build the two distributions in dist/: the SDK, and the server with the command
	$(BIN)/python -m hatchling build -d dist
	cd server && $(abspath $(BIN))/python -m hatchling build -d ../dist

clean:  ## Remove what the commands above made
	rm -rf $(VENV) dist site .site-source .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(INPUTS) | $(VENV)/bin/python
	@echo "Setting up the demo (once): the package, its embedded engine, a recording ..."
	@$(PIP) -e ".[local,moonshine]" -e ./server
	@touch $@

$(VENV)/dev.stamp: $(INPUTS) | $(VENV)/bin/python
	@echo "Setting up the development environment (once) ..."
	@$(PIP) -e ".[dev]" -e ./server
	@$(PIP) --no-deps silero-vad  # for its model; what it depends on is torch
	@touch $@ $(VENV)/demo.stamp

$(VENV)/peers/%.stamp: | $(VENV)/bin/python
	@echo "Setting up the official release $* as a peer (once) ..."
	@$(BIN)/python -m venv $(VENV)/peers/$*
	@$(VENV)/peers/$*/bin/python -m pip install --quiet --disable-pip-version-check deepgram-sdk==$*
	@touch $@
