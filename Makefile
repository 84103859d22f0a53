# All that a fresh machine needs: make, and Python 3.11 or newer with its venv module.
#
#   make serve        start a furnished organization         (ARGS="--port 8001" is passed on)
#   make test         every check and every test             (ARGS="-k groups" is passed on to pytest)
#   make test-partitions  the tests on PostgreSQL with every organization's tables as hash partitions
#   make lint         the checks alone
#   make format       let the formatter and the linter mend what they can
#   make docs         write the generated pages of docs/ anew
#   make bench        time everything, peers too: 45 minutes (ARGS="--part postgres" is a part; see CONTRIBUTING.md)
#   make bench-quick  the same, small and short, printed     (ARGS="--compare REV" sets it against a revision)
#   make crash-rounds kill the server 1 000 times under load, and look for lost writes
#   make requirements pin the dependencies anew              (UPGRADE=--upgrade takes newer versions)
#   make clean        remove the virtual environment and what tools have left

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv --quiet --no-config pip compile pyproject.toml --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-strip-extras --custom-compile-command "make requirements"
ARGS ?=
UPGRADE ?=

.PHONY: help serve test test-partitions lint format docs bench bench-quick crash-rounds requirements clean

help:
	@sed -n '3,13s/^# *//p' Makefile

serve: $(VENV)/.runtime
	@$(BIN)/guildhall serve --demo $(ARGS)

# One file stays on one worker, so that what a module starts is started once.
test: lint
	$(BIN)/pytest --numprocesses auto --dist loadfile $(ARGS)

test-partitions: $(VENV)/.development
	GUILDHALL_TEST_PARTITIONS=4 $(BIN)/pytest --numprocesses auto --dist loadfile \
		tests/store tests/contract tests/cli tests/partitions --ignore tests/store/test_schema.py \
		--ignore tests/store/test_postgres_start.py --ignore tests/cli/test_distribute.py \
		--ignore tests/cli/test_plain_role.py --ignore tests/cli/test_migrate_schema_1.py $(ARGS)

lint: $(VENV)/.development
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.development
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

docs: $(VENV)/.development
	$(BIN)/python docs/generate.py

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/run.py $(ARGS)

bench-quick: $(VENV)/.runtime
	$(BIN)/python benchmarks/run.py --quick $(ARGS)

crash-rounds: $(VENV)/.development
	GUILDHALL_CRASH_ROUNDS=1000 $(BIN)/pytest tests/crash $(ARGS)

# The other tools follow the pins of the running server, never the other way round.
requirements: $(VENV)/.development
	$(COMPILE) $(UPGRADE) --group build --output-file requirements.txt
	$(COMPILE) $(UPGRADE) --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE) $(UPGRADE) --group bench --constraint requirements-dev.txt --output-file requirements-bench.txt

clean:
	rm -rf $(VENV) dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find $(wildcard benchmarks docs src tests) -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "Guildhall needs Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The pins are complete (`make requirements`), so nothing is resolved here: with --no-deps a version that appears
# later changes nothing, and pip takes no pin of `name[extra]` for one of another package.
$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/.created
	@echo "Installing what the server needs"
	@$(INSTALL) --no-deps --require-hashes --requirement requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.runtime
	@$(INSTALL) --no-deps --require-hashes --requirement requirements-bench.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt pyproject.toml | $(VENV)/.created
	@echo "Installing what the checks and tests need; the first time takes a minute or two"
	@$(INSTALL) --no-deps --require-hashes --requirement requirements-dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
