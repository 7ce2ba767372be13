# make demo   sets everything up and shows the main job on simulated interferograms
# make test   sets everything up and passes the tests
# make test-floors  passes the tests of what Prefect runs at the lowest versions that are allowed
# make dist   builds the wheel and the source distribution
# `make test PYTHON=python3.13 VENV=.venv-3.13` does the same with another Python.
# They need Python >= 3.11 and make, and no network beyond package installation.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Tests run one to a core: threads of their own would wait for each other. They start commands by
# the dozen: each would compile all of our modules anew where Python is told to keep none.
QUIET_THREADS := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

.PHONY: demo test test-all test-floors check format version dist clean

demo: $(VENV)/run
	$(BIN)/fringewatch demo

test: $(VENV)/dev
	$(QUIET_THREADS) $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test-all: $(VENV)/dev
	$(QUIET_THREADS) $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder -m ""

# What Prefect needs breaks first: the server and its schedules, the deployments, the flows. Without
# torch, and so without what learns.
FLOORS := .venv-floors
FLOOR_TESTS := tests/end_to_end/test_service.py tests/flows/test_prefect_yaml.py \
    tests/flows/test_flows.py tests/flows/test_run_pages.py tests/tasks/test_watch.py tests/catalogs/cubes/test_cube.py
# Old libraries beside new ones: what they say of that is no fault of ours.
FLOOR_WARNINGS := -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning
FLOOR_PACKAGES := hypothesis "moto[server]" psutil pytest pytest-httpserver pytest-randomly pytest-timeout \
    pytest-xdist pyyaml

test-floors: $(FLOORS)/dev
	$(QUIET_THREADS) $(FLOORS)/bin/pytest -n auto --dist loadfile --no-loadscope-reorder $(FLOOR_WARNINGS) $(FLOOR_TESTS)

$(FLOORS)/dev: pyproject.toml tests/floors.py
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python tests/floors.py > $(FLOORS)/floors.txt
	$(FLOORS)/bin/python -m pip install --quiet uv # finds out what fits together where pip takes an hour
	$(FLOORS)/bin/uv pip install --python $(FLOORS)/bin/python --constraint $(FLOORS)/floors.txt --editable . $(FLOOR_PACKAGES)
	@touch $@

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The version stands in the code, in CHANGELOG.md and in CITATION.cff: CONTRIBUTING.md says how one is cut.
version:
	.ci/version $(VERSION)

dist: $(VENV)/dev
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build --outdir dist

clean:
	rm -rf $(VENV) $(FLOORS) demo-data

# A stamp file for each set of packages: a second run installs nothing.
$(VENV)/run: pyproject.toml constraints.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@ $(VENV)/run

$(VENV)/python:
	@$(PYTHON) -c '' || \
	  { echo "$(PYTHON) cannot be started: install it, or name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Fringewatch needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) -V 2>&1`; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@
