/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's cases: tests/cases/verify.
 *
 * Every refused program NAME has a near miss "NAME (safe)" that is accepted,
 * so that no refusal is for another reason than the named one. Accepted
 * programs run in the defensive interpreter on many worlds: they must end by
 * exit or reject within the proven steps, with a result that depends on
 * nothing that was not proven to be written or looked at. Refused ones run as
 * well: whatever they do, the interpreter survives it; where a case has a
 * witness, they really leave their memory with it, and their twins do not.
 *
 * EXOPF_CASE_STEP=N tries every Nth length of packets only, and refused ones
 * without packets, for those who run the suite often.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/world.h"
#include "exo/isa/interp.h"
#include "tests/support/case.h"
#include "tests/support/mem.h"
#include "verifier/verifier.h"

#define LEN_MAX 128u
#define FUEL    10000u
#define SHAPE   8u /* instructions that a safe twin may have more or less */

static struct case_set set;
static uint32_t step = 1; /* from one length to the next */

static void where(const struct case_one *c, const char *what)
{
	ck_abort_msg("%s:%u: %s: %s", c->file, c->line, c->name, what);
}

/*
 * Verification
 */

static int verify(const struct case_one *c, bool refuse_leaks,
    struct exo_mem *mem, struct vf_prog **prog, struct exo_report *report)
{
	struct vf_input in = { .insns = c->insns,
		.ninsns = c->ninsns,
		.type = c->type,
		.refuse_leaks = refuse_leaks,
		.maps = c->maps,
		.nmaps = c->nmaps,
		.no_helpers = c->no_helpers,
		.no_pkt_write = c->no_writes };
	struct vf_limits limits = { .explored = c->explored.v };

	*mem = mem_heap(NULL);
	return vf_verify(&in, &limits, mem, prog, report);
}

/*
 * Worlds
 */

/* How a run finds things. */
struct setting {
	uint32_t n;       /* bytes of packet or memory */
	unsigned pattern; /* of their content */
	uint8_t garbage;  /* what was not written holds it */
	bool room;        /* the packet lies in memory that may be written */
};

/* Memory that is as long as it seems, so that sanitizers see its end. */
struct world {
	struct exo_mem mem;
	struct exo_world *w;
	struct isa_vm *vm;
	uint8_t *bytes;
	uint32_t n;
};

static void fill(uint8_t *p, uint32_t n, unsigned pattern)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(pattern == 0   ? 0
		                 : pattern == 1 ? 0xff
		                                : i * 37u + pattern);
}

static int no_event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	(void)arg;
	(void)data;
	(void)pkt;
	return map + size + npkt == 0 ? -1 : 0;
}

/* A map of elements gets some, of several keys. */
static void fill_elements(
    struct world *w, const struct case_one *c, uint32_t map, unsigned pattern)
{
	const struct exo_map_def *def = &c->maps[map];
	uint8_t key[EXO_MAP_KEY_MAX];
	uint8_t *value = malloc(def->value_size + sizeof(uint64_t));
	uint32_t i;

	ck_assert_ptr_nonnull(value);
	fill(value, def->value_size, pattern);
	if (c->witness.given)
		memcpy(value, &c->witness.v, sizeof(uint64_t));
	for (i = 0; i < 4; i++) {
		memset(key, 0, sizeof(key));
		if (def->kind == EXO_MAP_ARRAY)
			memcpy(key, &i, sizeof(i));
		else
			fill(key, def->key_size, i);
		(void)exo_world_update(w->w, map, key, value);
	}
	free(value);
}

static void fill_maps(
    struct world *w, const struct case_one *c, unsigned pattern)
{
	static const struct exo_insn seven[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = 7 },
		{ .code = EXO_JMP | EXO_EXIT },
	};
	static struct exo_world_prog prog;
	uint32_t i;

	prog = (struct exo_world_prog){ seven, 2, c->type, NULL };
	for (i = 0; i < c->nmaps; i++) {
		uint32_t kind = c->maps[i].kind;

		if (kind == EXO_MAP_ARRAY || kind == EXO_MAP_HASH)
			fill_elements(w, c, i, pattern);
		else if (kind == EXO_MAP_PROG_ARRAY)
			ck_assert_int_eq(exo_world_slot(w->w, i, 0, &prog), 0);
	}
}

static void world_make(
    struct world *w, const struct case_one *c, const struct setting *how)
{
	struct exo_world_config cfg = { .maps = c->maps,
		.nmaps = c->nmaps,
		.seed = how->pattern,
		.event = (how->pattern & 1) != 0 ? no_event : NULL };

