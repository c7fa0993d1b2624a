# SPDX-License-Identifier: BSD-2-Clause
# Everything that is not a file: tests, checks, measurements, installation.
#
# Each flavour (strict, asan, clang, cover, fuzz) is the same Makefile with
# another BUILD below build/, so that no flavour rebuilds another's objects.

JOBS ?= $(shell nproc)
FUZZ_TIME ?= 60
VERIFIER_COVER ?= 95 # per cent of its branches
# As many jobs as cores, unless whoever called make said how many.
SELF = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
SETUP := sh tests/support/setup.sh
RUN = JOBS=$(JOBS) sh tests/run.sh

strict = $(SELF) BUILD=$(BUILD)/strict WERROR=1
asan   = $(SELF) BUILD=$(BUILD)/asan SAN=address,undefined OPT='-O1 -g'
clang  = $(SELF) BUILD=$(BUILD)/clang CC=clang WERROR=1
cover  = $(SELF) BUILD=$(BUILD)/cover COVER=1
fuzz   = $(SELF) BUILD=$(BUILD)/fuzz CC=clang LIBFUZZER=1 OPT='-O1 -g' \
	SAN=fuzzer-no-link,address,undefined
afl    = $(SELF) BUILD=$(BUILD)/afl CC=afl-clang-fast LIBFUZZER=1

FUZZ_BIN  := $(addprefix $(BUILD)/,$(FUZZERS))
DIFF_BIN  := $(addprefix $(BUILD)/,$(DIFFS))
BENCH_BIN := $(addprefix $(BUILD)/,$(BENCHES))
EXAMPLE_BIN := $(addprefix $(BUILD)/,$(EXAMPLES))

# The examples see what an embedder sees: the library and its headers.
$(EXAMPLE_BIN): $(BUILD)/%: examples/%.c $(BUILD)/libexopf.a
	$(call Q,CC)$(CC) -std=c11 $(OPT) $(SANFLAGS) $(COVFLAGS) $(WARN) -Iinclude \
	    -o $@ $< $(BUILD)/libexopf.a

# What judges the verifier, the compiler, and the canonical parser, is files of
# its own.
$(BUILD)/fuzz_verify $(BUILD)/unit: $(call obj,$(ORACLE_SRC))
$(BUILD)/fuzz_jit: $(call obj,$(TWIN_SRC))
$(BUILD)/fuzz_space: $(call obj,tests/support/view.c)
$(BUILD)/fuzz_accept: $(call obj,$(ACCGEN_SRC))
$(BUILD)/fuzz_inhabit: $(call obj,tests/support/spacegen.c)
$(BUILD)/fuzz_bare_call $(BUILD)/diff_steps: $(call obj,$(ENTRY_SRC) exo/bare/elf.c \
    exo/bare/frames.c exo/bare/pct.c \
    $(addprefix tests/support/,bare.c bare_disk.c bare_entry.c ram.c walk.c))
$(BUILD)/fuzz_bare_call: $(call obj,tests/support/bare_model.c)
$(BUILD)/fuzz_capture: $(call obj,exo/bare/capture.c)
$(BUILD)/fuzz_conf: $(call obj,$(CONF_SRC))
$(BUILD)/fuzz_cpio $(BUILD)/fuzz_elf64: $(DEVICE)
$(BUILD)/fuzz_vblk: $(DEVICE) $(call obj,$(addprefix tests/support/,vblk_dev.c \
    vbus.c vq_dev.c))
$(BUILD)/fuzz_vnet: $(DEVICE) $(call obj,$(addprefix tests/support/,vbus.c \
    vnet_dev.c vq_dev.c))
$(BUILD)/fuzz_vq: $(DEVICE) $(call obj,$(addprefix tests/support/vq_,dev.c hostile.c))
$(BUILD)/diff_space: $(call obj,tests/support/view.c $(TSHARK_SRC))
$(BUILD)/fuzz_region: $(call obj,tests/support/tinyspace.c)
$(BUILD)/diff_demux: $(call obj,$(DEMUX_SRC) tests/support/accgen.c \
    tests/support/spacegen.c)
