# SPDX-License-Identifier: BSD-2-Clause
# The only entry: `make` builds everything into build/, `make run` and
# `make test` set up a fresh machine as well. `make help` lists the rest.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
OPT     ?= -O2 -g
SAN     ?=
WERROR  ?=
V       ?=
COVER   ?=

ifeq ($(origin CC),default)
CC := gcc
endif
# One short line a step; V=1 shows the commands.
Q = $(if $(V),,@echo '  $(1)  $@';)

include exo/core.mk filters/module.mk libos-net/module.mk
include exo/hosted/module.mk exo/bare/module.mk tests/module.mk

# --- flags -----------------------------------------------------------------
IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
CC_INCLUDE := $(shell $(CC) -print-file-name=include 2>/dev/null)
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wcast-qual -Wcast-align -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef -Wvla \
	-Wformat=2 -Wswitch -Wimplicit-fallthrough -Wnull-dereference -Wdate-time
WARN_GCC := -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Wjump-misses-init $(if $(SAN)$(COVER),,-Wstack-usage=2048)
WARN_CLANG := -Wcomma -Wassign-enum -Wconditional-uninitialized \
	-Wshorten-64-to-32 $(if $(SAN)$(COVER),,-Wframe-larger-than=2048)
WARN += $(if $(IS_CLANG),$(WARN_CLANG),$(WARN_GCC)) $(if $(WERROR),-Werror)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer)
COVFLAGS := $(if $(COVER),--coverage -O0)
BASE := -std=c11 $(OPT) $(SANFLAGS) $(COVFLAGS) -I. -MMD -MP $(CFLAGS)

# The same objects make the tool, libexopf.a and libexopf.so: -fPIC.
# The fence: freestanding code sees the compiler's own headers and no libc.
FENCE := -ffreestanding $(if $(IS_CLANG),-nostdlibinc,-nostdinc \
	-isystem $(CC_INCLUDE))
CORE_FLAGS := $(BASE) $(WARN) $(FENCE) -fPIC -fvisibility=hidden \
	-fstack-protector-strong
HOST_FLAGS := $(BASE) $(WARN) -D_GNU_SOURCE -DEXOPF_VERSION='"$(VERSION)"' \
	-Iinclude -fPIC -fvisibility=hidden -fstack-protector-strong \
	$(if $(SAN)$(COVER),,-D_FORTIFY_SOURCE=2)
TEST_FLAGS := $(filter-out -Wpedantic -Wconversion -Wsign-conversion \
	-Wstack-usage=2048 -Wframe-larger-than=2048 \
	-Wshorten-64-to-32,$(HOST_FLAGS)) \
	$(if $(IS_CLANG),-Wno-gnu-variable-sized-type-not-at-end) \
	-DEXOPF_SRCDIR='"$(CURDIR)"'
BARE_FLAGS := -std=c11 -O2 -I. $(WARN) $(FENCE) -mgeneral-regs-only \
	-mno-red-zone -mcmodel=kernel -fno-pic -fno-stack-protector
LDFLAGS_ALL := $(SANFLAGS) $(COVFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
PCAP_LIBS  := -lpcap
BPF_LIBS   := -lbpf
ZIP_LIBS   := -lz -lzstd -llz4 -llzma
JSON_LIBS  := -ljansson
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)
DISASM_LIBS := -lZydis -lZycore
# What the tool links, and so does whatever is linked with its parts.
TOOL_LIBS := $(PCAP_LIBS) $(BPF_LIBS) $(ZIP_LIBS) $(JSON_LIBS) $(DISASM_LIBS)

comma := ,

# --- objects ---------------------------------------------------------------
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE_OBJ    := $(call obj,$(CORE_SRC))
LIBOS_OBJ   := $(call obj,$(LIBOS_SRC))
FILTERS_OBJ := $(call obj,$(FILTERS_SRC))
LIB_OBJ     := $(call obj,$(LIB_SRC))
TOOL_OBJ    := $(call obj,$(TOOL_SRC))
# Everything but main() and the platform: what test programs link.
PARTS := $(CORE_OBJ) $(LIBOS_OBJ) $(FILTERS_OBJ) \
	$(filter-out %/main.o,$(TOOL_OBJ)) $(filter-out %/plat_hosted.o,$(LIB_OBJ))
PLAT      := $(call obj,exo/hosted/plat_hosted.c)
PLAT_TEST := $(call obj,tests/support/plat_test.c)
OOM       := $(call obj,tests/support/oom.c)
SUPPORT   := $(call obj,$(SUPPORT_SRC))
DEVICE    := $(call obj,$(DEVICE_SRC))

