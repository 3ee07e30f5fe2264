# From nothing but make and Python 3.11 or newer: `make` lists what there is.
#
# Everything is installed into .venv, at the versions in constraints.txt. The two stamp files
# in it record that the installation is done, so that a second `make` touches no network.

VENV := .venv
BIN := $(VENV)/bin
# The reader works in a copy of the notebooks, which no update of the course overwrites.
COPY ?= my-notebooks
FIRST_NOTEBOOK ?= $(COPY)/$(notdir $(firstword $(sort $(wildcard notebooks/*.ipynb))))

# The first Python on the path that is new enough; name another with `make lab PYTHON=...`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done)
# Further options for JupyterLab, as in `make lab LAB_FLAGS="--no-browser --port=9999"`.
LAB_FLAGS ?=
# The notebooks that `make notebooks` works on.
NB ?= $(sort $(wildcard notebooks/*.ipynb))
# Options of the benchmark, and the Python that runs it: another one may have PyTorch.
BENCH_FLAGS ?=
BENCH_PYTHON ?= $(BIN)/python
# How many tests, or notebooks, run at the same time.
JOBS ?= 2
# Further options for the browser tests, such as "-k drawing" or --last-failed.
BROWSER_FLAGS ?=

PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
NBVAL := $(BIN)/python -m pytest notebooks --nbval --nbval-current-env --nbval-cell-timeout=900 \
	--nbval-sanitize-with=tests/nbval_sanitize.cfg --numprocesses=$(JOBS) --dist=loadfile

# A module path of the reader's own would put other versions before the pinned ones.
unexport PYTHONPATH
# Notebooks draw with Jupyter's own backend; a setting from outside would override it.
unexport MPLBACKEND
# Text files are UTF-8 whatever the reader's locale is.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Matplotlib's font cache lives in the environment, made once at the end of the installation.
# Without it, the first figure of the first notebook may print a warning.
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/settings/matplotlib

# JupyterLab would open with a question about news, and look for updates on the network. And it
# would save a widget as nothing but a name, so that a notebook opened again showed an error.
LAB_SETTINGS := $(VENV)/share/jupyter/lab/settings
NO_NEWS := "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}
SAVE_WIDGETS := "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": true}
LAB_DEFAULTS := {$(NO_NEWS), $(SAVE_WIDGETS)}

# Tests and headless runs see no personal settings: no IPython start-up files, no kernels from
# elsewhere, and no home directory that has to be writable.
HEADLESS := test-units test-notebooks test-plain test-blas test-browser mutations notebooks
# The matrices of the course are small: on several threads BLAS spends more time on waiting than
# on multiplying, and the last bits depend on how many there are. test-blas tries other numbers.
$(HEADLESS) lab train bench: export OPENBLAS_NUM_THREADS ?= 1
# The exercises of a run like this are nobody's progress.
$(HEADLESS): export CNNLIB_PROGRESS := $(CURDIR)/$(VENV)/settings/progress.json
$(HEADLESS): export IPYTHONDIR := $(CURDIR)/$(VENV)/settings/ipython
$(HEADLESS): export JUPYTER_CONFIG_DIR := $(CURDIR)/$(VENV)/settings/jupyter
$(HEADLESS): export JUPYTER_DATA_DIR := $(CURDIR)/$(VENV)/settings/jupyter
$(HEADLESS): export JUPYTER_RUNTIME_DIR := $(CURDIR)/$(VENV)/settings/runtime

.DEFAULT_GOAL := help
.PHONY: help lab my-copy test test-units test-notebooks test-plain test-blas test-browser train \
	bench mutations notebooks api lint pins clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

lab: my-copy  ## install the course, open JupyterLab on your copy of the first notebook
	$(BIN)/python -m jupyterlab --LabApp.default_url=/lab/tree/$(FIRST_NOTEBOOK) \
		$(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_FLAGS)

my-copy: $(VENV)/.runtime  ## copy the notebooks to my-notebooks; your changes are kept
	@$(BIN)/python -m cnnlib my-copy --to $(COPY)

test: test-units test-notebooks  ## run the unit tests, then every notebook under nbval

test-units: $(VENV)/.dev  ## run the unit tests and the examples in the docstrings
	$(BIN)/python -m pytest --numprocesses=$(JOBS)

test-notebooks: $(VENV)/.dev  ## run every notebook, compare with its outputs; again, solved
	$(NBVAL)
	$(BIN)/python -m pytest tests/course/tools/solved_notebooks.py --numprocesses=$(JOBS)

# The readable code alone, as its readers run it: slower, with the same results.
test-plain: $(VENV)/.dev  ## test the library and the notebooks without the fast code
	CNNLIB_BACKEND=plain $(BIN)/python -m pytest tests --ignore=tests/course --ignore=tests/fast \
		--numprocesses=$(JOBS)
	CNNLIB_BACKEND=plain $(NBVAL)

# OpenBLAS adds in another order on another processor, or with other threads. The notebooks
# must print the same all the same.
test-blas: $(VENV)/.dev  ## compare the notebooks again with other arithmetic kernels
	OPENBLAS_CORETYPE=Nehalem OPENBLAS_NUM_THREADS=1 $(NBVAL)
	OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=2 $(patsubst --numprocesses=%,--numprocesses=1,$(NBVAL))

# Each worker has a browser and a JupyterLab of its own, and takes a test as soon as it is free.
test-browser: $(VENV)/.dev  ## try the notebooks and widgets in JupyterLab (needs Chromium)
	$(BIN)/python -m pytest tests/course -o python_files='browser_*.py' \
		--numprocesses=$(JOBS) --dist=worksteal $(BROWSER_FLAGS)

train: $(VENV)/.runtime  ## train the final network of the course from the shell
	$(BIN)/python -m cnnlib train

# OpenBLAS shall choose its kernels here as it does for a reader, whatever a test run prescribed.
bench: $(VENV)/.runtime  ## compare the speed with PyTorch's (BENCH_FLAGS="--quick")
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BENCH_PYTHON) tests/benchmarks/compare.py \
		$(BENCH_FLAGS)

mutations: $(VENV)/.dev  ## break each function in turn, and name the test that notices
	$(BIN)/python tests/mutations/break_functions.py

notebooks: $(VENV)/.dev  ## run every notebook and store its outputs (NB=... for one)
	$(BIN)/python -m cnnlib.course.tools.execute_notebooks $(NB)

api: $(VENV)/.dev  ## write cnnlib/README.md from the docstrings, and the table of chapters
	$(BIN)/python -m cnnlib.course.tools.api_page

lint: $(VENV)/.dev  ## check style, formatting and types
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

# uv resolves for every supported Python and platform at once, and is needed for nothing else.
# The build backend is not among the dependencies, so it is named here.
pins: $(BIN)/python  ## renew constraints.txt (needs the network)
	$(BIN)/python -m venv --clear $(VENV)/pins
	$(VENV)/pins/bin/python -m pip install --quiet uv
	printf 'hatchling\neditables\n' | $(VENV)/pins/bin/uv pip compile --quiet --universal --upgrade \
		--no-emit-index-url --no-annotate --custom-compile-command "make pins" \
		--extra dev pyproject.toml - --output-file constraints.txt

clean:  ## remove the environment and everything else that was generated
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name .git -prune -o \
		\( -name __pycache__ -o -name .ipynb_checkpoints -o -name '*.egg-info' \) \
		-prune -exec rm -rf {} +

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "The course needs Python 3.11 or newer, but found: $(PYTHON)" \
			"($$("$(PYTHON)" --version 2>/dev/null || echo nothing))."; \
		echo "Install it, or say where it is, as in: make $(or $(MAKECMDGOALS),lab)" \
			"PYTHON=/path/to/python3"; \
		exit 1; \
	} >&2
	@"$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

# No build isolation: pip would otherwise fetch a build backend of any version, each time.
$(VENV)/.runtime: $(BIN)/python Makefile pyproject.toml constraints.txt
	@echo "Installing the course into $(VENV). The first time, this takes a minute or two."
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable .
	@$(BIN)/python -c "import matplotlib.font_manager"
	@mkdir -p $(LAB_SETTINGS) && printf '%s\n' '$(LAB_DEFAULTS)' > $(LAB_SETTINGS)/overrides.json
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "Installing the tools for tests into $(VENV)."
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@
