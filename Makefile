# Everything that a person or CI does with this repository. `make` alone lists it.
SHELL := /bin/sh
LAB ?= demo
GATEWAYS ?=
SCENARIO ?= default
FAMILY ?= debian
PROFILE ?= gateway
BIN := .venv/bin
PYTHON := $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help demo setup images lab-up lab-down test lint unit sanity molecule docs bench clean

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: setup ## a small mail world in containers: the gateway is built, takes mail, sends mail, refuses strangers (FAMILY=suse, PROFILE=hub, PROFILE=nullclient)
	@$(PYTHON) -m demo --family $(FAMILY) --profile $(PROFILE)

setup: ## this machine's packages (as root) and .venv with the pinned tools
	@sh lab/setup.sh

images: setup ## build the images of the test hosts where their recipe has changed
	@$(PYTHON) -m lab images

lab-up: setup ## bring a lab up: make lab-up LAB=demo GATEWAYS=debian12,debian13
	@$(PYTHON) -m lab up $(LAB) $(if $(GATEWAYS),--gateways $(GATEWAYS))

lab-down: setup ## remove what that lab started
	@$(PYTHON) -m lab down $(LAB)

test: setup ## everything: lint, unit tests, ansible-test sanity, the Molecule scenarios
	@$(PYTHON) tests/run.py

lint: setup ## ansible-lint, yamllint, ruff, antsibull-changelog
	@$(PYTHON) tests/run.py lint

unit: setup ## unit tests, on the newest Python and on 3.6 where there is one
	@$(PYTHON) tests/run.py unit unit36

sanity: setup ## ansible-test sanity on the collection as installed
	@$(PYTHON) tests/run.py sanity

molecule: setup ## one Molecule scenario: make molecule SCENARIO=unprivileged (MOLECULE_DESTROY=never keeps its lab)
	@$(PYTHON) tests/run.py molecule-$(SCENARIO)

docs: setup ## write docs/variables.md, docs/controls.md and docs/reference/ anew from specifications and tables
	@$(PYTHON) docs/generate.py

bench: setup ## what it costs, as ratios: runs when nothing changes, first run, big maps, a big queue, throughput, the page of a big audit
	@$(PYTHON) -m bench

clean: ## take down this checkout's labs; remove images, .venv, caches and work files
	@if [ -d .work ]; then for lab in $$(ls .work/lab); do python3 -m lab down $$lab; done; python3 -m lab images --remove; fi
	rm -rf .venv .work .ansible .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
