# Everything a user or contributor runs. Needs Python 3.11 or newer and make; the rest goes into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# The JupyterLab extension needs Node, and has a target of its own: without Node all else works.
PIP := HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# The development link of the extension: pip would write, and later delete, through it.
LINK := .venv/share/jupyter/labextensions/reprobook-labextension
UNLINK := @test ! -L $(LINK) || rm $(LINK)
JLPM := cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm
NODE := $(shell command -v node)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test test-all lint labextension test-labextension wheel browser bench fuzz clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamps: what is installed is done once, and again when the pins or the project file change.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv

.venv/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing reprobook and the demo's packages into .venv (PyTorch is large: minutes, once) ..."
	$(UNLINK)
	$(PIP) -e '.[demo]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing reprobook with its development tools into .venv (PyTorch is large: minutes, once) ..."
	$(UNLINK)
	$(PIP) -e '.[dev]'
	@touch $@ .venv/.demo

venv: .venv/.dev ## make .venv with all that development needs

# One step of the demo: say what happens, show the command, run it.
define step
	@printf '\n\033[1m%s\033[0m\n\033[36m$$ %s\033[0m\n' '$(1)' '$(2)'
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(2)
endef

NOTEBOOK := notebooks/01_digits.ipynb
# Named, so that the demo finds its runs in an unpacked archive too, where no .git marks the project's folder.
demo: export REPROBOOK_STORE ?= $(CURDIR)/.reprobook
demo: .venv/.demo ## run, verify and promote a notebook (under a minute, once installed)
	$(call step,1. Run the notebook headless. Its recipe is frozen before the first cell.,reprobook run $(NOTEBOOK) --seed 7)
	$(call step,2. What was recorded: the header and the results.,reprobook show latest)
	$(call step,3. Run the same recipe again and compare every variable of every cell.,reprobook verify latest)
	$(call step,4. Make it a script that must give the same results bit by bit.,reprobook promote latest -o build/digits)
	$(call step,5. Run that script with another learning rate.,python build/digits/train.py --lr 0.05 --out build/out)
	@printf '\n\033[1mDone.\033[0m Look at build/digits/train.py (the script), build/out/ (its results) and\n'
	@printf '`$(BIN)/reprobook runs` (all runs), or open $(NOTEBOOK) in your editor.\n'

# Tests wait for kernels and browsers much of their time: three workers keep two cores busy.
PYTEST := $(BIN)/pytest -q -n 3

test: lint $(if $(NODE),test-labextension) ## lint, types, import rules and the fast tests
	$(PYTEST) -m 'not slow'

test-all: lint $(if $(NODE),test-labextension) ## the same with the slow tests
	$(PYTEST)

lint: .venv/.dev ## style, types and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

labextension/.installed: labextension/package.json labextension/yarn.lock labextension/.yarnrc.yml | .venv/.dev
	$(JLPM) install --immutable
	@touch $@

# Linked into .venv, so that a rebuild shows after a reload of the page.
labextension/.built: labextension/.installed .venv/.dev $(shell find labextension/src labextension/style labextension/schema -type f)
	$(JLPM) build
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter-builder develop --overwrite .
	@touch $@

labextension: labextension/.built ## build the JupyterLab extension for .venv (needs Node 20)

test-labextension: labextension/.built ## style, types and unit tests of the JupyterLab extension
	$(JLPM) lint
	$(JLPM) types --check
	$(JLPM) test

wheel: .venv/.dev ## build the wheel, the JupyterLab extension in it, from the last commit (needs Node 20)
	rm -rf build/wheel && mkdir -p build/wheel dist
	git archive HEAD | tar -x -C build/wheel
	$(BIN)/python -m pip wheel -q --no-deps --disable-pip-version-check -w dist build/wheel

# Chrome serves as well, and so does what `playwright install chromium` leaves in ~/.cache.
browser: ## install Chromium for the browser tests by apt-get, where there is no browser
	@for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do \
		command -v $$name >/dev/null && exit 0; done; \
	command -v apt-get >/dev/null || { echo "No apt-get here: install Chromium or Chrome yourself."; exit 1; }; \
	as_root=$$(test "$$(id -u)" = 0 || echo sudo); \
	$$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -qq -y \
		--no-install-recommends chromium fonts-dejavu-core fonts-liberation

bench: .venv/.dev ## measure what reprobook costs
	@set -e; for script in benchmarks/*.py; do $(BIN)/python "$$script"; done

# Rounds of minutes, so that each target has its turn with several seeds, drawn anew. What is found stands in .hypothesis
# and is tried first from then on.
fuzz: .venv/.dev ## 30 minutes of fuzzing (SECONDS_OF_FUZZING=N for another time); ends at the first finding
	@set -e; end=$$(($$(date +%s) + $${SECONDS_OF_FUZZING:-1800})); while [ $$(date +%s) -lt $$end ]; do \
		REPROBOOK_FUZZ=5 $(BIN)/pytest -q tests/fuzz --hypothesis-seed=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); done

clean: ## remove what was built (runs in .reprobook/ stay)
	rm -rf .venv build dist reprobook/labextension labextension/lib labextension/node_modules labextension/.installed labextension/.built .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find reprobook tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
