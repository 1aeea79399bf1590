# perconn: one worker per connection, as a thread or as a process.
# `make help` lists the targets. SPDX-License-Identifier: MIT

# ---- yours to set ----
CROSS   =
CC      = $(CROSS)gcc
CFLAGS  = -O2 -g
LDFLAGS =
PREFIX  = /usr/local
DESTDIR =
FUZZ_SECONDS = 60
# SAN=address|thread            a sanitizer build, under build/SAN/; address
#                               looks for undefined behaviour as well
# CROSS=aarch64-linux-gnu-      for another machine, under build/aarch64-linux-gnu/
# DEV=1                         warnings are errors
# V=1                           show whole commands

# ---- what the project needs, kept apart so that yours win ----
MACHINE  := $(CROSS:-=)
VARIANT  := $(or $(SAN),$(MACHINE),release)
BUILD    := build/$(VARIANT)
# The release programs stand at the top, where the README looks for them.
BIN      := $(if $(filter-out release,$(VARIANT)),$(BUILD)/)
AR       := $(CROSS)ar
# Of this tree's own history, not of one around it; an archive that git made has
# it in its file VERSION.
VERSION  := $(firstword \
    $(if $(wildcard .git),\
        $(shell git describe --tags --always --dirty 2>/dev/null)) \
    $(if $(findstring Format,$(file <VERSION)),,$(file <VERSION)) unknown)

# A C library without that name is musl, say.
ifeq ($(shell echo __GLIBC__ | $(CC) -E -P -include features.h -x c - 2>/dev/null),__GLIBC__)
$(error $(CC): perconn needs glibc, whose calls it takes (_Fork, pwritev2))
endif

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wformat=2 $(if $(DEV),-Werror)
# Of these flags, those that this compiler has for its machine.
known     = $(foreach flag,$1,$(shell $(CC) -Werror $(flag) -fsyntax-only -x c \
                /dev/null 2>/dev/null && echo $(flag)))
HARDEN_C := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $(call known, \
                -fstack-protector-strong -fstack-clash-protection \
                -fcf-protection=full -mbranch-protection=standard)
HARDEN_L := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
ifeq ($(SAN),)
# Static: a forked child copies what its parent has mapped, and a dynamic
# program has twice the mappings (docs/design.md, "Linking").
# All is bound at start (-z now), so calls need no table to jump through.
MODE_C   := $(HARDEN_C) -fPIE -fno-plt
MODE_L   := $(HARDEN_L) -static-pie
# Not the client: it resolves names, which a static program cannot do alone;
# not the full images, whose libraries come as shared ones; and not those that
# show what the linking alone costs.
$(BIN)client $(BIN)%-full $(BIN)%-dynamic: MODE_L = $(HARDEN_L) -pie
else
# Sanitizers refuse static PIE, and FORTIFY hides calls from them. They need
# more stack than the workers have.
SANITIZE := -fsanitize=$(SAN) $(if $(filter address,$(SAN)),-fsanitize=undefined)
MODE_C   := $(SANITIZE) -fno-sanitize-recover=all \
            -fno-omit-frame-pointer -DWORKER_STACK_KIB=1024 \
            $(if $(filter thread,$(SAN)),-Wno-tsan)
MODE_L   := $(SANITIZE)
endif
# Where the other machine's libraries are, once `make deps-cross` has been.
ROOT     := $(if $(CROSS),build/root-$(MACHINE))
ROOT_LIB := $(ROOT)/usr/lib/$(MACHINE)
ROOT_C   := $(if $(CROSS),-isystem $(ROOT)/usr/include \
                -isystem $(ROOT)/usr/include/$(MACHINE))
ROOT_L   := $(if $(CROSS),-L$(ROOT_LIB))
# The optional libraries: HAVE_TLS= and HAVE_WS= build without them.
PKG      := $(if $(CROSS),PKG_CONFIG_LIBDIR=$(ROOT_LIB)/pkgconfig) pkg-config
HAVE_TLS := $(shell $(PKG) --atleast-version=3 openssl 2>/dev/null && echo yes)
HAVE_WS  := $(and $(HAVE_TLS),$(wildcard $(ROOT)/usr/include/wslay/wslay.h))
# The client reads and writes JSON by jansson, and is not built without.
HAVE_JSON := $(shell $(PKG) --atleast-version=2.13 jansson 2>/dev/null && echo yes)
JSON_C   := $(if $(HAVE_JSON),$(if $(CROSS),,$(shell pkg-config --cflags jansson)))
JSON_LIB := $(if $(HAVE_JSON),$(if $(CROSS),-ljansson,$(shell pkg-config --libs jansson)))
NO_CLIENT = client not built: jansson is missing (make deps installs it)
ALL_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -I. $(ROOT_C) $(JSON_C) -pthread $(WARNINGS) \
              $(MODE_C) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -pthread $(MODE_L) $(ROOT_L) $(LDFLAGS)
