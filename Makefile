PYTHON ?= python

.PHONY: check format lint types test docs

check: format lint types test docs  ## what CI runs on every change

format:
	$(PYTHON) -m ruff format --check .

lint:
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest

docs:
	$(PYTHON) tests/docs --check
