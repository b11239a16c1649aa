# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The Python that makes the environment; 3.11 or newer.
PYTHON ?= python3
# Which gates `make test` runs: names or groups, see tests/tools/gates.py; empty for all.
GATES ?=
# Which parts `make bench` measures: limits, mapping, throttled, properties, inventory; empty for all, half an hour.
PARTS ?=

COLLECTION := .build/collections/ansible_collections/alexa/smart_properties
IN_ENV := tests/tools/with_env.sh
IN_LAB := PYTHONPATH=extensions/laboratory:extensions/simulator $(IN_ENV) python -m alexa_laboratory

.DEFAULT_GOAL := help
.PHONY: help setup setup-lab setup-dev demo lab lab-down test release-check lint docs bench picture clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

setup: $(COLLECTION) ## make .build/venv with what the demo needs
	@$(PYTHON) tests/tools/make_venv.py run

setup-lab: $(COLLECTION) ## the same, and what the laboratory needs
	@$(PYTHON) tests/tools/make_venv.py lab

setup-dev: $(COLLECTION) ## the same, and the tools of test, lint and docs
	@$(PYTHON) tests/tools/make_venv.py dev

# Ansible finds a collection by its folders' names; the clone may have any name.
$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

demo: setup ## link two properties with 420 rooms to the simulator
	@$(IN_ENV) python examples/demo/run.py

lab: setup-lab ## start a property with a real PBX on this machine (root), and keep it up
	@$(IN_LAB) up

lab-down: setup-lab ## end what `make lab` started
	@$(IN_LAB) down

test: setup-dev ## run all gates, or some: make test GATES="lint units"
	@$(IN_ENV) python tests/tools/run_gates.py $(GATES)

release-check: setup-dev ## run the tests under each other ansible-core that is supported
	@$(IN_ENV) python tests/tools/run_gates.py versions

lint: setup-dev ## run the gates that only read the sources
	@$(IN_ENV) python tests/tools/run_gates.py lint

docs: setup-dev ## write the reference as HTML to .build/docs
	@$(IN_ENV) tests/tools/build_docs.sh

bench: $(COLLECTION) ## measure what the README states (or some: PARTS="limits properties")
	@$(PYTHON) tests/tools/make_venv.py bench
	@$(IN_ENV) python tests/bench/run.py $(PARTS)

picture: setup-dev ## take the README's picture of the report (chromium-driver)
	@PYTHONPATH=.build/collections:tests/support $(IN_ENV) python tests/tools/draw_report.py docs/images/report.png

clean: ## remove all that the other targets made
	@if [ -e /run/alexa-lab.json ]; then $(MAKE) lab-down; fi
	rm -rf .build .ansible tests/output changelogs/.plugin-cache.yaml
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
