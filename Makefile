# Needs make and Python 3.11 (with venv). Everything else is set up in .venv, from lock files with hashes.
# pip keeps whatever configuration the machine gives it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := $(PIP) install --no-deps --require-hashes
OURSELVES := $(PIP) install --no-deps --no-build-isolation --editable .
# One more than there are cores: many tests wait for a process, a clock or a disk.
PYTEST = $(BIN)/python -m pytest --numprocesses $(shell $(PYTHON) -c 'import os; print(1 + os.cpu_count())') --dist worksteal
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header
EXTRAS := --extra postgres --extra keyring --extra notify --extra ethgas

.PHONY: help demo test lint format bench soak mutants spark lock clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/.runtime ## set up what running needs, and run the whole batch on the sample data
	$(BIN)/recon demo $(ARGS)

test: .venv/.dev ## run the tests that need no other programs; ARGS="-k words" picks some
	$(PYTEST) $(ARGS)

lint: .venv/.dev ## check style, types and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/.dev ## lay out the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## measure; prints figures
	$(BIN)/python -m pytest tests/benchmarks -o python_files='bench_*.py' --capture no --timeout 0 $(ARGS)

soak: .venv/.dev ## try every law on many more examples, and run the long tests
	RECON_HYPOTHESIS=soak $(PYTEST) -m 'not (browser or office or hledger or wheel)' --timeout 0 $(ARGS)
	$(BIN)/python tests/soak/mutants.py

mutants: .venv/.dev ## change the code in small ways and count what no test notices; ARGS=core names a room
	$(BIN)/python tests/soak/mutants.py $(ARGS)

lock: .venv/.dev ## write the lock files anew; ARGS=--upgrade takes the newest versions that pyproject.toml allows
	$(COMPILE) pyproject.toml --output-file requirements.lock $(ARGS)
	$(COMPILE) --group build --output-file requirements-build.lock $(ARGS)
	$(COMPILE) pyproject.toml $(EXTRAS) --group dev --output-file requirements-dev.lock \
		--constraint requirements.lock --constraint requirements-build.lock $(ARGS)
	$(COMPILE) pyproject.toml --extra spark --output-file requirements-spark.lock \
		--constraint requirements-dev.lock $(ARGS)

spark: .venv-spark/.made ## ask the checks' questions on Spark too, which needs Java 17
	.venv-spark/bin/python -m pytest -m spark tests/spark --timeout 0 $(ARGS)

clean: ## remove everything that make has made
	rm -rf .venv .venv-spark build dist mutants .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find recon reports tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was made from, so nothing is done twice.

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "recon needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: .venv/.made requirements.lock requirements-build.lock pyproject.toml
	$(LOCKED) --requirement requirements.lock --requirement requirements-build.lock
	$(OURSELVES)
	@touch $@

.venv/.dev: .venv/.made requirements-dev.lock pyproject.toml
	$(LOCKED) --requirement requirements-dev.lock
	$(OURSELVES)
	$(PIP) check
	@touch $@

# Spark is four hundred megabytes, so it has a place of its own.
.venv-spark/.made: requirements-dev.lock requirements-spark.lock pyproject.toml
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes \
		--requirement requirements-dev.lock --requirement requirements-spark.lock
	.venv-spark/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@
