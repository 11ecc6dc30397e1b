# Everything a contributor or a build server runs. Needs make, git, and Python 3.11 or later with venv and pip.
# `make` alone lists the targets. Each environment is stamped with its lock, so a second run starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# A python3.11 that answers, or else python3. (A version manager's shim may be there and refuse to run.)
PYTHON ?= $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)
WORKERS ?= 2

# The developer's own interpreter settings must not leak into these environments.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := .venv/bin
# Tests bring their own certificate authorities, which some of these variables would override inside HTTP clients, and
# read what commands print to a pipe. Loopback needs no proxy; building the image may.
CLEAN_ENV := env -u REQUESTS_CA_BUNDLE -u CURL_CA_BUNDLE -u SSL_CERT_FILE -u SSL_CERT_DIR -u XDR_CONNECTOR_CONFIG \
  -u FORCE_COLOR -u COLUMNS NO_PROXY="127.0.0.1,localhost,$${NO_PROXY-}" no_proxy="127.0.0.1,localhost,$${no_proxy-}"

# The stamp's name holds a checksum of the locks and of pyproject.toml's part before the first tool table.
LOCK_SUM := $(shell { cat requirements/dev.txt requirements/build.txt; sed '/^\[tool\./,$$d' pyproject.toml; } | cksum | cut -d' ' -f1)
STAMP := .venv/.ready-$(LOCK_SUM)
PIP := $(BIN)/python -m pip install -qq
# Locks carry hashes and neither addresses nor options, so that they work behind any package index.
COMPILE := .venvs/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links $(UPGRADE)

REFEREES := referees-graph referees-sentinel-1.0.0 referees-sentinel-2.0.0b2 referees-pysnc
PYTEST := $(CLEAN_ENV) $(BIN)/python -m pytest

.NOTPARALLEL:

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: setup
setup: $(STAMP) ## Make .venv: the locked packages, and the project itself, editable

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or later is needed, and '$(PYTHON)' is not. Name one: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "installing the locked packages (about half a minute)"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@rm -f .venv/.ready-*
	@touch $@

.PHONY: demo
demo: $(STAMP) ## Run the connector against its own mock services: no tenant, no account
	@$(BIN)/xdr-connector demo

.PHONY: test
test: $(STAMP) ## Run the tests (ARGS="-k name" narrows)
	$(PYTEST) -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Check style, formatting, types, layers and sizes
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python tests/lint_sizes.py

.PHONY: verify
verify: lint test long referees image ## Everything: lint, test, long, referees, image

.PHONY: long
long: $(STAMP) ## Run the tests marked verify
	$(PYTEST) -n $(WORKERS) --dist worksteal -m verify $(ARGS)

.PHONY: referees
referees: $(STAMP) $(addprefix .venvs/,$(REFEREES)) ## Drive the mocks with the vendors' own SDKs
	$(PYTEST) -m referee $(ARGS)

.PHONY: image
image: $(STAMP) .venvs/hadolint ## Lint the Dockerfile, build the image, run it hardened (root; see tests/image)
	.venvs/hadolint/bin/hadolint Dockerfile
	$(PYTEST) -m image $(ARGS)

.PHONY: bench
bench: $(STAMP) ## Measure (ARGS are handed on)
	$(CLEAN_ENV) $(BIN)/python -m tests.bench $(ARGS)

.PHONY: docs
docs: $(STAMP) ## Renew what follows from the code: both references, docs/schemas, the screens in docs
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.mapping_reference
	$(BIN)/python -m tests.docs.schemas
	$(CLEAN_ENV) $(BIN)/python -m tests.docs.screens
	$(CLEAN_ENV) $(BIN)/python -m tests.docs.tutorial

# An environment for one tool or one SDK, kept until its lock changes. SDK releases clash, so none shares with another.
.venvs/%: requirements/%.txt FORCE
	@cmp -s $< $@/lock.txt || { echo "making $@"; rm -rf $@; $(PYTHON) -m venv $@; \
	  $@/bin/python -m pip install -qq --require-hashes -r $<; cp $< $@/lock.txt; }

.PHONY: FORCE
FORCE:

.PHONY: lock
lock: .venvs/lock ## Resolve requirements again, keeping pins that still fit (UPGRADE=--upgrade lifts them)
	$(COMPILE) --all-extras pyproject.toml -o requirements/runtime.txt
	$(COMPILE) --all-extras pyproject.toml requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	for name in hadolint lock $(REFEREES); do $(COMPILE) "requirements/$$name.in" -o "requirements/$$name.txt"; done

.PHONY: clean
clean: ## Remove environments, caches and built things
	rm -rf .venv .venvs .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist .coverage htmlcov
	find connector tests -name __pycache__ -type d -prune -exec rm -rf {} +