# libexopf.so.MAJOR.MINOR.PATCH; programs ask for libexopf.so.MAJOR, the soname.
SONAME := libexopf.so.$(firstword $(subst ., ,$(VERSION)))
SO     := libexopf.so.$(VERSION)

.PHONY: all
all: $(BUILD)/exopf $(BUILD)/libexopf.a $(BUILD)/$(SO) $(BUILD)/mktrace ## the tool, the library

$(BUILD)/exopf: $(CORE_OBJ) $(LIBOS_OBJ) $(FILTERS_OBJ) $(LIB_OBJ) $(TOOL_OBJ)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TOOL_LIBS)

# One relocatable object, so that only the exopf_ functions stay visible.
$(BUILD)/libexopf.a: $(CORE_OBJ) $(LIB_OBJ)
	$(call Q,AR)ld -r -o $(BUILD)/libexopf.o $^ && rm -f $@ && \
	    objcopy --localize-hidden $(BUILD)/libexopf.o && \
	    ar rcsD $@ $(BUILD)/libexopf.o

# Objects of before libexopf.so are not made for it.
$(LIB_OBJ): exo/hosted/module.mk

# It stays once it was loaded: a memfd with code outlives the last program.
$(BUILD)/$(SO): $(CORE_OBJ) $(LIB_OBJ) $(LIB_MAP)
	$(call Q,LD)$(CC) $(SANFLAGS) $(COVFLAGS) -shared -Wl,-soname,$(SONAME) \
	    -Wl,--version-script=$(LIB_MAP),--no-undefined-version \
	    -Wl,-z,relro,-z,now,-z,nodelete $(if $(SAN),,-Wl$(comma)-z$(comma)defs) \
	    $(LDFLAGS) -o $@ $(CORE_OBJ) $(LIB_OBJ) && \
	    ln -sf $(SO) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $(BUILD)/libexopf.so

