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
# Tests bring their own certificate authorities, which these variables would override inside HTTP clients.
CLEAN_ENV := env -u REQUESTS_CA_BUNDLE -u CURL_CA_BUNDLE -u SSL_CERT_FILE -u SSL_CERT_DIR

# The stamp's name holds a checksum of the locks and of pyproject.toml's part before the first tool table.
LOCK_SUM := $(shell { cat requirements/dev.txt requirements/build.txt; sed '/^\[tool\./,$$d' pyproject.toml; } | cksum | cut -d' ' -f1)
STAMP := .venv/.ready-$(LOCK_SUM)

REFEREES := graph sentinel-1.0.0 sentinel-2.0.0b2 pysnc

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: setup
setup: $(STAMP) ## Make .venv with the locked packages and the project itself, editable

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or later is needed; '$(PYTHON)' is not. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation --editable .
	@rm -f .venv/.ready-*
	@touch $@
