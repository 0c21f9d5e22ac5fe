# Everything goes through .venv. `make run` is the main job; `make check` and `make test` are what CI runs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: run install check test test-slow format bench clean

run: $(INSTALLED)
	@exec $(BIN)/archiver run

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "the archiver needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@# Compiled once, also where the environment forbids Python to write it down: every command starts the sooner.
	@$(BIN)/python -m compileall -q archiver
	@touch $@

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: $(INSTALLED)
	$(BIN)/python -m pytest -q -n auto --dist loadfile

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -q -m slow -n auto

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