$(call obj,$(MEMORY_SRC) $(ENTRY_SRC)): CORE_FLAGS += -include tests/support/ram.h
$(call obj,exo/bare/paging.c): CORE_FLAGS += -DKERNEL=DIRECT
$(call obj,$(CORE_SRC) $(LIBOS_SRC) $(sort $(DEVICE_SRC) $(RECORDS_SRC) $(CONF_SRC)) \
    $(MEMORY_SRC) $(ENTRY_SRC)): $(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(CORE_FLAGS) -c -o $@ $<

$(call obj,$(FILTERS_SRC) $(LIB_SRC) $(TOOL_SRC)): $(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(HOST_FLAGS) -c -o $@ $<

$(call obj,$(UNIT_SRC)): UNIT_FLAGS := -include tests/unit/suites.h
$(BUILD)/obj/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(TEST_FLAGS) $(UNIT_FLAGS) -c -o $@ $<

# --- the core by itself: bare-metal flags, and what it still asks for -------
BARE_OBJ := $(patsubst %.c,$(BUILD)/bare/%.o,$(CORE_SRC))
$(BARE_OBJ): $(BUILD)/bare/%.o: %.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(BARE_FLAGS) -MMD -MP -c -o $@ $<
$(KERNEL_OBJ): BARE_FLAGS += -fno-omit-frame-pointer
$(BUILD)/bare/%.o: %.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(BARE_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/bare/exo/bare/%.o: exo/bare/%.S
	@mkdir -p $(@D)
	$(call Q,AS)$(CC) -I. -MMD -MP -c -o $@ $<
# Linked twice: the names of functions come from the first.
$(BUILD)/exopf.elf: exo/bare/link.ld exo/bare/ksyms.awk $(KERNEL_OBJ) $(BARE_OBJ)
	$(call Q,LD)ksyms() { { test -z "$$1" || nm -n "$$1"; } | \
	    awk -f exo/bare/ksyms.awk >$(BUILD)/bare/ksyms.S && \
	    $(CC) -c -o $(BUILD)/bare/ksyms.o $(BUILD)/bare/ksyms.S && \
	    ld -n -z max-page-size=4096 -T exo/bare/link.ld --no-warn-rwx-segments \
	        -o $@ $(KERNEL_OBJ) $(BARE_OBJ) $(BUILD)/bare/ksyms.o; }; \
	    ksyms '' && ksyms $@
# Programs of environments.
RING3_FLAGS := -std=c11 -O2 -I. $(WARN) $(FENCE) -mno-red-zone -fno-pic \
	-fno-stack-protector -fno-builtin
$(BUILD)/ring3/%.o: %.c
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(RING3_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/ring3/%.o: %.S
	@mkdir -p $(@D)
	$(call Q,AS)$(CC) -I. $(RING3_AS) -MMD -MP -c -o $@ $<
$(BUILD)/ring3/lib.a: $(RING3_LIB)
	$(call Q,AR)rm -f $@ && ar rcsD $@ $^
ring3_link = ld -n -z max-page-size=4096 --gc-sections -T libos-net/rt/link.ld \
	-o $@ $(filter %.o,$^) $(BUILD)/ring3/lib.a
$(BUILD)/ring3/%.elf: $(BUILD)/ring3/tests/bare/%.o $(RT_OBJ) \
    $(BUILD)/ring3/lib.a libos-net/rt/link.ld
	$(call Q,LD)$(ring3_link)
$(BUILD)/ring3/%.elf: $(BUILD)/ring3/libos-net/%/main.o $(RT_OBJ) \
    $(BUILD)/ring3/lib.a libos-net/rt/link.ld
	$(call Q,LD)$(ring3_link)
# One of them has a handler for the kernel in it, as an image.
$(BUILD)/ring3/ashecho.xi: libos-net/ashecho/echo.s $(BUILD)/exopf
	@mkdir -p $(@D)
	$(call Q,XI)$(BUILD)/exopf compile -o $@ --type xdp --strip --asm $<
$(BUILD)/ring3/libos-net/ashecho/handler.o: $(BUILD)/ring3/ashecho.xi
$(BUILD)/ring3/libos-net/ashecho/handler.o: RING3_AS := -Wa,-I$(BUILD)/ring3
$(BUILD)/ring3/ashecho.elf: $(BUILD)/ring3/libos-net/ashecho/handler.o
$(BUILD)/ring3/batch.elf $(BUILD)/ring3/quick.elf: $(DEMO_OBJ)
.SECONDARY: $(DEMO_OBJ) $(RT_OBJ) $(RING3_OBJ)
$(BUILD)/core-bare.o: $(BARE_OBJ)
	$(call Q,LD)ld -r -o $@ $^
$(BUILD)/core-host.o: $(CORE_OBJ)
	$(call Q,LD)ld -r -o $@ $^

# --- test programs -----------------------------------------------------------
$(BUILD)/records_hosted: $(call obj,tests/bare/records_hosted.c $(RECORDS_SRC)) \
    $(CORE_OBJ) $(LIBOS_OBJ) $(filter-out %/plat_hosted.o,$(LIB_OBJ)) $(PLAT)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -Wl,--wrap=plat_random -o $@ $^
# Every allocation of the unit program can be made to fail (support/oom.h).
OOM_WRAP := $(patsubst %,-Wl$(comma)--wrap=%,$(OOM_CALLS))
# Of boot.conf no environments are made there (t_bare_conf.c).
$(BUILD)/unit: $(call obj,$(UNIT_SRC) $(RECORDS_SRC) $(CONF_SRC) $(MEMORY_SRC) $(SPACE_SRC)) \
    $(SUPPORT) $(DEVICE) $(OOM) $(PARTS) $(PLAT_TEST)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) $(OOM_WRAP) -Wl,--wrap=env_new -o $@ $^ \
	    $(CHECK_LIBS) $(TOOL_LIBS)

$(addprefix $(BUILD)/,$(DIFFS)): $(BUILD)/%: $(BUILD)/obj/tests/diff/%.o \
    $(PARTS)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TOOL_LIBS)

$(addprefix $(BUILD)/,$(BENCHES)): $(BUILD)/%: $(BUILD)/obj/tests/bench/%.o \
    $(PARTS) $(PLAT)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TOOL_LIBS) -lm

$(BUILD)/mktrace: $(call obj,tests/support/mktrace.c)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) -o $@ $^

# Fuzzers link a plain main that replays files (any compiler); `make fuzz`
# builds the same with libFuzzer.
FUZZ_MAIN := $(if $(LIBFUZZER),,$(call obj,tests/fuzz/replay_main.c))
$(addprefix $(BUILD)/,$(FUZZERS)): $(BUILD)/%: $(BUILD)/obj/tests/fuzz/%.o \
    $(FUZZ_MAIN) $(PARTS)
	$(call Q,LD)$(CC) $(LDFLAGS_ALL) $(if $(LIBFUZZER),-fsanitize=fuzzer) -o $@ $^ \
	    $(TOOL_LIBS)

# Those two have the kernel's.
$(addprefix $(BUILD)/,$(filter-out fuzz_bare_call diff_steps,\
    $(FUZZERS) $(DIFFS))): $(PLAT)

-include tests/targets.mk
-include $(shell find $(BUILD)/obj $(BUILD)/bare $(BUILD)/ring3 -name '*.d' 2>/dev/null)
