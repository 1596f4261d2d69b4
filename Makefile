# SPDX-License-Identifier: Apache-2.0
# The commands of this repository. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build test sim fuzz bench bench-data lint format tidy coverage clean

ONCE ?=
PATIENTS ?= 20
SEED ?= 1
SEEDS ?= 10000
SECONDS_PER_TARGET := $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),60)

help: ## List these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## Show a consortium of four members at work (ONCE=1 exits at the end)
	@build/release/bin/consilium demo $(if $(ONCE),--once)

build: ## Build the release: build/release/bin/consilium
	@tools/install_dependencies.sh build
	@tools/build.sh release consilium

test: ## Run everything that CI runs
	@tools/test.sh

sim: ## Run SEEDS=n seeds of the simulation
	@tools/install_dependencies.sh test
	@tools/build.sh dev consilium_sim
	@build/dev/bin/consilium_sim --seeds $(SEEDS)

fuzz: ## Run every fuzz target for SECONDS=n
	@tools/install_dependencies.sh test
	@tools/fuzz.sh $(SECONDS_PER_TARGET)

bench: build ## Measure the ledger, the store, the vault, FHIR and verification
	@for part in ledger store vault fhir size verify; do build/release/bin/consilium bench $$part || exit 1; done

bench-data: ## Make Bundles of PATIENTS=n synthetic patients with SEED=s
	@tools/make_bench_data.sh $(PATIENTS) $(SEED)

lint: ## Check layers, hygiene and format
	@tools/install_dependencies.sh test
	@tools/lint.sh

tidy: ## Check names with clang-tidy
	@tools/install_dependencies.sh test
	@tools/build.sh asan all
	@tools/tidy.py build/asan

format: ## Format the sources in place
	@tools/format.sh --fix

coverage: ## Measure what the unit tests cover
	@tools/install_dependencies.sh coverage
	@tools/coverage.sh

clean: ## Remove everything that was built
	rm -rf build
