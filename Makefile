# make demo   set up, then run the sample storyboard through the shipped presets
# make test   set up, then pass all checks and tests
# make check  formatting, lint and types only
# make bench  figures against named alternatives, as ratios
.PHONY: demo test check bench setup
.DEFAULT_GOAL := demo

READY := .venv/.ready

$(READY): pyproject.toml constraints.txt .ci/setup
	@sh .ci/setup
	@touch $(READY)

setup: $(READY)

demo: $(READY)
	@.venv/bin/workbench demo --out workbench-demo

check: $(READY)
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy

test: check
	.venv/bin/python -m pytest -n auto

bench: $(READY)
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; .venv/bin/python $$bench || exit 1; done
