# Every target sets up what it needs by itself; the second call starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help

help:  ## Explain every target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo '  ARGS="..." is handed on, e.g. make evaluate ARGS="--limit 2 --logger false"'

setup: $(STAMP)  ## Create .venv with the exact versions of requirements.lock (about 6 GB)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $$($(PYTHON) --version) was found: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked packages into $(VENV), once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

evaluate: $(STAMP)  ## Run the default benchmark; results and report.html in runs/digits
	@$(BIN)/python evaluate.py $(ARGS)

train: $(STAMP)  ## Train the default model, a VAE on digits
	@$(BIN)/python train.py $(ARGS)

LISTA := checkpoints/runs/lista_family
lista: $(STAMP) $(LISTA)/lista/best.ckpt $(LISTA)/lista_cp/best.ckpt $(LISTA)/lista_cpss/best.ckpt  ## The LISTA family's errors against the layer; trains what is not shipped
	@$(BIN)/python evaluate.py --config configs/evaluate/lista_family.yaml $(ARGS)

$(LISTA)/%/best.ckpt: | $(STAMP)
	@$(BIN)/python train.py --config configs/train/$*.yaml --logger false --out $(LISTA)/$*

MRI := checkpoints/runs/mri
mri: $(STAMP) $(MRI)/unet_fastmri_small/best.ckpt $(MRI)/varnet_fastmri_small/best.ckpt  ## Small trained networks beside classical methods on drawn k-space
	@$(BIN)/python evaluate.py --config configs/evaluate/fastmri_trained.yaml $(ARGS)

$(MRI)/%/best.ckpt: | $(STAMP)
	@$(BIN)/python train.py --config configs/train/$*.yaml --logger false --out $(MRI)/$*

reproductions: $(STAMP)  ## Measure the figures of the literature at small settings; results in docs/reproductions.md
	@$(BIN)/python -m lit_inverse.reproductions $(ARGS)

test: $(STAMP)  ## Run the test suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-slow: $(STAMP)  ## Run the tests marked slow
	@$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(STAMP)  ## Check style (ruff) and types (mypy --strict)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP)  ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(STAMP)  ## Renew requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-annotate --quiet -o requirements.lock

clean:  ## Remove caches and the environment; results in runs and checkpoints/runs stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache *.egg-info build

.PHONY: help setup evaluate train lista mri reproductions test test-slow lint format lock clean
