# make demo | test | check | bench | docs ...: everything sets itself up in .venv first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/set-up
COUNT ?=

.PHONY: help set-up demo test check check-format check-lint check-types check-imports format bench docs corpus-results update-expected fuzz kill year lock clean

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

set-up: $(STAMP) ## Make .venv with the locked dependencies

$(STAMP): pyproject.toml requirements.lock scripts/set-up
	@scripts/set-up "$(PYTHON)" $(VENV)
	@touch $@

demo: $(STAMP) ## Demo company in a browser; ONCE=1 builds everything and stops
	$(BIN)/bankklient demo $(if $(ONCE),--once)

test: $(STAMP) check ## All checks and tests, a real browser included
	@scripts/system-packages
	$(BIN)/python -m pytest -n 2

check: check-format check-lint check-types check-imports ## Format, lint, strict types, direction of imports

check-format: $(STAMP)
	$(BIN)/ruff format --check

check-lint: $(STAMP)
	$(BIN)/ruff check

check-types: $(STAMP)
	$(BIN)/mypy --strict

check-imports: $(STAMP)
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## Format the code and sort its imports
	$(BIN)/ruff check --fix --select I
	$(BIN)/ruff format

bench: $(STAMP) ## Measure and write docs/benchmarks.md
	$(BIN)/python -m tests.bench

docs: $(STAMP) ## Write the pages that are made from the code
	$(BIN)/python scripts/cli_reference.py
	$(BIN)/python scripts/spec_status.py
	$(BIN)/python -m scripts.configuration_reference
	$(BIN)/python -m scripts.orders_reference

corpus-results: $(STAMP) ## Compare every file of the corpus and write docs/corpus-results.md
	$(BIN)/python -m tests.corpus_results

update-expected: $(STAMP) ## Write the expected twins of the samples anew; look at the difference
	$(BIN)/python -m pytest --update-expected

fuzz: $(STAMP) ## Read COUNT mutated files (default as in make test)
	$(BIN)/python -m pytest tests/faults -k mutat $(if $(COUNT),--mutations $(COUNT)) --timeout 0

kill: $(STAMP) ## Kill COUNT processes at random instants (default as in make test)
	$(BIN)/python -m pytest tests/faults -k kill $(if $(COUNT),--kills $(COUNT)) --timeout 0

year: $(STAMP) ## Live COUNT months of the demo company with its bank twice (default 12); both must be the same
	$(BIN)/python -m pytest tests/demo/test_lived.py --months $(or $(COUNT),12) --timeout 0

lock: $(STAMP) ## Pin the newest dependencies that resolve together
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
	  --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean: ## Remove what make has made
	rm -rf $(VENV) build dist *.egg-info
