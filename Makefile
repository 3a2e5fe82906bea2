# Each target sets up what it needs in .venv by itself; nothing is assumed but git, make and Python 3.11.
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
PLAN ?=
BIN := .venv/bin
# Agents wait more than they work, so that more of them than cores run at a time.
REAL_AGENTS = $(BIN)/python -m pytest tests/agents -n $$((2 * $(WORKERS))) --dist worksteal

.PHONY: help run dashboard screenshots claude test test-long test-agents check fix generate npm-package bench lock setup setup-dev setup-bench

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:
	@$(PYTHON) scripts/checkout.py run

setup-dev:
	@$(PYTHON) scripts/checkout.py dev

setup-bench:
	@$(PYTHON) scripts/checkout.py bench

dashboard: ## Build the dashboard (needs Node.js)
	@$(PYTHON) scripts/dashboard.py

screenshots: setup-bench dashboard ## Take a picture of every page of the dashboard, into build/screenshots (needs Chromium)
	@$(BIN)/python tests/support/screenshots.py $(if $(README),--readme)

run: setup ## Run the example plan with the API server: PORT=8000, PLAN=name
	@$(PYTHON) scripts/dashboard.py --if-possible
	@$(BIN)/orchestrator run $(if $(PLAN),--plan $(PLAN)) --api-server --api-port $(PORT) \
		--keep-serving --restart-completed

claude: setup ## Install Claude Code's SDK into .venv, with Claude Code inside it, for the agent `claude`
	@$(PYTHON) scripts/checkout.py claude

test: setup-dev ## Run the tests
	@$(PYTHON) scripts/dashboard.py --if-possible
	@if test -d web/node_modules; then npm --prefix web test --silent; fi
	@$(BIN)/python -m pytest -m "not long" -n $(WORKERS) --dist loadfile

test-long: setup-bench ## Run the longer sweeps, and real coding agents against a model of our own
	@$(BIN)/python -m pytest -m "long and not sweep" -n $(WORKERS) --dist loadfile
	@$(BIN)/python -m pytest tests/unit/domain -m hypothesis -n $(WORKERS) --hypothesis-profile thorough
	@$(REAL_AGENTS) -m "sweep and not by_hand"

test-agents: setup-bench ## Run every agent that can be installed against a model of our own (needs node, and Python 3.12 for Vibe)
	@$(REAL_AGENTS) -m "long or not long"

check: setup-dev ## Format, lint, types, import contracts, generated files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m orchestrator.codegen --check
	@$(BIN)/python -m orchestrator.codegen.commands_page --check
	@$(PYTHON) scripts/dashboard.py --if-possible
	@if test -d web/node_modules; then npm --prefix web run check --silent; fi

fix: setup-dev ## Format, and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

generate: setup-dev ## Write the generated files
	@$(BIN)/python -m orchestrator.codegen
	@$(BIN)/python -m orchestrator.codegen.commands_page

npm-package: setup ## Pack @plan-orchestrator/client into dist/ (needs node)
	@rm -rf packages/client/src packages/client/dist
	@$(BIN)/python -m orchestrator.codegen --types-import ./api-types.js --output-dir packages/client/src
	@node tools/openapi-typescript/node_modules/typescript/bin/tsc --project packages/client
	@cp LICENSE packages/client/
	@mkdir -p dist && npm pack ./packages/client --pack-destination dist

bench: setup-bench ## Measure beside references, and write the tables of docs/performance.md: ONLY=fanout
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

# The tests install the SDK from source: without Claude Code, which is large and not free.
lock: ## Renew the locks (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --extra postgres --group pyproject.toml:build \
		--output-file requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --extra postgres --extra claude --group pyproject.toml:build \
		--group pyproject.toml:dev --no-binary claude-agent-sdk --emit-build-options \
		--constraint requirements.txt --output-file requirements-dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --extra postgres --extra claude --group pyproject.toml:build \
		--group pyproject.toml:dev --group pyproject.toml:bench --emit-build-options \
		--constraint requirements-dev.txt --output-file requirements-bench.txt