	memset(w, 0, sizeof(*w));
	w->mem = mem_heap(NULL);
	cfg.mem = &w->mem;
	if (exo_world_new(&cfg, &w->w) != 0)
		where(c, "there is no world of these maps");
	w->vm = exo_world_vm(w->w);
	if (how->pattern != 0 || c->witness.given)
		fill_maps(w, c, how->pattern);
	w->n = how->n;
	w->bytes = malloc(how->n == 0 ? 1 : how->n);
	ck_assert_ptr_nonnull(w->bytes);
	fill(w->bytes, w->n, how->pattern);
}

static void world_end(struct world *w)
{
	exo_world_free(w->w);
	ck_assert_uint_eq(w->mem.used, 0);
	free(w->bytes);
}

static void supply(
    struct world *w, const struct case_one *c, const struct setting *how)
{
	struct isa_pkt pkt = {
		.data = w->bytes,
		.caplen = w->n,
		.wirelen = w->n + 7,
		.ifindex = 0xfffffff0u,
		.protocol = 0x800,
	};

	if (how->room)
		ck_assert_int_eq(exo_world_pkt(w->w, &pkt), 0);
	else
		isa_set_pkt(w->vm, &pkt);
	isa_set_mem(w->vm, w->bytes, w->n);
	isa_point(w->vm, c->type, c->insns, c->ninsns);
}

static enum isa_end run(struct world *w, const struct case_one *c,
    const struct setting *how, uint64_t fuel, uint64_t *r0)
{
	supply(w, c, how);
	memset(
	    isa_frames(w->vm), how->garbage, EXO_MAX_FRAMES * EXO_STACK_SIZE);
	w->vm->stack = 0; /* what is not written holds garbage */
	return exo_world_run(w->w, fuel, r0);
}

/*
 * Runs
 */

/* The bytes that a run left below r10 - stack. */
static bool left_alone(
    const struct world *w, const struct vf_facts *f, uint8_t garbage)
{
	uint32_t i;

	for (i = 0; i < EXO_STACK_SIZE - f->stack; i++) {
		if (isa_frames(w->vm)[i] != garbage)
			return false;
	}
	return true;
}

/* Another program takes at most two steps more: fill_maps(). */
static uint64_t fuel_of(const struct vf_facts *f)
{
	return f->max_steps + (f->tail_calls ? 2 : 0);
}

static void check_run(const struct case_one *c, const struct vf_facts *f,
    const struct setting *how, uint64_t *r0)
{
	struct world w;
	enum isa_end end;

	world_make(&w, c, how);
	if (how->garbage == 0xaa && f->pkt_end < how->n &&
	    c->type != EXO_PROG_MEM)
		memset(w.bytes + f->pkt_end, 0x99, how->n - f->pkt_end);
	end = run(&w, c, how, fuel_of(f), r0);
	if (end == ISA_END_FUEL)
		where(c, "accepted, and took more steps than proven");
	if (end != ISA_END_EXIT && end != ISA_END_REJECT)
		where(c, "accepted, and trapped");
	if (!f->tail_calls && !left_alone(&w, f, how->garbage))
		where(c, "it wrote below its stack");
	world_end(&w);
}

/* Compiled, it gives the same, unless that is an address; tail calls lead to
 * nothing that is compiled. */
static void run_compiled(const struct case_one *c, const struct vf_prog *prog,
    const struct setting *how, uint64_t want)
{
	struct exo_world_code *code;
	struct world w;
	uint64_t r0;

	world_make(&w, c, how);
	if (exo_world_compile(w.w, prog, 0, &code) != 0)
		where(c, "accepted, and does not compile");
	supply(&w, c, how);
	r0 = exo_world_exec(w.w, code);
	if (r0 != want && !c->leaks && !vf_prog_facts(prog)->tail_calls)
		where(c, "compiled, it gives something else");
	exo_world_code_free(w.w, code);
	world_end(&w);
}

static void run_accepted(
    const struct case_one *c, const struct vf_prog *prog, struct setting how)
{
	const struct vf_facts *f = vf_prog_facts(prog);
	uint64_t first = 0, r0 = 0;
	unsigned round;

	for (round = 0; round < 3; round++) {
		how.garbage = (uint8_t)(round * 0x55);
		check_run(c, f, &how, &r0);
		if (round == 0)
			first = r0;
		if (r0 != first && !c->leaks)
			where(c, "the result depends on what it must not");
	}
	run_compiled(c, prog, &how, first);
}

