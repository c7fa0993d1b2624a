/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's cases: tests/cases/verify.
 *
 * Every refused program NAME has a near miss "NAME (safe)" that is accepted,
 * so that no refusal is for another reason than the named one. Accepted
 * programs run in the defensive interpreter on many worlds: they must end by
 * exit or reject within the proven steps, with a result that depends on
 * nothing that was not proven to be written or looked at. Refused ones run as
 * well: whatever they do, the interpreter survives it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/isa/interp.h"
#include "tests/support/case.h"
#include "verifier/verifier.h"

#define LEN_MAX 128u
#define FUEL    10000u

static struct case_set set;

static void where(const struct case_one *c, const char *what)
{
	ck_abort_msg("%s:%u: %s: %s", c->file, c->line, c->name, what);
}

/*
 * Verification
 */

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

static int verify(const struct case_one *c, bool refuse_leaks,
    struct exo_mem *mem, struct vf_prog **prog, struct exo_report *report)
{
	struct vf_input in = { c->insns, c->ninsns, c->type, refuse_leaks, NULL,
		0 };
	struct vf_limits limits = { 0, 0 };

	*mem = (struct exo_mem){ .get = get, .put = put };
	return vf_verify(&in, &limits, mem, prog, report);
}

/*
 * Runs
 */

/* Memory that is as long as it seems, so that sanitizers see its end. */
struct world {
	struct isa_vm vm;
	uint8_t *bytes;
	uint32_t n;
};

static void fill(struct world *w, unsigned pattern)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		w->bytes[i] = (uint8_t)(pattern == 0   ? 0
		                        : pattern == 1 ? 0xff
		                                       : i * 37u + pattern);
}

static void world_make(struct world *w, uint32_t n, unsigned pattern)
{
	memset(w, 0, sizeof(*w));
	w->n = n;
	w->bytes = malloc(n == 0 ? 1 : n);
	ck_assert_ptr_nonnull(w->bytes);
	fill(w, pattern);
}

static enum isa_end run(struct world *w, const struct case_one *c,
    uint8_t garbage, uint64_t fuel, uint64_t *r0)
{
	struct isa_pkt pkt = {
		.data = w->bytes,
		.caplen = w->n,
		.wirelen = w->n + garbage,
		.ifindex = 0xfffffff0u,
		.protocol = 0x800,
	};

	pkt.wirelen = w->n + 7;
	isa_set_pkt(&w->vm, &pkt);
	isa_set_mem(&w->vm, w->bytes, w->n);
	isa_point(&w->vm, c->type, c->insns, c->ninsns);
	memset(w->vm.frames, garbage, sizeof(w->vm.frames));
	w->vm.stack = 0; /* what is not written holds garbage */
	w->vm.fuel = fuel;
	return isa_run(&w->vm, r0);
}

/* The bytes that a run left below r10 - stack. */
static bool left_alone(
    const struct world *w, const struct vf_facts *f, uint8_t garbage)
{
	uint32_t i;

	for (i = 0; i < EXO_STACK_SIZE - f->stack; i++) {
		if (w->vm.frames[i] != garbage)
			return false;
	}
	return true;
}

static void run_accepted(const struct case_one *c, const struct vf_facts *f,
    uint32_t n, unsigned pattern)
{
	uint64_t first = 0, r0 = 0;
	unsigned round;

	for (round = 0; round < 3; round++) {
		uint8_t garbage = (uint8_t)(round * 0x55);
		struct world w;
		enum isa_end end;

		world_make(&w, n, pattern);
		if (round == 2 && f->pkt_end < n && c->type != EXO_PROG_MEM)
			memset(w.bytes + f->pkt_end, 0x99, n - f->pkt_end);
		end = run(&w, c, garbage, f->max_steps, &r0);
		if (end != ISA_END_EXIT && end != ISA_END_REJECT)
			where(c, "accepted, and trapped");
		if (round == 0)
			first = r0;
		if (r0 != first)
			where(c, "the result depends on what it must not");
		if (!left_alone(&w, f, garbage))
			where(c, "it wrote below its stack");
		fill(&w, pattern);
		free(w.bytes);
	}
}

static void run_pure(
    const struct case_one *c, const struct vf_facts *f, uint32_t n)
{
	struct world w, same;
	uint64_t r0;

	world_make(&w, n, 3);
	world_make(&same, n, 3);
	(void)run(&w, c, 0, f->max_steps, &r0);
	if (f->pure && memcmp(w.bytes, same.bytes, n) != 0)
		where(c, "pure, and wrote to memory");
	free(w.bytes);
	free(same.bytes);
}

