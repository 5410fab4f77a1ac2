# `make help` lists what there is. Each target is one script or one command, the same on a laptop and in CI.
.PHONY: help run demo-rights test lint format types migrate openapi messages bench requirements clean
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start consentd with the demo company's rules
	@scripts/run

demo-rights: ## one access and one erasure over three live tools, on a fresh folder
	@scripts/environment run
	@$(PYTHON) demo/rights.py

test: ## form, types, and all tests on both databases
	@scripts/test

lint: ## form and house style
	@scripts/lint

format: ## bring the code into form
	@scripts/environment test
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

types: ## check types
	@scripts/environment test
	@$(PYTHON) -m mypy

migrate: ## bring the database up to date
	@scripts/environment run
	@$(PYTHON) -m consentd migrate

openapi: ## write openapi/ from the routes
	@scripts/environment run
	@$(PYTHON) -m consentd openapi

messages: ## bring the catalogues up with what the pages say
	@scripts/messages

bench: ## measure checks and recording; needs wrk, takes some minutes
	@scripts/environment test
	@$(PYTHON) bench/check.py
	@$(PYTHON) bench/recording.py

requirements: ## pin the dependencies anew
	@scripts/requirements

clean: ## remove what can be made again; data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
