# SPDX-License-Identifier: GPL-2.0-only
# Targets for people; Meson (the program) and kernel/build.sh (the guest kernel) do the work.
#
#   make          build/vitrine and its kernel         make run      install, build, show it working
#   make test     everything, from bare                make check    format and static checks
#   make bench    figures against native and others    make soak     an hour of stress
#   make install  [DESTDIR=] [PREFIX=/usr/local]       make deb      a Debian package

PREFIX ?= /usr/local
BUILD := build

.PHONY: all setup program kernel run test unit check bench soak install deb clean format

all: program kernel

setup:
	@scripts/setup

$(BUILD)/build.ninja: | setup
	@mkdir -p $(BUILD)
	@meson setup -Dtests=false --prefix $(PREFIX) $(BUILD) >$(BUILD)/setup.log || \
		{ cat $(BUILD)/setup.log; exit 1; }

program: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD) vitrine

kernel: setup
	@kernel/build.sh $(BUILD)/kernel/vmlinux

run: all
	@scripts/demo

# Host-side tests under AddressSanitizer and UndefinedBehaviorSanitizer
unit: setup
	@scripts/unit

test: all unit
	@tests/run

check: setup
	@scripts/check

format:
	@scripts/sources | xargs clang-format -i

bench: all
	@bench/run

soak: all
	@tests/soak

install: all
	@meson configure $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD) --quiet vitrine
	@meson install -C $(BUILD) --no-rebuild --quiet
	@install -D -m 644 $(BUILD)/kernel/vmlinux $(DESTDIR)$(PREFIX)/lib/vitrine/vmlinux
	@echo "vitrine is in $(DESTDIR)$(PREFIX)/bin"

deb: setup
	@scripts/deb

clean:
	rm -rf $(BUILD)