$(BUILD)/diff_map: $(call obj,tests/support/spacegen.c)
$(BUILD)/diff_phys $(BUILD)/fuzz_phys: $(call obj,$(PHYS_SRC))
$(BUILD)/map_threads: $(call obj,$(STORY_SRC))
$(BUILD)/bench_verify: $(call obj,$(BENCH_VERIFY_SRC))
$(BUILD)/diff_objects: $(call obj,$(OBJECTS_SRC)) $(PARTS) $(PLAT)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TOOL_LIBS)

# The yardsticks of bench_jit, by both compilers whatever $(CC) is, and without
# the product's hardening; BPF is clang's. Functions begin on a cache line, as
# compiled code begins on a page.
YARD_OUT   := $(BUILD)/obj/tests/bench
YARD_OBJ   := $(foreach c,gcc clang,$(YARD_OUT)/jit_yard-$(c).o \
	$(YARD_OUT)/jit_progs-$(c).o)
YARD_FLAGS := -std=c11 -O2 -falign-functions=64 -g -fPIE -I. -MMD -MP \
	-Wall -Wextra -Werror
YARD_PROGS := checksum lookup empty
$(filter $(YARD_OUT)/jit_yard-%,$(YARD_OBJ)): $(YARD_OUT)/jit_yard-%.o: \
    tests/bench/jit_yard.c
	@mkdir -p $(@D)
	$(call Q,CC)$* $(YARD_FLAGS) -DYARD=yard_$* -c -o $@ $<
$(filter $(YARD_OUT)/jit_progs-%,$(YARD_OBJ)): \
    $(YARD_OUT)/jit_progs-%.o: tests/bench/jit_progs.c
	@mkdir -p $(@D)
	$(call Q,CC)$* $(YARD_FLAGS) -DYARD=yard_progs_$* -c -o $@ $<
$(YARD_OUT)/jit_progs.inc: tests/bench/jit_progs.c
	@mkdir -p $(@D)
	$(call Q,BPF)clang -target bpf -mcpu=v3 -O2 -ffreestanding -Wall -Wextra \
	    -Werror -c -o $(@:.inc=.bpf) $< && \
	for name in $(YARD_PROGS); do \
	    objcopy -I elf64-little -O binary -j xdp.$$name $(@:.inc=.bpf) \
	        $(@:.inc=.bin) && \
	    echo "static const uint8_t bpf_$$name[] = {" && \
	    od -An -v -t u1 $(@:.inc=.bin) | sed 's/[0-9][0-9]*/&,/g' && \
	    echo '};' || exit 1; done >$@.new && mv $@.new $@
$(YARD_OUT)/jit_rows.o: $(YARD_OUT)/jit_progs.inc
$(YARD_OUT)/jit_rows.o: UNIT_FLAGS := -I$(YARD_OUT)
$(BUILD)/bench_jit: $(call obj,$(BENCH_JIT_SRC)) $(YARD_OBJ)

# DPDK's side is there when libdpdk-dev is.
DPDK_SO := $(if $(shell pkg-config --exists libdpdk 2>/dev/null && echo yes),\
	$(BUILD)/bench_jit_dpdk.so)
$(BUILD)/bench_jit_dpdk.so: tests/bench/jit_dpdk_so.c tests/bench/jit_dpdk_so.h
	@mkdir -p $(@D)
	$(call Q,LD)gcc -std=c11 -D_GNU_SOURCE -O2 -fPIC -shared -fvisibility=hidden \
	    -I. $(shell pkg-config --cflags libdpdk) -Wall -Wextra -o $@ $< \
	    -Wl,-Bsymbolic -Wl,--exclude-libs,ALL -l:librte_bpf.a -lrte_mbuf \
	    -lrte_eal -lrte_ethdev

$(BUILD)/bench_demux: $(call obj,$(BENCH_DEMUX_SRC))
DEMUX_SO := $(DPDK_SO:%jit_dpdk.so=%demux_dpdk.so)
$(BUILD)/bench_demux_dpdk.so: tests/bench/demux_dpdk_so.c \
    tests/bench/demux_dpdk_so.h tests/bench/demux_parts.h
	@mkdir -p $(@D)
	$(call Q,LD)gcc -std=gnu11 -D_GNU_SOURCE -O2 -fPIC -shared \
	    -fvisibility=hidden -I. $(shell pkg-config --cflags libdpdk) -Wall \
	    -o $@ $< -lrte_acl -lrte_hash -lrte_eal

