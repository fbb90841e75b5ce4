# SPDX-License-Identifier: GPL-2.0-only
# Targets for people; Meson (the program) and kernel/build.sh (the guest kernel) do the work.
#
#   make          build/vitrine and its kernel         make run      install, build, show it working
#   make test     everything, from bare                make check    format and static checks
#   make bench    figures against native and others    make soak     an hour of stress
#   make install  [DESTDIR=] [PREFIX=/usr/local]       make deb      a Debian package
#   make browser  the page that vitrine browser serves
#   make DEBUG=1  a program and a kernel for gdb, in build/debug: see docs/debugging.md
#   make OBSERVE=0  the same program, its kernel without the observatory: see docs/observatory.md

PREFIX ?= /usr/local
DEBUG ?= 0
OBSERVE ?= 1
ifeq ($(DEBUG),0)
BUILD := build
else
BUILD := build/debug
MESON_OPTIONS := -Dbuildtype=debug -Doptimization=g -Ddebugger=true
endif
export DEBUG OBSERVE

.PHONY: all setup program kernel browser run test unit debugger check bench soak install deb clean format

all: program kernel

setup:
	@scripts/setup

$(BUILD)/build.ninja: | setup
	@mkdir -p $(BUILD)
	@meson setup -Dtests=false $(MESON_OPTIONS) --prefix $(PREFIX) $(BUILD) >$(BUILD)/setup.log || \
		{ cat $(BUILD)/setup.log; exit 1; }

program: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD) vitrine vitrined

kernel: setup
	@kernel/build.sh $(BUILD)/kernel/vmlinux

# The page that vitrine browser serves, and the kernel and the emulator as it loads them
browser: kernel
	@scripts/setup browser
	@browser/build.sh $(BUILD)/site $(BUILD)/kernel/vmlinux

run: all
	@scripts/demo

# Host-side tests under AddressSanitizer and UndefinedBehaviorSanitizer
unit: setup
	@scripts/unit

# A supervisor that a debugger may look at; tests/guest/observe/gdb.t gives it the ordinary kernel
debugger: setup
	@$(MAKE) --no-print-directory DEBUG=1 program

test: all unit debugger browser
	@tests/run

check: setup
	@scripts/check

format:
	@scripts/sources | xargs clang-format -i

bench: all
	@bench/run

# Mutants first: a security check less must be noticed by an attack. Then a kernel that checks its
# own locks (half an hour, most of it its build), then the emulator beside the
# processor, twenty million cases.
soak: all unit
	@tests/mutants
	@tests/checked
	@build/asan/tests/unit/test_emulate 20000000
	@VITRINE_SOAK=1 tests/run tests/host/import.t $$(grep -rl '^in_every_tier$$' tests)
	@VITRINE_SOAK=1 tests/run tests/service/killed.t tests/guest/killed.t tests/guest/programs/loaded.t
	@tests/soak

install: all
	@meson configure $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD) --quiet vitrine vitrined
	@meson install -C $(BUILD) --no-rebuild --quiet
	@install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/vitrine $(BUILD)/kernel/vmlinux*
	@[ ! -e $(BUILD)/site/index.html ] || \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/vitrine/site $(BUILD)/site/*
	@echo "vitrine is in $(DESTDIR)$(PREFIX)/bin"

deb: setup
	@scripts/deb

clean:
	rm -rf $(BUILD)