static void run_refused(const struct case_one *c)
{
	uint32_t n;
	uint64_t r0;

	for (n = 0; n <= LEN_MAX; n += 16) {
		struct world w;

		world_make(&w, n, n);
		(void)run(&w, c, 0xa5, FUEL, &r0);
		free(w.bytes);
	}
}

static void run_all(const struct case_one *c, const struct vf_facts *f)
{
	uint32_t n;
	unsigned pattern;

	for (n = 0; n <= LEN_MAX; n++) {
		for (pattern = 0; pattern < 4; pattern++)
			run_accepted(c, f, n, pattern);
		run_pure(c, f, n);
	}
}

/*
 * Cases
 */

static void accept(const struct case_one *c, bool refuse_leaks)
{
	struct vf_prog *prog;
	struct exo_report report;
	struct exo_mem mem;
	char text[100];
	int err = verify(c, refuse_leaks, &mem, &prog, &report);

	if (err != 0) {
		snprintf(text, sizeof(text), "refused: %d, VF%u at %u", err,
		    report.code, report.insn);
		where(c, text);
	}
	ck_assert_uint_eq(report.code, VF_OK);
	ck_assert_uint_eq(vf_prog_type(prog), c->type);
	run_all(c, vf_prog_facts(prog));
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
}

static void refuse(const struct case_one *c)
{
	struct vf_prog *prog;
	struct exo_report report;
	struct exo_mem mem;
	char text[100];
	int err = verify(c, true, &mem, &prog, &report);

	if (err != -EXO_EREFUSED || prog != NULL)
		where(c, "not refused");
	ck_assert_uint_eq(mem.used, 0);
	snprintf(text, sizeof(text), "VF%u", report.code);
	if (strcmp(text, c->code) != 0 ||
	    (c->insn.given && report.insn != c->insn.v)) {
		snprintf(text, sizeof(text), "refused by VF%u at %u",
		    report.code, report.insn);
		where(c, text);
	}
	if (report.code >= VF_LEAK_R0 && report.code <= VF_LEAK_PARTIAL)
		accept(c, false);
	run_refused(c);
}

START_TEST(t_case)
{
	const struct case_one *c = &set.cases[_i];

	if (strcmp(c->verdict, "accepted") == 0)
		accept(c, true);
	else if (strcmp(c->verdict, "refused") == 0)
		refuse(c);
	else
		where(c, "no verdict");
}
END_TEST

static bool has_twin(const struct case_one *c)
{
	char name[160];
	unsigned i;

	snprintf(name, sizeof(name), "%s (safe)", c->name);
	for (i = 0; i < set.n; i++) {
		if (strcmp(set.cases[i].name, name) == 0 &&
		    strcmp(set.cases[i].verdict, "accepted") == 0)
			return true;
	}
	return false;
}

START_TEST(t_twins)
{
	unsigned i, k, refused = 0;

	for (i = 0; i < set.n; i++) {
		const struct case_one *c = &set.cases[i];

		for (k = 0; k < i; k++) {
			if (strcmp(set.cases[k].name, c->name) == 0)
				where(c, "two cases of one name");
		}
		if (strcmp(c->verdict, "refused") != 0)
			continue;
		refused++;
		if (!has_twin(c))
			where(c, "no near miss");
	}
	ck_assert_uint_ge(refused, 150);
}
END_TEST

/* Codes that no text of a few lines can earn: t_vf_limits.c has them. */
static bool is_elsewhere(unsigned code)
{
	return code == VF_EMPTY || code == VF_TOO_LONG || code == VF_BAD_TYPE ||
	       code == VF_BUDGET_EXPLORED || code == VF_BUDGET_MEM;
}

static const struct {
	unsigned number;
	const char *code;
} codes[] = {
#define VF_DIAG(number, name, title, hint) { number, "VF" #number },
#include "verifier/diag.inc"
#undef VF_DIAG
};

START_TEST(t_every_code_is_earned)
{
	unsigned i, k;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		bool earned = is_elsewhere(codes[i].number);

		for (k = 0; k < set.n && !earned; k++)
			earned = strcmp(set.cases[k].code, codes[i].code) == 0;
		ck_assert_msg(earned, "no case earns %s", codes[i].code);
	}
}
END_TEST

Suite *t_vf_cases_suite(void);

Suite *t_vf_cases_suite(void)
{
	Suite *s = suite_create("vf_cases");
	TCase *tc = tcase_create("cases");

	if (case_load_dir(EXOPF_SRCDIR "/tests/cases/verify", &set) != 0)
		abort();
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, t_case, 0, (int)set.n);
	tcase_add_test(tc, t_twins);
	tcase_add_test(tc, t_every_code_is_earned);
	suite_add_tcase(s, tc);
	return s;
}
