/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: programs made of bytes (tests/support/progen.h), in the verifier.
 *
 * What it accepts must, on adversarial packets, end by exit or reject within
 * the proven steps, with a result that no garbage in unwritten stack bytes
 * changes; and every concrete state must lie inside one that the verifier
 * explored (tests/support/contain.h). What it refuses must have a report.
 * Either way all memory comes back. The input goes on after the program with
 * what packets hold. FUZZ_STATS=1 prints the share of accepted programs.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "tests/support/contain.h"
#include "tests/support/progen.h"

#define EXPLORED 20000u
#define MEM      (16u << 20)
#define WORDS    16u
#define LENGTHS  6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct progen gen;
static struct contain record;
static struct isa_vm vm;

static struct {
	uint64_t programs, accepted, budget;
} stats;

static void print_stats(void)
{
	fprintf(stderr,
	    "fuzz_verify: %" PRIu64 " programs, %" PRIu64 " accepted, %" PRIu64
	    " over budget\n",
	    stats.programs, stats.accepted, stats.budget);
}

static void *get(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

/* What packets and memory hold: 64-bit words that arithmetic dislikes, and
 * words of the input. */
struct world {
	uint8_t bytes[WORDS * 8];
	uint8_t *copy; /* as long as it seems */
	uint32_t n;
};

static void choose_words(struct world *w, const uint8_t *data, size_t size)
{
	static const uint64_t odd[] = { 0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 128,
		255, 256, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0xffffffff00000000, 0x7fffffffffffffff,
		0x8000000000000000, UINT64_MAX, UINT64_MAX - 7,
		0xffffffff80000000, 0x5555555555555555, 0x0102030405060708,
		0x1fffffff, 0x20000000 };
	uint32_t i;

	for (i = 0; i < WORDS; i++) {
		uint64_t x = 0;

		if (size >= 9 && data[0] % 4 == 0) {
			memcpy(&x, data + 1, 8);
			data += 9;
			size -= 9;
		} else if (size > 0) {
			x = odd[*data++ / 4 % (sizeof(odd) / sizeof(odd[0]))];
			size--;
		} else {
			x = odd[(i * 7 + w->n) %
			        (sizeof(odd) / sizeof(odd[0]))];
		}
		memcpy(w->bytes + i * 8, &x, 8);
	}
}

static void world_set(struct world *w)
{
	struct isa_pkt pkt = { w->copy, w->n, w->n + 3, 0x80000001, 0x86dd };

	isa_set_pkt(&vm, &pkt);
	isa_set_mem(&vm, w->copy, w->n);
}

static void world_reset(void *arg)
{
	struct world *w = arg;

	memcpy(w->copy, w->bytes, w->n);
}

static void run(struct world *w, const struct vf_facts *facts)
{
	uint64_t first = 0, r0;
	unsigned round;

	for (round = 0; round < 2; round++) {
		enum isa_end end;

		world_reset(w);
		isa_point(&vm, gen.type, gen.insns, gen.n);
		memset(vm.frames, round == 0 ? 0x11 : 0xee, sizeof(vm.frames));
		vm.stack = 0;
		vm.fuel = facts->max_steps;
		end = isa_run(&vm, &r0);
		exo_assert(end == ISA_END_EXIT || end == ISA_END_REJECT);
		if (round == 0)
			first = r0;
		exo_assert(first == r0);
	}
}

static void judge(
    const struct vf_facts *facts, const uint8_t *data, size_t size)
{
	static const uint8_t lengths[LENGTHS] = { 0, PROGEN_NEED - 1,
		PROGEN_NEED, 64, 100, 128 };
	struct world w;
	unsigned i;

	exo_assert(facts->stack <= EXO_STACK_SIZE);
	for (i = 0; i < LENGTHS; i++) {
		size_t skip = i * 5 < size ? i * 5 : size;

		w.n = lengths[i];
		w.copy = malloc(w.n == 0 ? 1 : w.n);
		if (w.copy == NULL)
			abort();
		choose_words(&w, data + skip, size - skip);
		world_set(&w);
		run(&w, facts);
		if (facts->stack <= EXO_STACK_SIZE - CONTAIN_LOW && i >= 2)
			exo_assert(
			    contain_check(&record, &vm, gen.type, gen.insns,
			        gen.n, world_reset, &w) == gen.n);
		free(w.copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t used = progen(&gen, data, size > 4096 ? 4096 : size);
	struct vf_input in = { gen.insns, gen.n, gen.type, true, NULL, 0 };
	struct vf_limits limits = { EXPLORED, MEM };
	struct exo_mem mem = { .get = get, .put = put };
	struct vf_trace trace = { contain_add, &record };
	struct exo_report report;
	struct vf_prog *prog;
	int err;

	if (stats.programs++ == 0 && getenv("FUZZ_STATS") != NULL)
		atexit(print_stats);
	in.refuse_leaks = size == 0 || data[0] % 8 != 0;
	err = vf_verify_traced(&in, &limits, &mem, &trace, &prog, &report);
	if (err == 0) {
		exo_assert(report.code == VF_OK);
		judge(vf_prog_facts(prog), data + used, size - used);
		stats.accepted++;
	} else {
		exo_assert(err == -EXO_EREFUSED || err == -EXO_EBUDGET);
		exo_assert(report.code != VF_OK && prog == NULL);
		exo_assert(err != -EXO_EREFUSED || report.insn < gen.n);
		stats.budget += err == -EXO_EBUDGET;
	}
	vf_prog_free(prog, &mem);
	exo_assert(mem.used == 0);
	contain_free(&record);
	return 0;
}
