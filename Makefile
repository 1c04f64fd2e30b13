# Every command that working on Revisit needs. `make` alone lists them.

# Any Python from 3.11 on; `make demo PYTHON=/opt/python3.12/bin/python3` names one.
is_new_enough = import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for it in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$it" -c "$(is_new_enough)" 2>/dev/null && echo "$$it" && break; done)
endif

REVISIT = .venv/bin/revisit
DEMO_DAY = 2017-03-01

.PHONY: help demo test campaign check bench gallery fonts clean python venv-demo venv-dev system-packages

help:
	@echo "make demo     replay one real day of 109 stores, end to end; faces in demo-output/"
	@echo "make test     install what tests need (Debian packages too) and run them"
	@echo "make campaign run the tests of faults at full size; an hour or so"
	@echo "make check    format, lint, types, import rules, translations"
	@echo "make bench    run every benchmark"
	@echo "make fonts    cut the Chinese font to what terminals show; some minutes"
	@echo "make gallery  put every approved picture of screens and faces on one page"
	@echo "make clean    remove everything that can be made again"

demo: venv-demo
	@$(REVISIT) replay --store all --from $(DEMO_DAY) --days 1 --kiosks 3 --handhelds 4 \
		--faces demo-output

test: system-packages venv-dev
	@# --verbosity=0 gives back the usual summary, which pyproject.toml shortens.
	@.venv/bin/python -m pytest -n 2 --verbosity=0

campaign: system-packages venv-dev
	@REVISIT_CAMPAIGN=1 .venv/bin/python -m pytest -n 2 --verbosity=0 -m campaign

check: venv-dev
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/python scripts/check_translations.py
	@.venv/bin/python -m pytest tests/test_tidy.py

bench: system-packages venv-dev
	@for it in benchmarks/bench_*.py; do echo "$$it"; .venv/bin/python "$$it" --json || exit 1; done

fonts: venv-dev
	@PYTHONPATH=. .venv/bin/python scripts/make_fonts.py

gallery: venv-dev
	@.venv/bin/python scripts/make_gallery.py

clean:
	rm -rf .venv build demo-output gallery tests/output *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv-demo venv-dev: venv-%: python
	@"$(PYTHON)" scripts/make_venv.py requirements/$*.lock

system-packages: python
	@scripts/system-packages "$(PYTHON)"

python:
	@"$(or $(PYTHON),python3)" -c "$(is_new_enough)" 2>/dev/null || { \
		echo "Revisit needs Python 3.11 or newer; found $$("$(or $(PYTHON),python3)" --version 2>&1)." >&2; \
		exit 1; }
