# Two verbs for everybody: make run, make test. The rest is for those who work on the project.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests that talk to real processes wait more than they compute: half as many again as there are cores.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) \* 3 / 2)

.PHONY: help run test check lint types format clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/.run  ## start the server and a small hospital that sends it eighteen cases
	@$(BIN)/python -m conformance demo --start

test: $(VENV)/.dev  ## the whole test suite, three processes for two cores
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: lint types test  ## style, types, tests

lint: $(VENV)/.dev  ## style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev  ## types, strict
	@$(BIN)/mypy

format: $(VENV)/.dev  ## let ruff write the style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean:  ## remove the environment and the data of make run
	@rm -rf $(VENV) var

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
	  || { echo "Python 3.11 or 3.12 is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "The virtual environment could not be made in $(CURDIR)/$(VENV); is the folder writable and python3-venv installed?"; exit 2; }

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the server needs (once, some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt \
	  || { echo "The installation failed; the lines above say which package. Is the package index reachable?"; exit 2; }
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	@echo "Installing what the tests need (once, some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt \
	  || { echo "The installation failed; the lines above say which package. Is the package index reachable?"; exit 2; }
	@touch $(VENV)/.dev $(VENV)/.run
