PYTHON ?= python
TIMES ?= 10

.PHONY: check format lint types test docs explore

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

explore:  ## property tests with examples that nobody has tried: `make explore TIMES=50`
	for time in $$(seq $(TIMES)); do HYPOTHESIS_PROFILE=explore $(PYTHON) -m pytest -m hypothesis || exit 1; done
