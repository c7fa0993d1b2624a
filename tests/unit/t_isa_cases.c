/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conformance cases of tests/cases/isa on the interpreter.
 *
 * Each case runs twice: at full speed, and again one instruction further at
 * a time. The second way finds out which rows of opcodes.inc really ran, and
 * that a run cut short by its fuel is a prefix of the whole one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/decode.h"
#include "exo/isa/interp.h"
#include "tests/support/case.h"
#include "tests/unit/suites.h"

#define FUEL         100000u
#define BATCH        64u
#define STEPPED_MOST 200u /* steps followed one by one */

static const char *const end_names[] = {
	[ISA_END_EXIT] = "exit",
	[ISA_END_REJECT] = "reject",
	[ISA_END_FUEL] = "fuel",
	[ISA_END_PC] = "pc",
	[ISA_END_OPCODE] = "opcode",
	[ISA_END_LOAD] = "load",
	[ISA_END_STORE] = "store",
	[ISA_END_CTX] = "ctx",
	[ISA_END_FRAMES] = "frames",
	[ISA_END_HELPER] = "helper",
	[ISA_END_MAP] = "map",
	[ISA_END_HELD] = "held",
};

static struct case_set set;

/* What a helper of the cases does; the numbers are known to case files. */
static int helper(struct isa_vm *vm, uint32_t nr, uint64_t regs[16])
{
	(void)vm;
	switch (nr) {
	case 1: /* the sum of its arguments */
		regs[0] = regs[1] + regs[2] + regs[3] + regs[4] + regs[5];
		return 0;
	case 2: /* 1 if arguments 1 and 2 are equal */
		regs[0] = regs[1] == regs[2];
		return 0;
	default:
		return -1;
	}
}

/* Map 7 is at region 5; everything else is unknown. */
static uint64_t map(struct isa_vm *vm, uint32_t src, uint64_t imm)
{
	(void)vm;
	(void)src;
	if ((uint32_t)imm != 7)
		return 0;
	return ((uint64_t)ISA_REGION_FREE << 32) + (imm >> 32);
}

static const struct isa_ops ops = { .helper = helper, .map = map };

struct world {
	struct isa_vm vm;
	uint8_t *mem;
	uint8_t map[16];
};

static struct world world; /* too large for a stack */

static void set_world(struct world *w, const struct case_one *c)
{
	struct isa_pkt pkt = { c->packet.p, c->packet.n, c->packet.n,
		(uint32_t)c->ifindex.v, (uint16_t)c->protocol.v };

	memset(&w->vm, 0, sizeof(w->vm));
	memset(w->map, 0x77, sizeof(w->map));
	if (c->wirelen.given)
		pkt.wirelen = (uint32_t)c->wirelen.v;
	w->vm.ops = &ops;
	w->mem = malloc(c->mem.n == 0 ? 1 : c->mem.n);
	ck_assert_ptr_nonnull(w->mem);
	if (c->mem.n != 0)
		memcpy(w->mem, c->mem.p, c->mem.n);
	isa_set_pkt(&w->vm, &pkt);
	isa_set_mem(&w->vm, w->mem, c->mem.n);
	w->vm.region[ISA_REGION_FREE] =
	    (struct isa_region){ w->map, sizeof(w->map), 1, 0 };
	w->vm.nregion = ISA_REGION_FREE + 1;
	isa_point(&w->vm, c->type, c->insns, c->ninsns);
}

static void where(const struct case_one *c, const char *what)
{
	ck_abort_msg("%s:%u: %s: %s", c->file, c->line, c->name, what);
}

static void check_bytes(const struct case_one *c, const char *what,
    const struct case_bytes *want, const uint8_t *got, uint32_t n)
{
	char text[200];
	uint32_t i;

	if (!want->given)
		return;
	if (want->n != n)
		where(c, "mem-after and mem differ in size");
	for (i = 0; i < n; i++) {
		if (want->p[i] == got[i])
			continue;
		snprintf(text, sizeof(text), "%s: byte %u is %02x, not %02x",
		    what, i, got[i], want->p[i]);
		where(c, text);
	}
}

static void check_refused(const struct case_one *c)
{
	uint32_t bad;

	memset(&world.vm, 0, sizeof(world.vm));
	if (isa_load(&world.vm, c->type, c->insns, c->ninsns, &bad) == 0)
		where(c, "isa_load() took what it should refuse");
	if (c->at.given && bad != c->at.v)
		where(c, "refused at another instruction");
}

static void check_end(const struct case_one *c, const struct isa_vm *vm,
    enum isa_end end, uint64_t r0)
{
	char text[200];

