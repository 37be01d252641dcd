# make demo    a whole call, from RTP to replay, on this machine
# make setup   the core alone, for the command emotion-monitor
# make test    all tests            make check   types, style, layers, workflows
# make web     the page of the service, in dashboards/dist, where its sources changed
# make docs    the documentation as a site, in build/site; a link that leads nowhere is an error
# make lock    the versions that set-up installs, anew (requirements/)
# Set-up happens by itself, once, in .venv; nothing asks a question. The demonstration needs the core alone, tests and checks all extras.

PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
# Where pip shall look for torch (of `make test` and `make check`) besides its own index, such as PyTorch's index of CPU builds.
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST_ARGS ?=
UV_COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --upgrade pyproject.toml

# What the tests need of the system, in Debian's names.
PACKAGES := ffmpeg espeak-ng libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins chromium nginx openssl caddy prometheus

.DEFAULT_GOAL := help
.PHONY: help setup web demo test check docs lock format system-packages clean

help:
	@sed -n 's/^# make/make/p' Makefile

# The versions of requirements/, so that every set-up is the same: of the core with the hashes of its files; torch's builds differ from index to index.
$(VENV)/core.stamp: pyproject.toml requirements/core.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not installed; install Python 3.11 or name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install -q --require-hashes -r requirements/core.txt
	@EMOTION_MONITOR_WITHOUT_PAGE=1 $(PIP) install -q --no-deps -e .
	@touch $@

$(VENV)/all.stamp: $(VENV)/core.stamp requirements/all.txt
	@echo "adding all extras and the tools to $(VENV) (once; a few minutes)"
	@EMOTION_MONITOR_WITHOUT_PAGE=1 $(PIP) install -q $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c requirements/all.txt -e ".[all,dev]"
	@touch $@

setup: $(VENV)/core.stamp web

# Node is the system's, or else comes as a package. Where the page cannot be built, the service runs without it, and says so at its address.
web: $(VENV)/core.stamp
	@$(BIN)/python dashboards/build.py --has-node || $(PIP) install -q --require-hashes -r requirements/page.txt || true
	@$(BIN)/python dashboards/build.py || echo "going on without the page" >&2

demo: setup
	@$(BIN)/emotion-monitor demo
	@command -v emotion-monitor >/dev/null || echo "for the command emotion-monitor in this shell: . $(BIN)/activate"

# Without root or apt this does nothing: the tests that miss a part are skipped by name. No service is started (nginx, Caddy, Prometheus).
system-packages:
	@missing=$$(for package in $(PACKAGES); do dpkg -s $$package >/dev/null 2>&1 || echo $$package; done); \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then root=; elif sudo -n true 2>/dev/null; then root="sudo -n"; else root=none; fi; \
	  if [ "$$root" = none ]; then echo "not root, so these stay missing: $$missing" >&2; \
	  else echo "installing" $$missing; \
	    $$root apt-get -qq update && $$root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1 apt-get -qq install -y $$missing >/dev/null \
	      || echo "apt-get could not install: $$missing" >&2; fi; \
	fi

# One process more than there are cores: calls in real time and browsers wait for a quarter of their time.
test: $(VENV)/all.stamp system-packages web
	@$(BIN)/python -m pytest -n $$(( $$(nproc) + 1 )) $(PYTEST_ARGS)

check: $(VENV)/all.stamp web
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python dashboards/schemas.py build/schemas
	@$(BIN)/python dashboards/build.py run -s types -- ../../build/schemas
	@$(BIN)/python dashboards/build.py run -s check
	@$(BIN)/python dashboards/build.py test
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml

docs: $(VENV)/all.stamp
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict

lock: $(VENV)/all.stamp
	@$(UV_COMPILE) --generate-hashes -o requirements/core.txt
	@$(subst pyproject.toml,requirements/page.in,$(UV_COMPILE)) --generate-hashes -o requirements/page.txt
	@$(UV_COMPILE) --extra all --extra dev --constraint requirements/core.txt -o requirements/all.txt

format: $(VENV)/all.stamp
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* build/site dashboards/dist dashboards/web/node_modules
