# make demo   sets everything up and shows the main job on simulated interferograms
# make test   sets everything up and passes the tests
# Both need Python >= 3.11 and make, and no network beyond package installation.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Tests run one to a core: threads of their own would wait for each other.
QUIET_THREADS := OMP_NUM_THREADS=1

.PHONY: demo test test-all check format clean

demo: $(VENV)/run
	$(BIN)/fringewatch demo

test: $(VENV)/dev
	$(QUIET_THREADS) $(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile

test-all: $(VENV)/dev
	$(QUIET_THREADS) $(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile -m ""

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) demo-data

# A stamp file for each set of packages: a second run installs nothing.
$(VENV)/run: pyproject.toml constraints.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@ $(VENV)/run

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Fringewatch needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
