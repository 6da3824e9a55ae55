# Every verb of the project. `make help` tells what each does.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
PIP_PACKAGES := schemas mesh services/case services/documents services/authorization services/ledger services/notifications cli stack bench
BOOT_PYTHON ?= $(shell command -v python3.13 >/dev/null 2>&1 && python3.13 -c '' >/dev/null 2>&1 && echo python3.13 || echo python3)
UV := .uv/bin/uv
PY := .venv/bin/python
export UV_PYTHON_DOWNLOADS ?= never

.PHONY: help
help: ## show this list
	@echo "The write-off mesh. Verbs:"; \
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(UV):
	@$(BOOT_PYTHON) -m venv .uv || { echo "Python with the venv module is needed: install Python 3.13"; exit 2; }
	@.uv/bin/pip -q install --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements.lock pyproject.toml $(addsuffix /pyproject.toml,$(PIP_PACKAGES)) | $(UV)
	@$(UV) python find -q 3.13 >/dev/null 2>&1 || { echo "Python 3.13 is needed and was not found: install it (pyenv install 3.13, or your system's package)"; exit 2; }
	@test -x $(PY) || $(UV) venv -q --python 3.13 .venv
	@$(UV) pip install -q --python $(PY) --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(PY) --no-deps $(addprefix -e ./,$(PIP_PACKAGES))
	@touch $@

.PHONY: setup lock
setup: .venv/.ready ## bring the tools into this folder (.uv, .venv)

lock: $(UV) ## write requirements.lock anew from the pyproject files
	$(UV) export -q --all-packages --all-groups --no-emit-workspace --format requirements.txt --no-header -o requirements.lock

.PHONY: install
install: $(UV) ## install one service alone: make install SERVICE=case [INTO=.venv-case]
	@test -n "$(SERVICE)" -a -d "services/$(SERVICE)" || { echo "say which: make install SERVICE=case"; exit 2; }
	$(UV) venv -q --python 3.13 $(or $(INTO),.venv-$(SERVICE))
	$(UV) pip install -q --python $(or $(INTO),.venv-$(SERVICE))/bin/python -c requirements.lock ./schemas ./mesh ./services/$(SERVICE)

.PHONY: up down status wipe run demo
up: setup ## start stack and services in the background
	@$(PY) -m stack up

down: setup ## stop them
	@$(PY) -m stack down

status: setup ## how each process is
	@$(PY) -m stack status

wipe: setup ## stop them and remove their data, ports and passwords
	@$(PY) -m stack wipe

run: setup ## start everything, play the demo, keep serving until Ctrl-C (NEW=1: 500 new requests)
	@trap '$(PY) -m stack down' EXIT; trap 'exit 0' INT TERM; \
	$(PY) -m stack up && .venv/bin/writeoff demo $(if $(NEW),--new) && \
	echo "serving; Ctrl-C stops everything" && while $(PY) -m stack status >/dev/null; do sleep 2 & wait $$!; done

demo: setup ## the same without staying
	@trap '$(PY) -m stack down' EXIT; $(PY) -m stack up && .venv/bin/writeoff demo $(if $(NEW),--new)

.PHONY: test check bench schemas
test: setup ## every test, on a stack of its own
	@$(PY) -m pytest $(ARGS)

check: setup ## lint, format, types, import contracts, generated files
	@.venv/bin/ruff check . && .venv/bin/ruff format --check -q . && .venv/bin/basedpyright && \
	.venv/bin/lint-imports && $(PY) schemas/generate.py --check && $(PY) docs/generate.py --check

bench: setup ## measure cases per second, latency and CPU on a stack of its own (CASES=10000; GROWTH=1, FLOOD=1: those)
	@$(PY) -m bench$(if $(GROWTH),.growth)$(if $(FLOOD),.flood) $(if $(CASES),--cases $(CASES)) $(ARGS)

.PHONY: soak
soak: setup ## half speed for a long time, does anything drift (MINUTES=30)
	@$(PY) -m bench.soak $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

.PHONY: faults
faults: setup ## every fault on a stack of its own, an hour and a quarter; writes docs/recovery.md (ONLY='frozen|killed': those)
	@FAULTS='$(or $(ONLY),.)' $(PY) -m pytest tests/faults $(ARGS)

.PHONY: simulate
simulate: setup ## the whole mesh in virtual time and bad weather (SEEDS=1000 FROM=0; MUTANTS=1: without each rule)
	@$(PY) -m tests.simulation $(if $(MUTANTS),--rules) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FROM),--from $(FROM))

schemas: setup ## generate contracts from the .avsc files, check them against the last release
	@$(PY) schemas/generate.py && $(PY) -m contracts.register --check
