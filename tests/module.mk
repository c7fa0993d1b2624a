# SPDX-License-Identifier: BSD-2-Clause
# Test programs: unit tests, differential tests, fuzzers, benches, tools.
names_in = $(patsubst tests/$(1)/%.c,%,$(sort $(wildcard tests/$(1)/$(2)*.c)))
UNIT_SRC    := $(sort $(wildcard tests/unit/*.c))
# What makes programs; the judge of the verifier, linked to fuzz_verify only;
# the judge of the compiler, linked to fuzz_jit only; filters about fields, linked
# to fuzz_accept only.
PROGEN_SRC  := $(sort $(wildcard tests/support/progen*.c)) \
	$(addprefix tests/support/,life.c reach.c \
	tails.c)
ORACLE_SRC  := $(PROGEN_SRC) $(addprefix tests/support/,contain.c step.c \
	oracle.c)
TWIN_SRC    := $(PROGEN_SRC) $(addprefix tests/support/,filtgen.c guard.c \
	linegen.c twin.c)
# tshark's view of packets, linked to diff_space only.
TSHARK_SRC  := $(sort $(wildcard tests/support/tshark*.c))
ACCGEN_SRC  := $(PROGEN_SRC) $(addprefix tests/support/,accgen.c filtgen.c \
	linegen.c)
# The demultiplexer's model, linked to diff_demux only.
DEMUX_SRC   := $(sort $(wildcard tests/support/demux_*.c))
# What threads do to maps, linked to map_threads only.
STORY_SRC   := tests/support/mapstory.c
# What libOSes do with frames and entries, linked to diff_phys and fuzz_phys.
PHYS_SRC    := $(sort $(wildcard tests/support/phys_*.c)) \
	tests/support/spacegen.c
SUPPORT_SRC := $(sort $(filter-out tests/support/mktrace.c \
	tests/support/plat_test.c tests/support/oom.c \
	tests/support/bare_entry.c $(ORACLE_SRC) \
	$(TWIN_SRC) $(TSHARK_SRC) $(ACCGEN_SRC) $(DEMUX_SRC) \
	$(STORY_SRC), \
	$(wildcard tests/support/*.c)))
# What bench_verify is made of, and the programs that it makes.
BENCH_VERIFY_SRC := $(sort $(wildcard tests/bench/verify_*.c)) \
	$(sort $(wildcard tests/support/vprog*.c))
# bench_jit: what is compiled by both compilers, for BPF too, is apart.
YARD_SRC    := tests/bench/jit_yard.c tests/bench/jit_progs.c
BENCH_JIT_SRC := $(filter-out $(YARD_SRC) tests/bench/jit_dpdk_so.c, \
	$(sort $(wildcard tests/bench/jit_*.c))) \
	tests/support/vprog.c tests/support/vprog_line.c
BENCH_DEMUX_SRC := $(filter-out tests/bench/demux_dpdk_so.c, \
	$(sort $(wildcard tests/bench/demux_*.c)))
# bench_maps: an object of this machine for each .bpf.c is apart.
BENCH_MAPS_SRC := $(filter-out tests/bench/maps_native.c %.bpf.c, \
	$(sort $(wildcard tests/bench/maps_*.c)))
# diff_objects: our verdicts and Linux's on objects that others wrote.
OBJECTS_SRC := $(filter-out %.bpf.c, $(sort $(wildcard tests/objects/*.c))) \
    tests/support/spacegen.c
FUZZERS     := $(call names_in,fuzz,fuzz_)
DIFFS       := $(call names_in,diff,)
# bench_jit wants the compiler.
BENCHES     := $(filter-out $(if $(wildcard exo/jit/*.c),,bench_jit),\
	$(call names_in,bench,bench_))
EXAMPLES    := $(patsubst examples/%.c,%,$(sort $(wildcard examples/*.c)))
# What tests/support/oom.c stands in front of.
OOM_CALLS   := malloc calloc realloc reallocarray strdup strndup free