	if (strcmp(end_names[end], c->end[0] == '\0' ? "exit" : c->end) != 0) {
		snprintf(text, sizeof(text), "ended by %s at %u",
		    end_names[end], vm->end_pc);
		where(c, text);
	}
	if (c->at.given && vm->end_pc != c->at.v)
		where(c, "ended at another instruction");
	if (end != ISA_END_EXIT && r0 != 0)
		where(c, "a trap with a result");
	if (c->result.given && r0 != c->result.v) {
		snprintf(text, sizeof(text), "r0 is 0x%llx, not 0x%llx",
		    (unsigned long long)r0, (unsigned long long)c->result.v);
		where(c, text);
	}
}

static uint64_t fuel_of(const struct case_one *c)
{
	return c->fuel.given ? c->fuel.v : FUEL;
}

static void run_case(const struct case_one *c)
{
	struct world *w = &world;
	enum isa_end end;
	uint64_t r0 = 1;
	uint32_t bad;

	if (strcmp(c->end, "refused") == 0) {
		check_refused(c);
		return;
	}
	set_world(w, c);
	if (!c->unchecked &&
	    isa_load(&w->vm, c->type, c->insns, c->ninsns, &bad) != 0)
		where(c, "isa_load() refused it");
	w->vm.fuel = fuel_of(c);
	end = isa_run(&w->vm, &r0);
	check_end(c, &w->vm, end, r0);
	if (c->steps.given && fuel_of(c) - w->vm.fuel != c->steps.v)
		where(c, "another number of steps");
	check_bytes(c, "mem-after", &c->mem_after, w->mem, c->mem.n);
	check_bytes(c, "cb-after", &c->cb_after, (const uint8_t *)w->vm.own.cb,
	    sizeof(w->vm.own.cb));
	free(w->mem);
}

/* A process for each case would cost more than the cases. */
START_TEST(t_cases)
{
	unsigned i, from = (unsigned)_i * BATCH;

	for (i = from; i < set.n && i < from + BATCH; i++)
		run_case(&set.cases[i]);
}
END_TEST

/* Follow one case step by step; mark the rows that ran. */
static void follow(const struct case_one *c, bool *ran)
{
	const struct isa_op *op;
	enum isa_end end = ISA_END_FUEL;
	struct world *w = &world;
	uint64_t fuel, r0;

	for (fuel = 0; fuel < STEPPED_MOST && end == ISA_END_FUEL; fuel++) {
		set_world(w, c);
		w->vm.fuel = fuel;
		end = isa_run(&w->vm, &r0);
		free(w->mem);
		ck_assert_uint_lt(w->vm.end_pc, c->ninsns + 1);
		if (end != ISA_END_FUEL || w->vm.end_pc >= c->ninsns)
			continue;
		op = isa_match(&c->insns[w->vm.end_pc]);
		if (op != NULL)
			ran[op - isa_ops_table] = true;
	}
}

START_TEST(t_every_row_runs)
{
	bool *ran = calloc(isa_nops, sizeof(*ran));
	unsigned i, missing = 0;

	ck_assert_ptr_nonnull(ran);
	for (i = 0; i < set.n; i++) {
		if (!set.cases[i].unchecked && set.cases[i].end[0] == '\0')
			follow(&set.cases[i], ran);
	}
	for (i = 0; i < isa_nops; i++) {
		if (!ran[i]) {
			fprintf(
			    stderr, "no case runs %s\n", isa_ops_table[i].name);
			missing++;
		}
	}
	free(ran);
	ck_assert_msg(
	    missing == 0, "%u rows of opcodes.inc have no case", missing);
}
END_TEST

START_TEST(t_names_differ)
{
	unsigned i, j;

	ck_assert_uint_ge(set.n, 400);
	for (i = 0; i < set.n; i++) {
		for (j = 0; j < i; j++) {
			if (strcmp(set.cases[i].name, set.cases[j].name) == 0)
				where(&set.cases[i], "two cases of one name");
		}
	}
}
END_TEST

Suite *t_isa_cases_suite(void)
{
	Suite *s = suite_create("isa_cases");
	TCase *tc = tcase_create("cases");

	if (case_load_dir(EXOPF_SRCDIR "/tests/cases/isa", &set) != 0)
		abort();
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, t_cases, 0, (int)((set.n + BATCH - 1) / BATCH));
	tcase_add_test(tc, t_every_row_runs);
	tcase_add_test(tc, t_names_differ);
	suite_add_tcase(s, tc);
	return s;
}
