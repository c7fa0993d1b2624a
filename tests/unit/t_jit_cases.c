/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conformance cases of tests/cases/isa on compiled code.
 *
 * Every case that ends by exit or reject and that the verifier accepts runs
 * with all passes, with none, and without each one. Cases use their memory
 * without asking how much there is; a compare of r2, put before them, lets
 * them be proven.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world.h"
#include "exo/jit/jit.h"
#include "tests/support/case.h"
#include "tests/support/mem.h"
#include "tests/unit/suites.h"

#define BATCH  64u
#define PREFIX 3u
#define PASSES 13u

static struct case_set set;

static void where(const struct case_one *c, uint32_t without, const char *what)
{
	ck_abort_msg("%s:%u: %s: without passes 0x%x: %s", c->file, c->line,
	    c->name, without, what);
}

/* The case's program, behind a proof that its memory is there. */
static struct exo_insn *make(const struct case_one *c, uint32_t *n)
{
	bool mem = c->type == EXO_PROG_MEM && c->mem.n != 0;
	struct exo_insn *in = calloc(c->ninsns + PREFIX, sizeof(*in));
	uint32_t skip = mem ? PREFIX : 0;

	ck_assert_ptr_nonnull(in);
	in[0] = (struct exo_insn){ EXO_JMP | EXO_JGE, 2, 2, (int32_t)c->mem.n };
	in[1] = (struct exo_insn){ EXO_ALU64 | EXO_MOV, 0, 0, 0 };
	in[2] = (struct exo_insn){ EXO_JMP | EXO_EXIT, 0, 0, 0 };
	memcpy(in + skip, c->insns, c->ninsns * sizeof(*in));
	*n = c->ninsns + skip;
	return in;
}

/* The result tells the interpreter's own addresses. */
static bool shows_addresses(const struct case_one *c)
{
	return strstr(c->name, "frame pointer moves up") != NULL ||
	       strstr(c->name, "lddw_func: leads to") != NULL ||
	       strstr(c->name, "store_rel8: the base may be") != NULL;
}

static struct vf_prog *prove(const struct case_one *c, struct exo_mem *mem)
{
	struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_input in = { .type = c->type };
	struct exo_report report;
	struct exo_insn *insns = make(c, &in.ninsns);
	struct vf_prog *prog;

	in.insns = insns;
	in.refuse_leaks = true;
	(void)vf_verify(&in, &limits, mem, &prog, &report);
	in.refuse_leaks = false;
	if (prog == NULL && !shows_addresses(c))
		(void)vf_verify(&in, &limits, mem, &prog, &report);
	free(insns);
	return prog;
}

static void supply(const struct case_one *c, struct exo_world *w, uint8_t *mem)
{
	struct isa_pkt pkt = { c->packet.p, c->packet.n, c->packet.n,
		(uint32_t)c->ifindex.v, (uint16_t)c->protocol.v };

	if (c->wirelen.given)
		pkt.wirelen = (uint32_t)c->wirelen.v;
	if (c->mem.n != 0)
		memcpy(mem, c->mem.p, c->mem.n);
	isa_set_pkt(exo_world_vm(w), &pkt);
	isa_set_mem(exo_world_vm(w), mem, c->mem.n);
}

static void check_after(const struct case_one *c, uint32_t without,
    const struct exo_world *w, const uint8_t *mem, uint64_t r0)
{
	const struct case_bytes *cb = &c->cb_after;
	char text[80];

	if (strcmp(c->end, "reject") == 0 && r0 != 0)
		where(c, without, "should reject");
	if (c->result.given && r0 != c->result.v) {
		snprintf(text, sizeof(text), "r0 is 0x%llx, not 0x%llx",
		    (unsigned long long)r0, (unsigned long long)c->result.v);
		where(c, without, text);
	}
	if (c->mem_after.given && memcmp(mem, c->mem_after.p, c->mem.n) != 0)
		where(c, without, "memory differs");
	if (cb->given &&
	    memcmp(exo_world_vm((struct exo_world *)(uintptr_t)w)->own.cb,
	        cb->p, cb->n) != 0)
		where(c, without, "cb differs");
}

static void run(const struct case_one *c, const struct vf_prog *prog,
    struct exo_mem *mem, uint32_t without)
{
	struct exo_world_config cfg = { .mem = mem };
	struct exo_world_code *code;
	struct exo_world *w;
	uint8_t *bytes = malloc(c->mem.n == 0 ? 1 : c->mem.n);
	uint64_t r0;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(exo_world_new(&cfg, &w), 0);
	if (exo_world_compile(w, prog, without, &code) != 0)
		where(c, without, "does not compile");
	supply(c, w, bytes);
	r0 = exo_world_exec(w, code);
	check_after(c, without, w, bytes, r0);
	exo_world_code_free(w, code);
	exo_world_free(w);
	free(bytes);
}

/* Returns whether it could be run. */
static bool run_case(const struct case_one *c)
{
	struct exo_mem mem = mem_heap(NULL);
	struct vf_prog *prog;
	uint32_t i;

	if (c->unchecked || (c->end[0] != '\0' && strcmp(c->end, "exit") != 0 &&
	                        strcmp(c->end, "reject") != 0))
		return false;
	prog = prove(c, &mem);
	if (prog == NULL) {
		/* cases about compilers are there to be compiled */
		if (strcmp(c->file, "jit.case") == 0)
			where(c, 0, "is not verified");
		return false;
	}
	run(c, prog, &mem, 0);
	run(c, prog, &mem, UINT32_MAX);
	for (i = 0; i < PASSES; i++)
		run(c, prog, &mem, 1u << i);
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
	return true;
}

START_TEST(t_cases)
{
	unsigned i, from = (unsigned)_i * BATCH, ran = 0, all = 0;

	for (i = from; i < set.n && i < from + BATCH; i++, all++)
		ran += run_case(&set.cases[i]);
	if (getenv("JIT_CASES") != NULL)
		fprintf(stderr, "%u of %u ran\n", ran, all);
}
END_TEST

Suite *t_jit_cases_suite(void)
{
	Suite *s = suite_create("jit_cases");
	TCase *tc = tcase_create("cases");

	if (case_load_dir(EXOPF_SRCDIR "/tests/cases/isa", &set) != 0)
		abort();
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, t_cases, 0, (int)((set.n + BATCH - 1) / BATCH));
	suite_add_tcase(s, tc);
	return s;
}
