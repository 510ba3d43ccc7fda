# make report   a first report from simulated data, in runs/demo/index.html
# make test     everything that is checked: style, types, tests, notebooks
# make lab      JupyterLab with the kit's notebooks
# make bench    speed and memory: reading five million generated rows, measures on fifty million, a whole impact study
# make lock     resolve the dependencies anew (needs a package index)
# make clean    remove the environment and what was computed
#
# All need python3 >= 3.11, make and a package index, and share one environment, .venv, made from requirements.lock.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.made
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JUPYTER_PLATFORM_DIRS := 1

.PHONY: report test lint lab bench lock clean

report: $(STAMP)
	$(BIN)/crisiskit run params/evaluations/demo.yaml --out runs

test: $(STAMP) lint
	$(BIN)/python -m pytest tests notebooks --nbval-lax --nbval-current-env

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

lab: $(STAMP)
	JUPYTER_CONFIG_DIR=.venv/jupyter $(BIN)/jupyter lab --notebook-dir=notebooks

bench: $(STAMP)
	$(BIN)/python bench/standardize.py
	$(BIN)/python bench/measures.py
	$(BIN)/python bench/impact.py

lock: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --upgrade \
		--quiet --no-annotate --no-header --no-emit-index-url --output-file requirements.lock
	sed -n 's/^\([a-z0-9].*\) \\$$/\1/p' requirements.lock > constraints.txt

clean:
	rm -rf .venv runs .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crisiskit needs Python 3.11 or later: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)