# bench_maps: samples and single operations, for this machine by gcc, and the
# latter for BPF. Of an object for this machine one name stays.
MAPS_SAMPLES := $(sort $(wildcard filters/samples/*.bpf.c))
MAPS_OBJ   := $(patsubst filters/samples/%.bpf.c,$(YARD_OUT)/maps/%.o, \
	$(MAPS_SAMPLES)) $(YARD_OUT)/maps/micro.o
MAPS_FLAGS := -std=gnu11 -O2 -falign-functions=64 -g -fPIE -fno-strict-aliasing \
	-Itests/bench/native -I. -MMD -MP -Wall -Wno-unused-parameter -Werror
MAPS_CC     = gcc $(MAPS_FLAGS) -DSOURCE='"$<"' -DOBJECT=$* -c -o $@ \
	tests/bench/maps_native.c && \
	objcopy --keep-global-symbol=mn_$* $@
$(YARD_OUT)/maps/micro.o: $(YARD_OUT)/maps/%.o: tests/bench/maps_%.bpf.c \
    tests/bench/maps_native.c
	@mkdir -p $(@D)
	$(call Q,CC)$(MAPS_CC:-c=-DMICRO -c)
$(filter-out %/micro.o,$(MAPS_OBJ)): $(YARD_OUT)/maps/%.o: \
    filters/samples/%.bpf.c tests/bench/maps_native.c
	@mkdir -p $(@D)
	$(call Q,CC)$(MAPS_CC)
$(YARD_OUT)/maps_micro.bytes: tests/bench/maps_micro.bpf.c \
    tests/bench/maps_micro.inc
	@mkdir -p $(@D)
	$(call Q,BPF)clang -target bpf -mcpu=v3 -O2 -g -I. \
	    -I/usr/include/$(shell gcc -print-multiarch) -Wall -Werror \
	    -c -o $(@:.bytes=.bpf.o) $< && \
	od -An -v -t u1 $(@:.bytes=.bpf.o) | sed 's/[0-9][0-9]*/&,/g' >$@.new && \
	mv $@.new $@
$(YARD_OUT)/maps_rows.o: $(YARD_OUT)/maps_micro.bytes
$(YARD_OUT)/maps_rows.o: UNIT_FLAGS := -I$(YARD_OUT)
$(BUILD)/bench_maps: $(call obj,$(BENCH_MAPS_SRC)) $(MAPS_OBJ)

# What tests/bare boots: the kernel, and programs for it.
BOOTED := $(BUILD)/exopf $(BUILD)/exopf.elf $(RING3) $(BUILD)/records_hosted \
	$(BUILD)/diff_steps

# What tests/guest/run.sh needs: the guest's only process, and its programs.
GUEST_BIN := $(BUILD)/guest_init $(BUILD)/guest_progs
$(BUILD)/guest_init: $(call obj,tests/guest/init.c tests/guest/funcs.c)
	$(call Q,LD)$(CC) -static -o $@ $^
$(BUILD)/guest_progs: $(call obj,tests/guest/guest_progs.c tests/guest/fit.c \
    tests/support/case.c \
    $(filter tests/support/progen%,$(ORACLE_SRC))) $(PARTS) $(PLAT)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TOOL_LIBS)

.PHONY: programs fuzzers every booted build-strict build-asan build-clang
programs: $(BUILD)/exopf $(BUILD)/mktrace $(BUILD)/unit $(FUZZ_BIN) $(DIFF_BIN) \
    $(BUILD)/diff_objects
fuzzers: $(FUZZ_BIN)
every: all programs $(BENCH_BIN) $(EXAMPLE_BIN) $(GUEST_BIN) $(BUILD)/core-bare.o \
    $(BUILD)/core-host.o $(BOOTED)
booted: $(BOOTED)
build-strict:
	+@$(strict) every
build-asan:
	+@$(asan) programs
build-clang:
	+@$(clang) every

.PHONY: run test check check-asan check-oom check-diff check-all check-fresh
run: ## set up this machine, build, replay the bundled captures
	@$(SETUP) build
	+@$(SELF) all
	@EXOPF=$(BUILD)/exopf sh pcaps/demo.sh

test: ## set up this machine, build, run every test
	@$(SETUP) test
	@$(SETUP) objects || echo 'test: programs of others may be missing'
	@$(SETUP) bare || echo 'test: the kernel may not be booted'
	@$(SETUP) bochs || echo 'test: the kernel may not be booted in Bochs'
	+@$(SELF) all build-strict build-asan build-clang || \
	    { echo '0 passed, 1 failed'; exit 1; }
	@$(RUN) -b $(BUILD)/strict unit@$(BUILD)/asan fuzz@$(BUILD)/asan diff \
	    flow unit fuzz proofs unit@$(BUILD)/clang fuzz@$(BUILD)/clang boot lint

check: build-strict ## before each commit: strict build, unit, lints (< 1 min)
	@$(RUN) -q -b $(BUILD)/strict diff unit fuzz lint

check-asan: build-asan ## unit, fuzz corpora, diff under ASan and UBSan
	@$(RUN) -q -b $(BUILD)/asan diff unit fuzz

check-oom: build-asan ## every allocation fails in turn
	@$(RUN) -b $(BUILD)/asan oom

.PHONY: check-tsan
check-tsan: ## the library in several threads, under ThreadSanitizer
	+@$(SELF) BUILD=$(BUILD)/tsan SAN=thread OPT='-O1 -g' \
	    $(BUILD)/tsan/lib_threads $(BUILD)/tsan/map_threads
	@$(BUILD)/tsan/lib_threads 300
	@$(BUILD)/tsan/map_threads $(or $(OPS),1000000)

check-diff: build-strict ## our verdicts against libpcap's, every packet
	@$(RUN) -v -b $(BUILD)/strict diff

# What a machine is booted with.
BOOT := $(BUILD)/exopf $(BUILD)/exopf.elf $(RING3)
.PHONY: boot boot-gdb
boot: $(BOOT) ## the kernel in QEMU, with two libOSes; Ctrl-C ends it
	@$(BUILD)/exopf boot

boot-gdb: $(BOOT) ## the same, and it waits for gdb
	@echo "attach from another terminal:"
	@echo "  gdb -ex 'target remote :1234' $(BUILD)/exopf.elf"
	@$(BUILD)/exopf boot --gdb

.PHONY: demo-exokernel
demo-exokernel: ## two libOSes, and what happens to each: docs/exokernel.md
	@$(SETUP) build bare || echo 'demo-exokernel: something may be missing'
	+@$(SELF) booted
	@BUILD=$(BUILD) sh libos-net/demo/run.sh

.PHONY: accounting
accounting: ## lines, bytes of the image, and the kernel's memory for its environments
	@$(SETUP) build bare || echo 'accounting: something may be missing'
	+@$(SELF) booted
	@BUILD=$(BUILD) sh docs/accounting.sh

.PHONY: check-bare
check-bare: ## the kernel on bare machines, in QEMU
	@$(SETUP) build bare || echo 'check-bare: something may be missing'
	@$(SETUP) bochs || echo 'check-bare: Bochs may be missing'
	+@$(strict) booted
	@$(RUN) -v -b $(BUILD)/strict bare

.PHONY: check-demux
check-demux: all $(BUILD)/diff_demux ## what is delivered against a model: 50 M decisions
	@$(BUILD)/diff_demux $(if $(SEED),-s $(SEED))

.PHONY: check-vectors vectors-linux
check-vectors: all ## our verdicts on the program vectors of EXOPF_VECTORS
	@BUILD=$(BUILD) sh tests/vectors/check.sh || [ $$? = 77 ]

vectors-linux: all ## the same on vectors made from Debian's linux-source-6.1
	@$(SETUP) test
	@BUILD=$(BUILD) sh tests/vectors/linux.sh $(BUILD)

.PHONY: check-linux
check-linux: ## our verdicts against Linux's verifier's, in a QEMU guest
	@$(SETUP) build linux
	+@$(SELF) all $(GUEST_BIN)
	@sh tests/guest/run.sh $(BUILD)

.PHONY: check-objects
check-objects: ## programs that others wrote: ours and Linux's verdicts, results
	@$(SETUP) build objects || echo 'check-objects: some may be missing'
	+@$(SELF) all $(BUILD)/diff_objects
	@BUILD=$(BUILD) sh tests/diff/objects.sh
	@echo 'a row for each: $(BUILD)/objects/rows.csv'

.PHONY: proofs
proofs: ## the arithmetic of the verifier, proven by z3; it goes on where it stopped
	@$(SETUP) proofs
	@python3 tests/proofs/prove.py -b $(BUILD)/proofs -j $(JOBS)

check-all: test fuzz tidy ## what a merge must pass

check-fresh: ## both commands in a new Debian root
	@TEST_TIMEOUT=5400 $(RUN) -v -b $(BUILD)/strict fresh

.PHONY: mutants mutants-jit mutants-accept
HOW ?= all
mutants: ## single faults in the verifier, each caught; HOW=fuzz, ONE=name
	@nice -n 5 sh tests/mutants/run.sh $(BUILD) $(HOW) $(ONE)

mutants-jit: ## the same in the compiler
	@nice -n 5 sh tests/mutants/run.sh -j $(BUILD) $(HOW) $(ONE)

mutants-accept: ## the same in accept conditions
	@nice -n 5 sh tests/mutants/run.sh -a $(BUILD) $(HOW) $(ONE)

.PHONY: fuzz fuzz-verify fuzz-jit lint tidy cover cover-verifier bench bench-verify fmt
.PHONY: bench-jit bench-jit-bin bench-demux
.PHONY: fuzz fuzz-verify fuzz-jit lint tidy cover cover-verifier bench bench-verify bench-many fmt
.PHONY: bench-jit bench-jit-bin
bench-jit-bin: $(BUILD)/bench_jit $(DPDK_SO)
fuzz: ## FUZZ_TIME seconds of libFuzzer for each fuzzer
	+@$(fuzz) fuzzers
	@FUZZ_TIME=$(FUZZ_TIME) JOBS=$(JOBS) sh tests/fuzz/run.sh $(BUILD)/fuzz \
	    $(FUZZERS)

# AFL++ links its own driver, which runs many inputs in one process.
fuzz-verify: ## the verifier: libFuzzer, a plain loop, AFL++
	@$(SETUP) test fuzz
	+@$(SELF) $(BUILD)/fuzz_verify
	+@$(fuzz) $(BUILD)/fuzz/fuzz_verify
	+@if command -v afl-clang-fast >/dev/null; then \
	    $(afl) $(BUILD)/afl/fuzz_verify; fi
	@FUZZ_TIME=$(FUZZ_TIME) sh tests/fuzz/programs.sh $(BUILD) fuzz_verify

# One program is compiled six times and run thirty: the pairs are what counts.
fuzz-jit: ## compiled code against the interpreter: libFuzzer, a plain loop
	@$(SETUP) test fuzz
	+@$(SELF) $(BUILD)/fuzz_jit
	+@$(fuzz) $(BUILD)/fuzz/fuzz_jit
	@FUZZ_TIME=$(FUZZ_TIME) sh tests/fuzz/programs.sh $(BUILD) fuzz_jit

lint: build-strict ## layers, symbols, sizes, tables, names, format, scripts
	@$(RUN) -v -b $(BUILD)/strict lint

tidy: ## clang-tidy over the product
	@$(SETUP) test tidy
	@sh tests/support/tidy.sh $(JOBS) -std=c11 -I. -Iinclude -D_GNU_SOURCE \
	    -DEXOPF_VERSION='"$(VERSION)"' -- $(CORE_SRC) $(LIBOS_SRC) \
	    $(FILTERS_SRC) $(LIB_SRC) $(TOOL_SRC)

cover: ## what the tests reach, by module and file
	+@$(cover) programs
	@rm -f $$(find $(BUILD)/cover -name '*.gcda')
	@$(RUN) -q -b $(BUILD)/cover unit fuzz diff flow
	@sh tests/support/cover.sh $(BUILD)/cover verifier $(VERIFIER_COVER)

# Without a fork for each test: every one would write all counters anew.
cover-verifier: ## the same of verifier/ alone, by its own tests (3 min)
	+@$(cover) $(BUILD)/cover/unit $(BUILD)/cover/fuzz_verify
	@rm -f $$(find $(BUILD)/cover -name '*.gcda')
	@CK_FORK=no $(BUILD)/cover/unit $(patsubst tests/unit/%.c,%,\
	    $(sort $(wildcard tests/unit/t_vf_*.c)))
	@$(BUILD)/cover/fuzz_verify -r 500 1 tests/fuzz/corpus/fuzz_verify \
	    tests/cases/verify
	@sh tests/support/cover.sh $(BUILD)/cover verifier $(VERIFIER_COVER)

bench: ## every benchmark: CSV rows, then its summary line
	+@$(SELF) all $(BENCH_BIN) $(DPDK_SO) $(DEMUX_SO)
	@sh tests/support/bench.sh $(BUILD)

bench-verify: all $(BUILD)/bench_verify ## the verifier's speed, against Linux's
	@sh tests/support/bench.sh $(BUILD) bench_verify

bench-many: all $(BUILD)/bench_many $(BUILD)/mktrace ## thousands of filters and outputs
	@sh tests/support/bench.sh $(BUILD) bench_many

bench-jit: ## compiled programs against C, libpcap, DPDK and Linux
	@$(SETUP) build bench || echo 'bench-jit: some columns may be missing'
	+@$(SELF) all bench-jit-bin
	@sh tests/support/bench.sh $(BUILD) bench_jit

bench-demux: ## the index against C, DPDK and Linux, 10 to 1,000,000 flows
	@$(SETUP) build bench || echo 'bench-demux: some columns may be missing'
	+@$(SELF) all $(BUILD)/bench_demux $(DEMUX_SO)
	@sh tests/support/bench.sh $(BUILD) bench_demux
.PHONY: bench-maps
bench-maps: ## maps and samples against C and Linux's JIT
	@$(SETUP) build bench || echo 'bench-maps: some columns may be missing'
	+@$(SELF) all $(BUILD)/bench_maps
	@sh tests/support/bench.sh $(BUILD) bench_maps
.PHONY: bench-boot
bench-boot: ## the booted kernel: a million frames, and how fast it answers
	@$(SETUP) build bare || echo 'bench-boot: something may be missing'
	+@$(SELF) all booted $(BUILD)/mktrace
	@sh tests/support/bench.sh $(BUILD) boot
.PHONY: bench-adversary
bench-adversary: all $(BUILD)/bench_adversary ## what a neighbour can do to a victim
	@sh tests/support/bench.sh $(BUILD) bench_adversary

.PHONY: samples
samples: ## the objects of filters/samples anew, by clang or gcc for BPF
	@$(SETUP) test
	@sh filters/samples/build.sh

fmt: ## clang-format every source in place
	@sh tests/lint/format.sh --fix

.PHONY: install uninstall clean help
DEST = $(DESTDIR)$(PREFIX)
# The kernel and programs for it, where they were built.
install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DEST)/bin $(DEST)/lib/pkgconfig $(DEST)/include/exopf \
	    $(DEST)/share/man/man1 $(DEST)/libexec/exopf
	install -m 755 $(BUILD)/exopf $(DEST)/bin/exopf
	install -m 644 $(BUILD)/libexopf.a $(DEST)/lib/libexopf.a
	install -m 644 $(BUILD)/$(SO) $(DEST)/lib/$(SO)
	ln -sf $(SO) $(DEST)/lib/$(SONAME)
	ln -sf $(SONAME) $(DEST)/lib/libexopf.so
	install -m 644 include/exopf/*.h $(DEST)/include/exopf/
	install -m 644 docs/exopf.1 $(DEST)/share/man/man1/exopf.1
	for file in exopf.elf $(patsubst %,ring3/%.elf,echo batch quick); do \
	    [ ! -e $(BUILD)/$$file ] || install -m 644 $(BUILD)/$$file \
	        $(DEST)/libexec/exopf/ || exit 1; done
	install -m 644 libos-net/demo/demo.conf $(DEST)/libexec/exopf/
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' \
	    'includedir=$${prefix}/include' '' 'Name: exopf' \
	    'Description: verified packet filters in an exokernel core' \
	    'Version: $(VERSION)' 'Cflags: -I$${includedir}' \
	    'Libs: -L$${libdir} -lexopf' 'Libs.private: -pthread' \
	    > $(DEST)/lib/pkgconfig/exopf.pc

uninstall: ## takes away what install put there
	rm -f $(DEST)/bin/exopf $(DEST)/lib/libexopf.a $(DEST)/lib/$(SO) \
	    $(DEST)/lib/$(SONAME) $(DEST)/lib/libexopf.so \
	    $(DEST)/lib/pkgconfig/exopf.pc $(DEST)/share/man/man1/exopf.1
	rm -rf $(DEST)/include/exopf $(DEST)/libexec/exopf

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' \
	    $(MAKEFILE_LIST)
