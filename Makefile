# The only commands anyone needs: run, test, lint, bench.
.DEFAULT_GOAL := run
.PHONY: run test lint format bench lock install install-dev
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
# The certificates that this machine trusts, where it keeps some: a company's proxy may be among them.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),true,false)

run: install
	@exec $(BIN)/leapter serve

# The tests of a file stay with one worker, which starts once what they share; files go in their order, as the
# last ones are made of many short tests. Python keeps what it has compiled, also where containers tell it not to:
# the tests start it a hundred times.
test: install-dev
	@$(BIN)/python -m tests.prepare
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev
	@$(BIN)/python -m tests.bench

install: .venv/installed
install-dev: .venv/installed-dev

# $(1) must be a folder that can be written, before anything else is blamed.
writable = @test -w $(1) || { echo "Leapter cannot be installed: the folder $(abspath $(1)) cannot be written. Make it writable, or use a copy in another place." >&2; exit 1; }

.venv/bin/uv:
	$(call writable,.)
	@$(PYTHON) -c 'import sys; sys.exit("Leapter needs Python 3.11 or newer; %s is %s. Set PYTHON=python3.x to use another." % (sys.executable, sys.version.split()[0]) if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { echo "Leapter needs Python's venv module; on Debian and Ubuntu: apt install python3-venv." >&2; rm -rf .venv; exit 1; }
	@echo "Setting up .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/installed: requirements.txt pyproject.toml .build/hatch_build.py | .venv/bin/uv
	$(call writable,.venv)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/installed-dev: tests/requirements.txt .venv/installed
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r tests/requirements.txt
	@touch $@

lock: | .venv/bin/uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml --all-extras -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml --all-extras --group dev -c requirements.txt -o tests/requirements.txt
