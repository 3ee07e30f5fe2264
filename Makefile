# From nothing but make and Python 3.11 or newer: `make` lists what there is.
#
# Everything is installed into .venv, at the versions in constraints.txt. A stamp in it records that
# the installation is done, so that a second `make` touches no network.

VENV := .venv
BIN := $(VENV)/bin
# The reader works in a copy of the notebooks, which no update of the course overwrites.
COPY ?= my-notebooks
# The notebook that `make lab` opens: the first of the copy, or FIRST_NOTEBOOK=notebooks/...
FIRST_NOTEBOOK ?=

# The first Python on the path that is new enough; name another with `make lab PYTHON=...`.
PYTHONS := python3 python3.15 python3.14 python3.13 python3.12 python3.11 python $(BIN)/python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(PYTHONS); do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; \
	done)
# Further options for JupyterLab, as in `make lab LAB_FLAGS="--no-browser --port=9999"`.
LAB_FLAGS ?=
# The notebooks that `make notebooks` works on.
NB ?= $(sort $(wildcard notebooks/*.ipynb))
# The same, but nothing where nobody has named one.
CHOSEN = $(if $(filter file,$(origin NB)),,$(NB))
# Options of the benchmark, and the Python that runs it: another one may have PyTorch.
BENCH_FLAGS ?=
BENCH_PYTHON ?= $(BIN)/python
# How many tests, or notebooks, run at the same time.
JOBS ?= 2
# Further options for the browser tests, such as "-k drawing" or --last-failed.
BROWSER_FLAGS ?=
# How many browser tests run at the same time: each waits for longer than it computes.
BROWSER_JOBS ?= 3

# The doors out of NumPy are tried in an environment of their own, beside the course's. This version
# of PyTorch; another build of it is taken with TORCH="torch --index-url ...".
INTEROP := $(VENV)/interop
TORCH ?= torch==2.13.0

# The deck for a lecture.
LECTURE := $(VENV)/lecture

# The web edition. Its pages link to JupyterLite where that was built beside it.
SITE := $(VENV)/site
# The course in a browser alone, and a folder or an archive with Pyodide's packages for it.
LITE := $(VENV)/lite
PYODIDE ?= $(CNNLIB_PYODIDE)

NBVAL := $(BIN)/python -m pytest notebooks --nbval --nbval-current-env --nbval-cell-timeout=900 \
	--timeout=1000 --nbval-sanitize-with=tests/nbval_sanitize.cfg --numprocesses=$(JOBS) \
	--dist=loadfile
UNSOLVED = @rm -f "$$CNNLIB_PROGRESS"

# A module path of the reader's own would put other versions before the pinned ones, and other
# settings of Python would change what the tests see: warnings as errors, or no assertions.
unexport $(filter-out PYTHON PYTHONS,$(filter PYTHON%,$(.VARIABLES)))
# Notebooks draw with Jupyter's own backend; a setting from outside would override it.
unexport MPLBACKEND
# Text files are UTF-8 whatever the reader's locale is.
export PYTHONUTF8 := 1

# Tests and headless runs see no personal settings: no IPython start-up files, no kernels from
# elsewhere, and no home directory that has to be writable.
HEADLESS := test-units test-notebooks test-plain test-blas test-browser test-doors \
	test-doors-quick test-places test-interop mutations notebooks site
# The matrices of the course are small: on several threads BLAS spends more time on waiting than
# on multiplying, and the last bits depend on how many there are. test-blas tries other numbers.
$(HEADLESS) train train-fashion bench: export OPENBLAS_NUM_THREADS ?= 1
# The notebooks are compared as nobody has solved them, whatever was tried here before. (Tests, and
# `make notebooks`, have records of their own.)
$(HEADLESS): export CNNLIB_PROGRESS := $(CURDIR)/$(VENV)/settings/unsolved.json
# Matplotlib's font cache is made at the end of the installation. Without it, the first figure of the
# first notebook may print a warning.
$(HEADLESS): export MPLCONFIGDIR := $(CURDIR)/$(VENV)/settings/matplotlib
$(HEADLESS): export IPYTHONDIR := $(CURDIR)/$(VENV)/settings/ipython
$(HEADLESS): export JUPYTER_CONFIG_DIR := $(CURDIR)/$(VENV)/settings/jupyter
$(HEADLESS): export JUPYTER_DATA_DIR := $(CURDIR)/$(VENV)/settings/jupyter
$(HEADLESS): export JUPYTER_RUNTIME_DIR := $(CURDIR)/$(VENV)/settings/runtime

.DEFAULT_GOAL := help
.PHONY: help environment dev-environment lab my-copy test test-units test-notebooks test-plain \
	test-blas test-browser test-doors test-doors-quick test-places test-interop lecture slides \
	handouts lecture-notes site lite train train-fashion bench mutations notebooks api lint pins clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

# Names of folders reach the shell as variables: a space or a quotation mark is part of the name.
lab my-copy: export CNNLIB_COPY := $(value COPY)
lab: export CNNLIB_FIRST := $(value FIRST_NOTEBOOK)

lab: environment  ## install the course, open JupyterLab on your copy of the first notebook
	@$(BIN)/python -m cnnlib lab --to "$$CNNLIB_COPY" --notebook "$$CNNLIB_FIRST" $(LAB_FLAGS)

my-copy: environment  ## copy the notebooks to my-notebooks; your changes are kept
	@$(BIN)/python -m cnnlib my-copy --to "$$CNNLIB_COPY"

test: test-units test-notebooks  ## run the unit tests, then every notebook under nbval

test-units: dev-environment  ## run the unit tests and the examples in the docstrings
	$(BIN)/python -m pytest --numprocesses=$(JOBS)

# Under nbval, too: one kernel a notebook gives the stored outputs and then tries the solutions.
test-notebooks: dev-environment  ## run every notebook, compare with its outputs; then solved
	$(BIN)/python -m pytest tests/course/tools/solved_notebooks.py --numprocesses=$(JOBS)

# The readable code alone, as its readers run it: slower, with the same results. The notebooks
# meet other arithmetic at the same time, as in test-blas.
test-plain: dev-environment  ## test the library and the notebooks without the fast code
	CNNLIB_BACKEND=plain $(BIN)/python -m pytest tests --ignore=tests/course --ignore=tests/fast \
		--numprocesses=$(JOBS)
	$(UNSOLVED)
	CNNLIB_BACKEND=plain OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 $(NBVAL)

# OpenBLAS adds in another order on another processor, or with other threads. The notebooks
# must print the same all the same.
test-blas: dev-environment  ## compare the notebooks again with other arithmetic kernels
	$(UNSOLVED)
	OPENBLAS_CORETYPE=Nehalem OPENBLAS_NUM_THREADS=2 $(patsubst --numprocesses=%,--numprocesses=1,$(NBVAL))

# Each worker has a browser and a JupyterLab of its own, and takes a test as soon as it is free.
test-browser: dev-environment  ## try the notebooks and widgets in JupyterLab (needs Chromium)
	$(BIN)/python -m pytest tests/course -o python_files='browser_*.py' \
		--numprocesses=$(BROWSER_JOBS) --dist=worksteal $(BROWSER_FLAGS)

# The doors to the course other than JupyterLab on one's own machine. What one of them needs, and is
# not there, is told in the reasons of what was skipped: Pyodide's packages, which no registry has.
# The class of twenty is the heaviest: BROWSER_FLAGS="--ignore=tests/course/tools/classroom" leaves
# it out.
test-doors: dev-environment $(SITE)/installed $(LECTURE)/installed  ## try the other doors: web edition, slides, a class (needs Chromium)
	CNNLIB_SITE=$(CURDIR)/$(SITE)/bin/python CNNLIB_LECTURE=$(CURDIR)/$(LECTURE)/bin/python \
		CNNLIB_PYODIDE="$(PYODIDE)" $(BIN)/python -m pytest tests/course \
		-o python_files='doors_*.py' --numprocesses=$(JOBS) --dist=loadfile $(BROWSER_FLAGS)

# The cheap part of it: a few pages and a deck, in one environment.
test-doors-quick: dev-environment $(SITE)/installed  ## try some pages of the web edition and one deck
	CNNLIB_SITE=$(CURDIR)/$(SITE)/bin/python CNNLIB_LECTURE=$(CURDIR)/$(SITE)/bin/python \
		$(BIN)/python -m pytest tests/course/tools/pages -o python_files='doors_*.py' \
		-k '(fits and 1200) or is_large or pad or python or (path and 02)' \
		--numprocesses=$(JOBS) --dist=loadfile $(BROWSER_FLAGS)

# What happens to the course in other places and under other settings. Installs it several times,
# with pip, so it needs the network or pip's cache.
test-places: dev-environment  ## move, copy and share the installed course, and install it oddly
	$(BIN)/python -m pytest tests/places --numprocesses=$(JOBS) -o python_files='installed_*.py'

# Installs PyTorch, ONNX and safetensors once, which is large, so it needs the network or pip's cache.
test-interop: dev-environment  ## carry networks to PyTorch and ONNX; run notebook 12 with them
	@test -e $(INTEROP)/installed || { $(BIN)/python -m venv --clear $(INTEROP) && \
		$(INTEROP)/bin/python -m pip install --quiet --constraint constraints.txt $(TORCH) \
			--editable '.[dev,torch,onnx]' && touch $(INTEROP)/installed; }
	$(UNSOLVED)
	$(INTEROP)/bin/python -m pytest tests/interop tests/course/beyond_numpy
	$(subst $(BIN)/python,$(INTEROP)/bin/python,$(subst pytest notebooks,pytest \
		notebooks/12_beyond_numpy.ipynb,$(NBVAL)))

# What a lecture needs lives in an environment of its own: a reader's JupyterLab stays as it is. It
# is made anew when the course asks for other versions.
$(LECTURE)/installed: pyproject.toml constraints.txt | environment
	@$(BIN)/python -m venv --clear $(LECTURE)
	$(LECTURE)/bin/python -m pip install --quiet --constraint constraints.txt \
		--editable '.[lecture,slides]'
	@touch $@

# NB names a notebook by its number or its path, here and in the three targets below.
lecture: $(LECTURE)/installed  ## open the lecture of a notebook as a deck in JupyterLab (NB=02)
	@$(LECTURE)/bin/python -m cnnlib.course.tools.pages.lecture \
		"$(or $(CHOSEN),01)" $(LAB_FLAGS)

slides: $(LECTURE)/installed  ## write the lectures as decks for a browser, in build/slides (NB=02 for one)
	@OPENBLAS_NUM_THREADS=1 $(LECTURE)/bin/python -m cnnlib.course.tools.pages.slides $(CHOSEN)

handouts: $(LECTURE)/installed  ## write a page to print for each chapter, in build/handouts (NB=02 for one)
	@$(LECTURE)/bin/python -m cnnlib.course.tools.pages.handouts $(CHOSEN)

lecture-notes: environment  ## print what to say in a lecture, minute by minute (NB=02 for one)
	@$(BIN)/python -m cnnlib.course.tools.pages.lecture_notes $(CHOSEN)

$(SITE)/installed: pyproject.toml constraints.txt | environment
	@$(BIN)/python -m venv --clear $(SITE)
	$(SITE)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[site,slides]'
	@touch $@

site: $(SITE)/installed  ## build the web edition of all notebooks in build/site
	@$(SITE)/bin/python -m cnnlib.course.tools.pages.site \
		$(if $(wildcard build/lite/lab/index.html),--lite ../lite)

# JupyterLite has a JupyterLab of its own, whose widgets are older than the course's.
lite: environment  ## build the course as a site that runs without Python (PYODIDE=folder or archive)
	@test -n "$(PYODIDE)" || { echo "Name a release of Pyodide 0.27.7, a folder or an archive:" \
		"make lite PYODIDE=..." >&2; exit 1; }
	@test -e $(LITE)/installed || { $(BIN)/python -m venv --clear $(LITE) && \
		grep -v -e ^ipywidgets== -e ^jupyterlab-widgets== constraints.txt > $(LITE)/pins.txt && \
		$(LITE)/bin/python -m pip install --quiet --constraint $(LITE)/pins.txt \
			--editable '.[lite]' && touch $(LITE)/installed; }
	@$(LITE)/bin/python -m cnnlib.course.tools.pages.lite --pyodide "$(PYODIDE)"

train: environment  ## train the final network of the course from the shell
	$(BIN)/python -m cnnlib train

train-fashion: environment  ## the larger run: the same, on the 60,000 images of Fashion-MNIST
	$(BIN)/python -m cnnlib train --data fashion

# OpenBLAS shall choose its kernels here as it does for a reader, whatever a test run prescribed.
bench: environment  ## compare the speed with PyTorch's (BENCH_FLAGS="--quick")
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BENCH_PYTHON) tests/benchmarks/compare.py \
		$(BENCH_FLAGS)

mutations: dev-environment  ## break each function in turn, and name the test that notices
	$(BIN)/python tests/mutations/break_functions.py

notebooks: dev-environment  ## run every notebook and store its outputs (NB=... for one)
	$(BIN)/python -m cnnlib.course.tools.execute_notebooks $(NB)

api: dev-environment  ## write cnnlib/README.md, the table of chapters and the page for lecturers
	$(BIN)/python -m cnnlib.course.tools.api_page

lint: dev-environment  ## check style, formatting and types
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

# uv resolves for every supported Python and platform at once, and is needed for nothing else.
# The build backend is not among the dependencies, so it is named here.
pins: environment  ## renew constraints.txt (needs the network)
	$(BIN)/python -m venv --clear $(VENV)/pins
	$(VENV)/pins/bin/python -m pip install --quiet uv
	printf 'hatchling\neditables\n' | $(VENV)/pins/bin/uv pip compile --quiet --universal --upgrade \
		--no-emit-index-url --no-annotate --custom-compile-command "make pins" \
		--extra dev --extra lecture --extra slides --extra site pyproject.toml - \
		--output-file constraints.txt

# Only in the course's own folders: the reader's copy is the reader's, wherever it lies.
clean:  ## remove the environment and everything else that was generated
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find cnnlib data notebooks tests \( -name __pycache__ -o -name .ipynb_checkpoints \) \
		-prune -exec rm -rf {} +

environment:
	@$(CHECK_PYTHON)
	@"$(PYTHON)" cnnlib/course/tools/environment.py

dev-environment:
	@$(CHECK_PYTHON)
	@"$(PYTHON)" cnnlib/course/tools/environment.py --dev

define CHECK_PYTHON
"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	echo "The course needs Python 3.11 or newer, but found:"; \
	for p in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
		version=$$("$$p" --version 2>&1) && echo "  $$p ($$version)" && some=1; \
	done; \
	test "$$some" || echo "  $(or $(PYTHON),nothing)"; \
	echo "Install it, or say where it is, as in: make $(or $(firstword $(MAKECMDGOALS)),lab)" \
		"PYTHON=/path/to/python3"; \
	exit 1; \
} >&2
endef
