# SPDX-License-Identifier: GPL-2.0-or-later
# A thin front: one line per verb. The build itself is CMake (CMakePresets.json).
# On a bare machine: sh tools/bootstrap.
B := build/dev
SOURCES = $(shell git ls-files -co --exclude-standard '*.[ch]' '*.[ch]pp')
LOG := build/configure.log

.PHONY: help configure build static demo test test-vm compat prove format tidy install uninstall clean
help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | sed 's/%/NAME/' | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

configure:
	@mkdir -p build && cmake --preset dev >$(LOG) || { cat $(LOG); exit 1; }

build: configure ## agentd, agentctl, the tests and the proofs, into build/dev
	@cmake --build --preset dev

static: ## agentd and agentctl as single files that need nothing of the machine, into build/static
	@cmake --preset static && cmake --build --preset static

cross-%: ## the same for another architecture: cross-arm64, into build/cross-arm64
	@sh tools/fetch-foreign $* && cmake --preset cross-$* && cmake --build --preset cross-$*

demo: ## an edge node in a network namespace: what Ebb does, on real packets (root)
	@mkdir -p build && test -e $(B)/build.ninja || cmake --preset demo >$(LOG) || { cat $(LOG); exit 1; }
	@cmake --build --preset demo
	@sh tools/as-root tools/demo $(B)

test: build ## every test: unit, bpf, load, net (root)
	@sh tools/as-root ctest --test-dir $(B) --output-on-failure

test-vm: configure ## real kernels under QEMU, 5.10 to the newest, with a real cpufreq driver
	@sh tools/prove vm

compat: ## keeps what doctor found in the last test-vm, and writes the tables of docs/compatibility.md
	@sh tests/vm/compat --write $(B)/vm/vm

prove: ## the list of proofs: claim, oracle, mutation
	@sh tools/prove

prove-%: configure ## one proof: its figures are on the last line (root)
	@sh tools/prove $*

mutate-%: configure ## breaks the code on purpose and shows that the proof notices (root)
	@sh tools/mutate $*

fuzz-%: ## ten minutes (EBB_SECONDS=600) of any input for one of: config, packet, varlink
	@sh tools/fuzz $*

format: ## clang-format over the sources
	@$(firstword $(shell command -v clang-format-19 clang-format)) -i $(SOURCES)

tidy: configure ## clang-tidy over the agent
	@$(firstword $(shell command -v run-clang-tidy-19 run-clang-tidy)) -quiet -p $(B) '/agent/.*\.cpp$$'

install: ## release build into /usr/local; PREFIX= and DESTDIR= as usual (root)
	@cmake --preset release $(if $(PREFIX),-DCMAKE_INSTALL_PREFIX=$(PREFIX)) && cmake --build --preset release
	@sh tools/as-root env DESTDIR=$(DESTDIR) cmake --install build/release --strip

uninstall: ## removes what install wrote, but not the configuration
	@sh tools/as-root sh -c "grep -v ^/etc/ build/release/install_manifest.txt | sed 's|^|$(DESTDIR)|' | xargs -d '\n' rm -fv"

clean: ## removes build/
	@rm -rf build
