# `make help` says what there is. PYTHON chooses the interpreter, ARGS goes to the program that a target runs.
PYTHON ?= python3
ARGS ?=
# Most tests wait most of the time, so that two cores do for three of them.
JOBS ?= 3

# With PYTHON not given, these are tried when python3 is too old.
NEWER := $(if $(filter file,$(origin PYTHON)),python3.14 python3.13 python3.12 python3.11)
BIN := $(CURDIR)/.venv/bin
INSTALL = command -v "$(PYTHON)" >/dev/null || \
	{ echo "jobcast: $(PYTHON) was not found: install Python 3.11 or newer, or name it with PYTHON=..." >&2; exit 1; }; \
	"$(PYTHON)" -m launch.bootstrap
# What is installed here comes before what the machine has.
IN_VENV = PATH="$(BIN):$$PATH"

unexport PYTHONHOME PYTHONSAFEPATH
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test lint types bench

help: ## this table
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## install what is missing, then run Jobcast until Ctrl-C
	@$(INSTALL) run $(NEWER) && export JOBCAST_RELOAD="$${JOBCAST_RELOAD:-on}" && exec "$(BIN)/python" -m launch --end-with-parent $(ARGS)

test: ## install what the tests need, then run every check and test (ARGS go to pytest)
	@$(INSTALL) test $(NEWER)
	@$(MAKE) lint types
	@$(IN_VENV) find tests -name '*.test.js' -exec node --test {} +
	@$(IN_VENV) "$(BIN)/python" -m pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

lint: ## ruff: rules and format
	@$(INSTALL) dev $(NEWER)
	@"$(BIN)/ruff" check
	@"$(BIN)/ruff" format --check

types: ## mypy --strict, and tsc over the JavaScript
	@$(INSTALL) dev $(NEWER)
	@"$(BIN)/mypy"
	@$(IN_VENV) node node_modules/typescript/bin/tsc --project tsconfig.json

bench: ## run the benchmarks
	@$(INSTALL) dev $(NEWER)
	@exec "$(BIN)/python" -m bench $(ARGS)
