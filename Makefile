# The two commands: `make run` and `make test`. Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
DATA ?= data

.PHONY: run test check lint types layers bench soak lock clean help

help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/  /'

run: $(RUN_READY) ## Install if needed, then start the panel, the worker and one example machine
	@$(BIN)/tiengloa --data $(DATA) run

test: $(DEV_READY) ## Install what the tests need, then run them
	@$(BIN)/python -m pytest

check: lint types layers test ## Everything that CI holds

lint: $(DEV_READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(DEV_READY)
	@$(BIN)/mypy

layers: $(DEV_READY)
	@$(BIN)/lint-imports

bench: $(DEV_READY) ## Run the benchmarks and print their tables (installs peers under .venv-peers)
	@$(BIN)/python -m benchmarks

soak: $(DEV_READY) ## Hold random timetables, forged playlists, hostile requests, power cuts and kills to the promises (twenty minutes)
	@$(BIN)/python -m benchmarks.soak
	@$(BIN)/python -m benchmarks.forgeries
	@$(BIN)/python -m benchmarks.hostile
	@$(BIN)/python -m benchmarks.soak_faults

lock: ## Make the hash-locked requirements anew (needs uv)
	uv pip compile -q --generate-hashes --universal --no-header --extra build pyproject.toml -o requirements.txt
	uv pip compile -q --generate-hashes --universal --no-header --extra piper -c requirements.txt pyproject.toml -o requirements-piper.txt
	uv pip compile -q --generate-hashes --universal --no-header --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile -q --generate-hashes --universal --no-header --group machine -c requirements.txt -o requirements-machine.txt

clean: ## Remove the virtual environment (data stay)
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Cần Python 3.11 trở lên (Python 3.11 or newer is needed)."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Không tạo được môi trường Python. Trên Debian/Ubuntu: sudo apt install python3-venv"; exit 1; }

$(RUN_READY): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Đang cài đặt, chỉ lần đầu (Installing, first time only) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_READY): requirements-dev.txt $(RUN_READY)
	@echo "Đang cài công cụ kiểm thử (Installing the test tools) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