static void run_pure(
    const struct case_one *c, const struct vf_facts *f, struct setting how)
{
	struct world w;
	uint8_t *same = malloc(how.n + 1);
	uint64_t r0;

	ck_assert_ptr_nonnull(same);
	how.pattern = 3;
	world_make(&w, c, &how);
	memcpy(same, w.bytes, how.n);
	(void)run(&w, c, &how, fuel_of(f), &r0);
	if (f->pure && memcmp(w.bytes, same, how.n) != 0)
		where(c, "pure, and wrote to memory");
	if (how.room && !f->writes_pkt &&
	    memcmp(w.vm->pkt.data, same, how.n) != 0)
		where(c, "it wrote to the packet");
	world_end(&w);
	free(same);
}

static bool is_trap(enum isa_end end)
{
	return end != ISA_END_EXIT && end != ISA_END_REJECT &&
	       end != ISA_END_FUEL;
}

/* It accessed what is not there, by itself or through a helper. */
static bool is_outside(enum isa_end end)
{
	return end == ISA_END_LOAD || end == ISA_END_STORE ||
	       end == ISA_END_HELPER;
}

/* One run on maps with the witness. */
static enum isa_end run_witness(const struct case_one *c, uint32_t n)
{
	struct setting how = { .n = n, .garbage = 0xa5, .room = true };
	struct world w;
	enum isa_end end;
	uint64_t r0;

	world_make(&w, c, &how);
	end = run(&w, c, &how, FUEL, &r0);
	world_end(&w);
	return end;
}

static void run_refused(const struct case_one *c)
{
	struct setting how = { .garbage = 0xa5 };
	bool outside = false;
	uint64_t r0;

	for (how.n = 0; how.n <= LEN_MAX;
	     how.n += step == 1 ? 16 : LEN_MAX + 1) {
		struct world w;

		how.pattern = how.n;
		how.room = how.n % 32 == 0;
		world_make(&w, c, &how);
		(void)run(&w, c, &how, FUEL, &r0);
		world_end(&w);
	}
	for (how.n = 0; c->witness.given && how.n <= LEN_MAX; how.n += 16)
		outside |= is_outside(run_witness(c, how.n));
	if (c->witness.given && !outside)
		where(c, "the witness reaches nothing bad");
}

static void run_all(const struct case_one *c, const struct vf_prog *prog)
{
	const struct vf_facts *f = vf_prog_facts(prog);
	struct setting how = { .n = 0 };

	how.room = f->writes_pkt || f->helpers;
	for (how.n = 0; how.n <= LEN_MAX; how.n += step) {
		for (how.pattern = 0; how.pattern < 4; how.pattern++)
			run_accepted(c, prog, how);
		run_pure(c, f, how);
	}
}

/*
 * Cases
 */

static int judge(
    const struct case_one *c, bool refuse_leaks, struct exo_report *report)
{
	struct vf_prog *prog;
	struct exo_mem mem;
	int err = verify(c, refuse_leaks, &mem, &prog, report);

	if ((err == 0) != (prog != NULL))
		where(c, "an error and a program");
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
	return err;
}

static void must_accept(
    const struct case_one *c, int err, const struct exo_report *report)
{
	char text[100];

	if (err == 0)
		return;
	snprintf(text, sizeof(text), "refused: %d, VF%u at %u", err,
	    report->code, report->insn);
	where(c, text);
}

static void accept(const struct case_one *c, bool refuse_leaks)
{
	struct vf_prog *prog;
	struct exo_report report;
	struct exo_mem mem;
	char text[100];
	int err = judge(c, false, &report);

	must_accept(c, err, &report); /* whatever else is allowed */
	err = verify(c, refuse_leaks, &mem, &prog, &report);
	must_accept(c, err, &report);
	ck_assert_uint_eq(report.code, VF_OK);
	ck_assert_uint_eq(vf_prog_type(prog), c->type);
	if (c->steps.given && vf_prog_facts(prog)->max_steps != c->steps.v) {
		snprintf(text, sizeof(text), "%llu steps proven",
		    (unsigned long long)vf_prog_facts(prog)->max_steps);
		where(c, text);
	}
	run_all(c, prog);
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(mem.used, 0);
}