Q := $(if $(V),,@)

# ---- what is built ----
# TLS and WebSocket stand in two folders, a file for each case: the real ones
# in full/, those that say "not here" in plain/; each program links one of them.
# Each image of a server has its name from a file in image/.
JSON     := common/format/json_value.c common/report/comparison_json_reader.c \
            common/report/comparison_json_writer.c common/report/load_json.c \
            common/trace/trace_event_json.c \
            $(wildcard common/lab/*.c common/cli/cmd_lab*.c common/cli/lab_*.c)
COMMON   := $(filter-out common/full/% common/plain/% common/image/% \
                $(if $(HAVE_JSON),,$(JSON)),$(wildcard common/*/*.c)) \
            $(if $(filter coverage,$(VARIANT)),tests/coverage.c)
SERVERS  := server_thread server_fork
PLAINS   := $(addprefix $(BIN),$(SERVERS))
DYNAMICS := $(addsuffix -dynamic,$(PLAINS))
FULLS    := $(if $(HAVE_TLS),$(addsuffix -full,$(PLAINS)))
CLIENT   := $(BIN)client
PROGRAMS := $(PLAINS) $(DYNAMICS) $(FULLS) $(if $(HAVE_JSON),$(CLIENT))
NOT_HERE := $(patsubst %.c,$(BUILD)/%.o,\
                $(filter-out %/tls_make.c,$(wildcard common/plain/*.c)))
HERE     := $(patsubst %,$(BUILD)/common/%.o,\
                $(if $(HAVE_TLS),full,plain)/tls \
                $(if $(HAVE_TLS),full,plain)/tls_client \
                $(if $(HAVE_TLS),full/tls_wire full/tls_files full/tls_tickets \
                full/tls_session) \
                $(if $(HAVE_WS),full,plain)/websocket \
                $(if $(HAVE_WS),full/buffer full/websocket_output)) \
            $(if $(filter thread,$(SAN)),$(BUILD)/tests/tsan.o)
# Of the client alone.
MAKES    := $(BUILD)/common/$(if $(HAVE_TLS),full,plain)/tls_make.o
HERE_LIB := $(if $(HAVE_TLS),-lssl -lcrypto) $(if $(HAVE_WS),-lwslay)
BENCHES  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
# The floors of http, linked as the image that http runs in.
FULL_FLOORS := $(if $(HAVE_TLS),$(addprefix $(BUILD)/tests/bench/,\
                floor_http_thread-full floor_http_fork-full))
# The pair that fits a slide.
FIRST    := $(addprefix $(BUILD)/docs/labs/first/,thread fork)
SELFTEST := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/selftest/*.c))
FUZZ     := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS  := $(addprefix $(BUILD)/tests/fuzz/replay_,$(FUZZ))
FUZZERS  := $(addprefix $(BUILD)/tests/fuzz/fuzz_,$(FUZZ))
UNITS    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
LIBRARY  := $(BUILD)/libcommon.a
OBJECTS  := $(patsubst %.c,$(BUILD)/%.o,$(COMMON))
# What `make deps` looks for: COMMAND-or-FILE=PACKAGE.
NEEDS    := gcc=gcc /usr/include/stdio.h=libc6-dev git=git patch=patch \
            /usr/include/cmocka.h=libcmocka-dev \
            pkg-config=pkg-config /usr/include/openssl/ssl.h=libssl-dev \
            /usr/include/wslay/wslay.h=libwslay-dev \
            /usr/include/jansson.h=libjansson-dev \
            /usr/lib/python3/dist-packages/pytest/__init__.py=python3-pytest \
            /usr/lib/python3/dist-packages/xdist/__init__.py=python3-pytest-xdist \
            /usr/lib/python3/dist-packages/websockets/__init__.py=python3-websockets \
            gnuplot=gnuplot-nox openssl=openssl socat=socat ncat=ncat mandoc=mandoc \
            strace=strace prlimit=util-linux setpriv=util-linux ctags=universal-ctags \
            ps=procps ip=iproute2 unshare=util-linux readelf=binutils curl=curl \
            /usr/lib/python3/dist-packages/prometheus_client/__init__.py=python3-prometheus-client

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all help first results slides coverage deps deps-browser deps-cross deps-lint check-cross compare labs labs-repairs lesson test check check-unit check-e2e bench \
        bench-programs selftest selftest-programs format lint man install uninstall clean FORCE
deps: ## install the packages that are missing (apt-get, as root)
	@missing=; for need in $(NEEDS); do \
	    thing=$${need%%=*}; case $$thing in \
	    /*) [ -e $$thing ] ;; *) command -v $$thing >/dev/null ;; esac || \
	    missing="$$missing $${need#*=}"; done; \
	[ -z "$$missing" ] || { echo "installing:$$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }

deps-browser: ## install Chromium, for the tests of the pages (as root)
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	    echo 'installing: chromium chromium-driver'; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install \
	    -y -qq --no-install-recommends chromium chromium-driver >/dev/null; }

deps-lint: ## install what `make lint` runs (as root)
	@for tool in clang-format clang-tidy cppcheck shellcheck mandoc; do \
	    command -v $$tool >/dev/null || echo $$tool; done | xargs -r sh -c ' \
	    echo "installing: $$*"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install \
	    -y -qq --no-install-recommends "$$@" >/dev/null' -

deps-cross: ## install what a build for arm64 needs, and to run it (as root)
	@command -v aarch64-linux-gnu-gcc >/dev/null && \
	    command -v qemu-aarch64 >/dev/null || { \
	    echo 'installing: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user'; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install \
	    -y -qq --no-install-recommends gcc-aarch64-linux-gnu \
	    libc6-dev-arm64-cross qemu-user >/dev/null; }
	@[ -e build/root-aarch64-linux-gnu/usr/include/jansson.h ] || \
	    tests/cross/libraries build/root-aarch64-linux-gnu aarch64-linux-gnu

# What deps installs decides what is built (HAVE_TLS), and by now make has looked:
# the goals beside it get a make of their own, after it.
DEPS := $(filter deps deps-%,$(MAKECMDGOALS))
REST := $(filter-out $(DEPS),$(MAKECMDGOALS))
ifneq ($(and $(DEPS),$(REST)),)
.NOTPARALLEL:
.PHONY: $(REST)
$(REST): $(DEPS)
	@$(MAKE) --no-print-directory $@
else

# They take the programs at the top of the tree.
ifneq ($(and $(SAN)$(CROSS),$(filter compare install,$(MAKECMDGOALS))),)
$(error $(if $(SAN),SAN=$(SAN),CROSS=$(CROSS)): leave it out, because \
    $(filter compare install,$(MAKECMDGOALS)) takes the release programs)
endif

all: $(PROGRAMS) ## build the two servers and the client
	$(if $(FULLS),,@rm -f $(addsuffix -full,$(PLAINS)))
	$(if $(HAVE_TLS),,@echo 'no OpenSSL 3: built without TLS and WebSocket')
	$(if $(HAVE_TLS),$(if $(HAVE_WS),,@echo 'no wslay: built without WebSocket'))
	$(if $(HAVE_JSON),,@rm -f $(CLIENT); echo '$(NO_CLIENT)')

help: ## list the targets
	@sed -n 's/^\([a-z0-9 -]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'variables: CC CROSS CFLAGS LDFLAGS PREFIX DESTDIR SAN=address|thread DEV=1 V=1 FUZZ_SECONDS SELFTEST_ARGS COMPARE_ARGS'

# The client's exit status 1 may be a verdict that is invalid: here that is a
# result, too, as long as the page is written.
compare: all $(CLIENT) ## compare threads and processes here; a page in build/report (COMPARE_ARGS='--quick churn': options)
	@mkdir -p build && touch build/compare-began
	@echo ./client compare --report build/report $(COMPARE_ARGS); \
	./client compare --report build/report $(COMPARE_ARGS); status=$$?; \
	[ $$status -le 1 ] && [ build/report/index.html -nt build/compare-began ] || exit $$status; \
	echo; echo 'Open build/report/index.html in a browser.'; \
	[ $$status -eq 0 ] || echo 'Not every question has an answer: "->" above says why, and what to do.'

# Of the suite of a course: what cannot be shown on this machine (77) is no
# failure of it.
LABS := $(shell sed -n 's/^LAB(\(.*\))/\1/p' common/lab/lab_list.h 2>/dev/null)
labs: all $(CLIENT) ## run all labs without questions (make lab-NAME: one, with its question); results in build/labs
	@mkdir -p build/labs; shown=0; not=0; cannot=0; \
	printf '%-12s %-18s %s\n' lab outcome seconds; \
	for lab in $(LABS); do \
	    begin=$$(date +%s); status=0; ./client lab $$lab --answer --json build/labs/$$lab.json \
	        --svg build/labs/$$lab.svg >build/labs/$$lab.txt 2>&1 </dev/null || status=$$?; \
	    case $$status in \
	    0) outcome=shown; shown=$$((shown + 1)) ;; \
	    77) outcome='cannot be shown'; cannot=$$((cannot + 1)) ;; \
	    130) exit 130 ;; \
	    *) outcome='NOT AS EXPECTED'; not=$$((not + 1)) ;; esac; \
	    printf '%-12s %-18s %7d\n' $$lab "$$outcome" $$(($$(date +%s) - begin)); \
	    [ $$status -eq 0 ] || tail -n 8 build/labs/$$lab.txt | sed 's/^/    /'; \
	done; \
	echo "$$shown shown, $$not not as expected, $$cannot cannot be shown here"; \
	echo 'Pictures and results: build/labs/NAME.svg, .txt and .json. Slides of them: make slides'; \
	[ $$((not + cannot)) -eq 0 ] || echo 'The lines below each lab that was not shown say why and what to do; all of it is in its .txt. Then again: make lab-NAME'; \
	[ $$not -eq 0 ]

lab-%: all $(CLIENT)
	@./client lab $*

lesson: ## what differs between a thread and a process, in colour
	@diff -u --color=always --label server_thread.c --label server_fork.c \
	    server_thread.c server_fork.c; [ $$? -eq 1 ]

# With the pictures of `make labs`, where it has been. PAPER: a4, letter or 16x9.
slides: ## slides with answers, handouts without, in build/labs (LABS="race lock": of these)
	/usr/bin/python3 docs/labs/slides.py --paper $(or $(PAPER),a4) build/labs $(if $(filter-out file,$(origin LABS)),$(LABS))
	@echo 'Open build/labs/slides.html (for the teacher) or handout.html (for students), or *.zh.html, in a browser;'
	@echo 'print them in landscape, a page each.'

# docs/results.py says what REPORT, DESIGNS and USUAL are: folders of reports.
results: ## write docs/results.md again (REPORT=DIR: with the figures of a new report)
	/usr/bin/python3 docs/results.py $(if $(REPORT),--all $(REPORT)) \
	    $(if $(DESIGNS),--designs $(DESIGNS)) $(if $(USUAL),--usual $(USUAL))

first: $(FIRST) ## build the two small servers of docs/labs/first

# ---- compile and link ----
LINK = $(if $(V),,@echo "LINK $@"; )$(CC) $(ALL_CFLAGS) -o $@ \
       $(filter %.o %.a,$^) $(ALL_LDFLAGS) -lm

IMAGE := $(BUILD)/common/image

$(PLAINS): $(BIN)%: $(BUILD)/%.o $(IMAGE)/plain.o $(NOT_HERE) $(LIBRARY)
	$(LINK)

$(DYNAMICS): $(BIN)%-dynamic: $(BUILD)/%.o $(IMAGE)/dynamic.o $(NOT_HERE) $(LIBRARY)
	$(LINK)

# What was linked with other libraries than are there now is linked again.
$(FULLS) $(CLIENT) $(UNITS) $(FULL_FLOORS): $(BUILD)/libraries
$(BUILD)/libraries: FORCE
	@mkdir -p $(@D); echo '$(HERE_LIB) $(JSON_LIB)' | cmp -s - $@ || \
	    echo '$(HERE_LIB) $(JSON_LIB)' >$@

$(FULLS): $(BIN)%-full: $(BUILD)/%.o $(IMAGE)/full.o $(HERE) $(LIBRARY)
	$(LINK) $(HERE_LIB)

ifeq ($(HAVE_JSON),)
$(CLIENT): FORCE
	@echo '$(NO_CLIENT)' >&2; exit 1
else
$(CLIENT): $(BIN)%: $(BUILD)/%.o $(HERE) $(MAKES) $(LIBRARY)
	$(LINK) $(HERE_LIB) $(JSON_LIB)
endif

# It writes JSON as the client does.
$(BUILD)/tests/bench/made_comparison: MODE_L = $(if $(SAN),$(SANITIZE),$(HARDEN_L) -pie)
$(BUILD)/tests/bench/made_comparison: LDLIBS = $(JSON_LIB)

$(BENCHES) $(SELFTEST): %: %.o $(IMAGE)/plain.o $(NOT_HERE) $(LIBRARY)
	$(LINK) $(LDLIBS)

$(FIRST): %: %.o
	$(LINK)

$(FULL_FLOORS): %-full: %.o $(IMAGE)/plain.o $(NOT_HERE) $(LIBRARY)
	$(LINK) -Wl,--no-as-needed $(HERE_LIB)

# cmocka is a shared library, so the unit tests are dynamic.
$(UNITS): %: %.o $(HERE) $(MAKES) $(LIBRARY)
	$(if $(V),,@echo "LINK $@")
	$(Q)$(CC) -o $@ $(filter %.o %.a,$^) -pthread $(if $(SAN),$(MODE_L)) \
	    $(ROOT_L) $(LDFLAGS) -lcmocka -lm $(HERE_LIB) $(JSON_LIB)

$(REPLAYS): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
    $(BUILD)/tests/fuzz/replay.o $(HERE) $(LIBRARY)
	$(if $(V),,@echo "LINK $@")
	$(Q)$(CC) -o $@ $(filter %.o %.a,$^) -pthread $(if $(SAN),$(MODE_L)) \
	    $(ROOT_L) $(LDFLAGS) -lm $(HERE_LIB) $(JSON_LIB)

# By `make fuzz` alone.
$(FUZZERS): %: %.o $(HERE) $(LIBRARY)
	$(if $(V),,@echo "LINK $@")
	$(Q)$(CC) -fsanitize=fuzzer -o $@ $(filter %.o %.a,$^) $(ALL_LDFLAGS) \
	    -lm $(HERE_LIB) $(JSON_LIB)

$(LIBRARY): $(OBJECTS)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo "CC $<")
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The assembler's includes are not in the .d files.
$(BUILD)/common/service/chat_page.o: common/service/chat.html
$(BUILD)/common/report/report_css.o: common/report/report.css

# The pages of the labs in one file, each after a line of 0x1e and its path.
LAB_PAGES := $(sort $(wildcard docs/labs/*/README.md docs/labs/*/README.zh.md))
$(BUILD)/common/lab/lab_pages.o: ALL_CFLAGS += -DPAGES_FILE='"$(BUILD)/lab_pages"'
$(BUILD)/common/lab/lab_pages.o: $(BUILD)/lab_pages
$(BUILD)/lab_pages: FORCE
	@mkdir -p $(@D); for page in $(LAB_PAGES); do \
	    printf '\036%s\n' $$page; cat $$page; done >$@.new; \
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# Only what prints the version is built again when it changes.
$(BUILD)/common/base/version.o: ALL_CFLAGS += -DBUILD_VERSION='"$(VERSION)"'
$(BUILD)/common/base/version.o: $(BUILD)/version
$(BUILD)/version: FORCE
	@mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

# The plain image has to know what it would not get from the full one.
$(BUILD)/common/server/image.o: ALL_CFLAGS += -DFULL_LACKS='"$(if $(HAVE_TLS),$(if $(HAVE_WS),,wslay),OpenSSL 3)"'
$(BUILD)/common/server/image.o: $(BUILD)/libraries

-include $(shell find build -path build/labs -prune -o -name '*.d' -print 2>/dev/null)

# ---- tests ----
test check: check-unit check-e2e ## run all tests

check-unit: $(CLIENT) run-replays ## run the unit tests and what the fuzzers keep
	@if [ -e /usr/include/cmocka.h ]; then \
	    $(MAKE) --no-print-directory run-units; else \
	    echo 'unit tests skipped: no cmocka (make deps installs it)'; fi

.PHONY: run-units run-replays fuzz fuzz-programs
run-replays: $(REPLAYS)
	@for t in $(FUZZ); do $(BUILD)/tests/fuzz/replay_$$t \
	    tests/fuzz/corpus/$$t || exit 1; done

run-units: $(UNITS)
	@for t in $(UNITS); do $$t >$$t.log 2>&1 || { cat $$t.log; \
	    $(if $(filter coverage,$(VARIANT)),continue,exit 1); }; \
	    sed -n 's/^\[  PASSED  \]/UNIT/p' $$t.log | \
	    sed "s|$$| of $${t##*/}|"; done

PYTEST = PERCONN_BIN=$(abspath $(or $(BIN),.)) \
    PERCONN_BENCH=$(abspath $(BUILD)/tests/bench) \
    /usr/bin/python3 -m pytest -q tests/e2e

# Four tests at once on two CPUs delay each other, and a test that fails is not
# always a server that does: it gets a second try, in public. A fault fails twice.
check-e2e: $(CLIENT) all bench-programs selftest-programs first ## drive the real programs
	@$(PYTEST) -n 4 --cache-clear $(PYTEST_ARGS) || \
	    { [ $$? -eq 1 ] && echo 'What failed beside other tests runs once more, alone.' && \
	    $(PYTEST) -v --last-failed --last-failed-no-failures none && \
	    echo 'Each passed alone: a busy machine, or a race. Please report it.'; }

# The suite takes one right and one wrong repair of each lab.
labs-repairs: $(CLIENT) all ## check all repairs of the labs, right and wrong ones (minutes)
	PERCONN_REPAIRS=all PERCONN_BIN=$(abspath $(or $(BIN),.)) \
	PERCONN_BENCH=$(abspath $(BUILD)/tests/bench) \
	/usr/bin/python3 -m pytest -q -n 4 tests/e2e/test_lab_check.py $(PYTEST_ARGS)

# A test may fail because a program that counts is slow or writes files: it counts.
coverage: ## which lines no test reaches (PYTEST_ARGS="-k test_stop": a part)
	$(Q)mkdir -p build/coverage && find build/coverage -name '*.gcda' -delete
	-$(Q)GCOV_ERROR_FILE=/dev/null $(MAKE) --no-print-directory -k DEV= VARIANT=coverage \
	    CFLAGS='-Og -g --coverage -fprofile-update=atomic' \
	    LDFLAGS='--coverage -Wl,--wrap=_exit -Wl,-u,__wrap__exit' test
	/usr/bin/python3 tests/coverage.py build/coverage

check-cross: ## build for CROSS (arm64), run units and a smoke test in an emulator
ifeq ($(CROSS),)
	$(Q)$(MAKE) --no-print-directory CROSS=aarch64-linux-gnu- check-cross
else
check-cross: $(CLIENT) all $(UNITS)
	$(Q)tests/cross/check $(BUILD) $(ROOT) $(MACHINE) $(UNITS)
endif

bench-programs: $(BENCHES) $(FULL_FLOORS)

bench: $(CLIENT) all bench-programs ## measure against plain floors (minutes)
	/usr/bin/python3 tests/bench/bench.py $(BENCH_ARGS)

# SELFTEST_ARGS='equal slower' runs real comparisons as well, or one kind of them:
# see tests/selftest/real.py. They take a quarter of an hour, on a quiet machine.
# With two engine threads in the client, whatever the machine has:
# SELFTEST_ARGS='equal --client-cpus 1,1'.
selftest: all selftest-programs ## how often verdicts are wrong (SELFTEST_ARGS='equal slower': real ones)
	$(BUILD)/tests/selftest/simulate
	$(if $(SELFTEST_ARGS),/usr/bin/python3 tests/selftest/real.py $(SELFTEST_ARGS))

selftest-programs: $(SELFTEST)

# What it finds of interest stays under build/fuzz/found/; an input that failed
# belongs into tests/fuzz/corpus/, with its fix.
fuzz: ## fuzz each parser for FUZZ_SECONDS (needs clang)
	$(Q)$(MAKE) --no-print-directory CC=clang VARIANT=fuzz \
	    SAN=fuzzer-no-link,address,undefined fuzz-programs
	$(Q)for t in $(FUZZ); do found=build/fuzz/found/$$t; \
	    mkdir -p $$found && build/fuzz/tests/fuzz/fuzz_$$t -max_len=40000 \
	    -timeout=10 -max_total_time=$(FUZZ_SECONDS) \
	    -artifact_prefix=build/fuzz/$$t- -print_final_stats=1 \
	    $$found tests/fuzz/corpus/$$t || exit 1; done

fuzz-programs: $(FUZZERS)

# ---- care ----
SOURCES := $(shell git ls-files '*.[ch]' 2>/dev/null)

format: ## clang-format all sources
	clang-format -i $(SOURCES)

# clang-tidy and editors take the flags from compile_flags.txt. One file for each
# clang-tidy: in a second one, version 14 no longer recognizes va_start().
lint: ## format check, static analysis, shell and manual pages
	@case $$(clang-format --version) in \
	*' version 14.'*) echo 'clang-format --dry-run' && \
	    clang-format --dry-run -Werror $(SOURCES) ;; \
	*) echo 'format not looked at: it is that of clang-format 14 (Debian 12)' ;; esac
	cppcheck --quiet --enable=warning,portability --inline-suppr \
	    --suppress=normalCheckLevelMaxBranches -j $$(nproc) \
	    --error-exitcode=1 -I. -D_GNU_SOURCE server_thread.c server_fork.c client.c common
	@case $$(clang-tidy --version) in \
	*' version 14.'*) echo 'clang-tidy (a minute)' && \
	    printf '%s\n' $(filter %.c,$(SOURCES)) | xargs -P $$(nproc) -n 1 sh -c \
	    'found=$$(clang-tidy --quiet "$$1" 2>&1) || { echo "$$found"; exit 1; }' - ;; \
	*) echo 'clang-tidy not run: its findings are those of version 14 (Debian 12)' ;; esac
	shellcheck .ci/run tests/cross/* docs/labs/workshop
	mandoc -T lint -W warning docs/man/*.1

man: ## read the manual pages
	man -l docs/man/perconn-server.1 docs/man/perconn-client.1

# ---- install, under names that no other package's client has ----
install: all ## install under $(DESTDIR)$(PREFIX)
	$(if $(HAVE_JSON),,@echo '$(NO_CLIENT)' >&2; exit 1)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 server_thread $(DESTDIR)$(PREFIX)/bin/perconn-server-thread
	install -m 755 server_fork $(DESTDIR)$(PREFIX)/bin/perconn-server-fork
	install -m 755 client $(DESTDIR)$(PREFIX)/bin/perconn-client
	for image in thread-dynamic fork-dynamic thread-full fork-full; do \
	    [ ! -e server_$$image ] || install -D -m 755 server_$$image \
	    $(DESTDIR)$(PREFIX)/libexec/perconn/perconn-server-$$image \
	    || exit 1; done
	install -D -m 644 docs/measuring.md \
	    $(DESTDIR)$(PREFIX)/share/doc/perconn/measuring.md
	install -m 644 docs/man/perconn-client.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/man/perconn-server.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man1/perconn-server-thread.1
	for name in perconn-server perconn-server-fork; do \
	    ln -sf perconn-server-thread.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man1/$$name.1; done

uninstall: ## remove what install put there
	cd $(DESTDIR)$(PREFIX) && rm -f bin/perconn-server-thread \
	    bin/perconn-server-fork bin/perconn-client \
	    share/man/man1/perconn-client.1 share/man/man1/perconn-server.1 \
	    share/man/man1/perconn-server-thread.1 \
	    share/man/man1/perconn-server-fork.1 \
	    libexec/perconn/perconn-server-thread-dynamic \
	    libexec/perconn/perconn-server-fork-dynamic \
	    libexec/perconn/perconn-server-thread-full \
	    libexec/perconn/perconn-server-fork-full \
	    share/doc/perconn/measuring.md
	@# Of our own, unless somebody else keeps something there.
	cd $(DESTDIR)$(PREFIX) && for dir in libexec/perconn share/doc/perconn; do \
	    [ ! -d $$dir ] || rmdir --ignore-fail-on-non-empty $$dir || exit 1; done

clean: ## remove what was built
	rm -rf build $(SERVERS) $(addsuffix -dynamic,$(SERVERS)) \
	    $(addsuffix -full,$(SERVERS)) client

endif # goals beside deps
