# Every target sets up what it needs, on a machine with Python 3.11 or later, make and git.
# ARGS goes to pytest: make test-api-unit ARGS="-k tenant"

PYTHON ?= python3
ARGS ?=
NOX := .venv/bin/nox
PASS_ON := $(if $(ARGS),-- $(ARGS))
# If Python may not write bytecode, every process would compile every package again.
export UV_COMPILE_BYTECODE ?= $(if $(PYTHONDONTWRITEBYTECODE),1,0)

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: requirements/nox.txt scripts/bootstrap.py
	@$(PYTHON) scripts/bootstrap.py
	@touch $@

.PHONY: test-api-unit test-auth-unit test-logging-unit test-covernance-unit
test-api-unit: .venv/.ready ## Run the api suite: themes, floor, reports
	@$(NOX) -s tests_unit_api $(PASS_ON)

test-auth-unit: .venv/.ready ## Run the auth suite
	@$(NOX) -s tests_unit_auth $(PASS_ON)

test-logging-unit: .venv/.ready ## Run the logging suite
	@$(NOX) -s tests_unit_logging $(PASS_ON)

test-covernance-unit: .venv/.ready ## Run the tool's own suite
	@$(NOX) -s tests_unit_covernance $(PASS_ON)

.PHONY: test-unit coverage test lint integration
test-unit: .venv/.ready ## Run every suite, each in its own environment
	@$(NOX) $(PASS_ON)

coverage: .venv/.ready ## Run every suite, then write the combined baseline and HTML
	@$(NOX) -s coverage $(PASS_ON)

test: .venv/.ready ## Run everything: linters, suites, integration, end to end
	@$(NOX) -s tests $(PASS_ON)

lint: .venv/.ready ## Check code, layers, scripts, workflows, documents
	@$(NOX) -s lint

integration: .venv/.ready ## Run helper, integration and end-to-end tests
	@$(NOX) -s integration $(PASS_ON)

.PHONY: lock dev tools hub clean
lock: .venv/.ready ## Compile the .in files to frozen, hashed requirements
	@$(NOX) -s lock $(PASS_ON)

dev: .venv/.dev ## Install the development environment in .venv

.venv/.dev: .venv/.ready requirements-dev.txt pyproject.toml
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --require-hashes -r requirements-dev.txt
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

tools: .venv/.tools ## Install nox and covernance in .venv, as in CI

.venv/.tools: .venv/.ready requirements/covernance.txt pyproject.toml
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --require-hashes -r requirements/covernance.txt
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

hub: .venv/.dev ## Start the coverage hub on loopback; Ctrl-C stops it
	@.venv/bin/python -m apps.hub

clean: ## Remove reports, caches and the sessions' environments (not .venv)
	@git clean -fdXq coverage -e '!coverage/history'
	@rm -rf .nox .hub mutants .coverage .coverage.* htmlcov
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . \( -name __pycache__ -o -name node_modules \) -not -path './.venv/*' -prune -exec rm -rf {} +