static void refuse(const struct case_one *c)
{
	struct exo_report report;
	char text[100];
	int err = judge(c, !c->leaks, &report);

	if (err == 0)
		where(c, "not refused");
	ck_assert_int_eq(err,
	    report.code >= VF_BUDGET_EXPLORED ? -EXO_EBUDGET : -EXO_EREFUSED);
	snprintf(text, sizeof(text), "VF%u", report.code);
	if (strcmp(text, c->code) != 0 ||
	    (c->insn.given && report.insn != c->insn.v)) {
		snprintf(text, sizeof(text), "refused by VF%u at %u",
		    report.code, report.insn);
		where(c, text);
	}
	if (c->leaks && judge(c, true, &report) == 0)
		where(c, "accepted where leaks are refused");
	if (!c->leaks && report.code >= VF_LEAK_R0 &&
	    report.code <= VF_LEAK_ARG) {
		struct case_one allowed = *c;

		allowed.leaks = true;
		allowed.witness.given = false;
		accept(&allowed, false);
	}
	run_refused(c);
}

START_TEST(t_case)
{
	const struct case_one *c = &set.cases[_i];

	if (strcmp(c->verdict, "accepted") == 0)
		accept(c, !c->leaks);
	else if (strcmp(c->verdict, "refused") == 0)
		refuse(c);
	else
		where(c, "no verdict");
}
END_TEST

/* The accepted near miss of a case, or NULL. */
static const struct case_one *twin_of(const struct case_one *c)
{
	char name[160];
	unsigned i;

	if (c->safe[0] != '\0')
		snprintf(name, sizeof(name), "%s", c->safe);
	else
		snprintf(name, sizeof(name), "%s (safe)", c->name);
	for (i = 0; i < set.n; i++) {
		if (strcmp(set.cases[i].name, name) == 0 &&
		    strcmp(set.cases[i].verdict, "accepted") == 0)
			return &set.cases[i];
	}
	return NULL;
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
		if (twin_of(c) == NULL)
			where(c, "no near miss");
	}
	ck_assert_uint_ge(refused, 150);
}
END_TEST

static bool is_attack(const struct case_one *c)
{
	return strncmp(c->file, "attack_", 7) == 0 &&
	       strstr(c->name, " (safe)") == NULL;
}

/* An attack's twin has its name and its shape: the same type and maps, about
 * as many instructions; and what the attack does with the witness it does not.
 */
static void check_attack(const struct case_one *c)
{
	const struct case_one *twin = twin_of(c);
	struct case_one same;
	uint32_t n;

	if (twin == NULL || strcmp(twin->file, c->file) != 0)
		where(c, "an attack without a safe twin beside it");
	if (strncmp(twin->name, c->name, strlen(c->name)) != 0)
		where(twin, "a safe twin by another name");
	if (twin->type != c->type || twin->nmaps != c->nmaps ||
	    memcmp(twin->maps, c->maps, sizeof(c->maps)) != 0)
		where(twin, "a safe twin of another type, or with other maps");
	if (twin->ninsns > c->ninsns + SHAPE ||
	    c->ninsns > twin->ninsns + SHAPE)
		where(twin, "a safe twin of another shape");
	same = *twin;
	same.witness = c->witness;
	for (n = 0; c->witness.given && n <= LEN_MAX; n += 16) {
		if (is_trap(run_witness(&same, n)))
			where(twin, "the safe twin leaves its memory as well");
	}
}

START_TEST(t_attacks)
{
	unsigned i, attacks = 0, named = 0;

	for (i = 0; i < set.n; i++) {
		const struct case_one *c = &set.cases[i];

		named += is_attack(c) && strncmp(c->name, "CVE-", 4) == 0;
		attacks += is_attack(c);
		if (is_attack(c))
			check_attack(c);
		else if (strncmp(c->name, "CVE-", 4) == 0 &&
		         strncmp(c->file, "attack_", 7) != 0)
			where(c, "belongs into an attack_ file");
	}
	ck_assert_uint_ge(attacks, 75);
	ck_assert_uint_ge(named, 50);
}
END_TEST

/* Codes that no text of a few lines can earn: t_vf_limits.c has them. */
static bool is_elsewhere(unsigned code)
{
	return code == VF_EMPTY || code == VF_TOO_LONG || code == VF_BAD_TYPE ||
	       code == VF_BUDGET_MEM;
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
	const char *every = getenv("EXOPF_CASE_STEP");

	if (case_load_dir(EXOPF_SRCDIR "/tests/cases/verify", &set) != 0)
		abort();
	if (every != NULL && atoi(every) > 0)
		step = (uint32_t)atoi(every);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, t_case, 0, (int)set.n);
	tcase_add_test(tc, t_twins);
	tcase_add_test(tc, t_attacks);
	tcase_add_test(tc, t_every_code_is_earned);
	suite_add_tcase(s, tc);
	return s;
}
