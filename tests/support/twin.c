/* SPDX-License-Identifier: BSD-2-Clause */
/* Interpreted and compiled, side by side: see twin.h. */
#include "tests/support/twin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/world_int.h"
#include "exo/jit/jit.h"
#include "tests/support/guard.h"
#include "tests/support/mem.h"
#include "tests/support/reach.h"

#define EXPLORED 4000u       /* a few programs explode */
#define STEPS    (1u << 16)  /* longer runs are not made */
#define MEM      (32u << 20) /* of the verifier */
#define TRIES    3000u       /* judgements to make a fault short */
#define VARIANTS 3u          /* of one program's code */

enum {
	PASSES = 0
#define JIT_PASS(bit, name, text) +1
#include "exo/jit/passes.inc"
#undef JIT_PASS
};

static const char *const parts[LIFE_PARTS] = { "r0", "events", "memory",
	"packet", "context", "maps", "records", "packet's ends",
	"clock or random numbers" };

/* One way to compile a program, and the world that it runs in. */
struct side {
	struct life life;
	struct exo_world_code *code;
	struct exo_world_prog self;
	struct exo_world_code *tail[TAILS];
	uint32_t without, no_cpu, harden;
};

static enum twin_fault fault(
    struct twin *t, enum twin_fault f, const char *what)
{
	snprintf(t->text, sizeof(t->text), "%s", what);
	return f;
}

/*
 * The verdict
 */

static struct vf_prog *verify(const struct twin *t, bool refuse_leaks,
    struct exo_mem *mem, struct exo_report *report)
{
	const struct progen_prog *p = t->prog;
	struct vf_input in = { .insns = p->insns,
		.ninsns = p->n,
		.type = p->type,
		.refuse_leaks = refuse_leaks,
		.maps = progen_maps,
		.nmaps = PROGEN_MAPS,
		.consts = progen_consts,
		.nconsts = PROGEN_CONSTS };
	struct vf_limits limits = { EXPLORED, MEM, NULL };
	struct vf_prog *prog;

	(void)vf_verify(&in, &limits, mem, &prog, report);
	return prog;
}

/* May its results be compared? Only where no address shows; it is doubtful
 * where it may read what is left of a saved pointer. */
static bool shows_none(struct twin *t, struct exo_mem *mem)
{
	struct exo_report report;
	struct vf_prog *prog;

	t->doubtful = false;
	if (t->prog->refuse_leaks)
		return true;
	prog = verify(t, true, mem, &report);
	vf_prog_free(prog, mem);
	t->doubtful = prog == NULL;
	return prog != NULL || report.code == VF_STACK_UNINIT;
}

/*
 * Sides
 */

/* Passes to leave out, and instructions, of the k-th variant. */
static void choose(const struct twin *t, struct side *s, unsigned k)
{
	uint64_t x = (t->number * VARIANTS + k + 1) * 0x9e3779b97f4a7c15u;

	x ^= x >> 32;
	s->without = 0;
	s->no_cpu = 0;
	s->harden = 0;
	if (k == 0)
		return;
	s->no_cpu = (uint32_t)(x >> 5) & 3;
	s->harden = (uint32_t)(x >> 24) & (uint32_t)(x >> 26) & 3;
	if (k == 1)
		s->without = (uint32_t)(x >> 8) & (uint32_t)(x >> 40) & 0xffff;
	else if ((x & 1) != 0)
		s->without = 1u << (x >> 8) % PASSES;
	else
		s->without = UINT32_MAX & ~(uint32_t)((x >> 8) & 0xffff);
	if ((x & 6) == 6)
		s->without = UINT32_MAX;
}

/* A world for the interpreter, which compiles nothing. */
static void begin(const struct twin *t, struct side *s, bool full, uint8_t k)
{
	const struct progen_prog *p = t->prog;

	life_begin(&s->life, p->type, &t->bytes, full);
	s->life.poison = t->helpers ? 0 : (uint8_t)(0x31 + 0x2b * k);
	s->code = NULL;
	memset(s->tail, 0, sizeof(s->tail));
	s->self = (struct exo_world_prog){ p->insns, p->n, p->type, NULL };
}

/* Of the slots of programs, the first is for this one itself. */
static void put_self(struct side *s)
{
	if (s->life.type == EXO_PROG_MEM)
		return;
	s->self.code = s->code;
	(void)exo_world_slot(s->life.w, PROGEN_PROGS, TAIL_SELF, &s->self);
}

static int compile_tails(struct side *s)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < TAILS && err == 0; i++) {
		const struct vf_prog *p = tail_prog(s->life.type, (enum tail)i);

		if (p != NULL)
			err = exo_world_compile(
			    s->life.w, p, s->without, &s->tail[i]);
		s->life.tail[i].code = s->tail[i];
	}
	return err;
}

static int compile(struct twin *t, struct side *s, const struct vf_prog *prog)
{
	uint32_t size;
	int err;

	s->life.w->no_cpu = s->no_cpu;
	s->life.w->harden = s->harden;
	err = exo_world_compile(s->life.w, prog, s->without, &s->code);
	if (err != 0)
		return err;
	(void)exo_world_code_bytes(s->code, &size);
	t->compiled++;
	t->code += size;
	return vf_prog_facts(prog)->tail_calls ? compile_tails(s) : 0;
}

static void end(struct side *s)
{
	unsigned i;

	exo_world_code_free(s->life.w, s->code);
	for (i = 0; i < TAILS; i++)
		exo_world_code_free(s->life.w, s->tail[i]);
	life_finish(&s->life);
}

/*
 * Runs
 */

static enum twin_fault interpret(struct twin *t, struct side *s)
{
	struct isa_vm *vm = exo_world_vm(s->life.w);
	enum isa_end end;
	uint64_t r0;

	isa_point(vm, t->prog->type, t->prog->insns, t->prog->n);
	vm->stack = EXO_STACK_SIZE;
	end = exo_world_run(s->life.w,
	    (ISA_TAILS_MAX + 1) * (t->max_steps + tail_steps(t->prog->type)),
	    &r0);
	life_note(&s->life, LIFE_RESULT, &r0, sizeof(r0));
	life_note_all(&s->life);
	if (end == ISA_END_EXIT || end == ISA_END_REJECT)
		return TWIN_FINE;
	snprintf(t->text, sizeof(t->text), "isa_end %d at %u", end, vm->end_pc);
	return TWIN_TRAP;
}

static void describe(struct twin *t, const struct side *s, const char *where,
    const char *what, int signal)
{
	size_t n;

	t->without = s->without;
	t->no_cpu = s->no_cpu;
	n = (size_t)snprintf(t->text, sizeof(t->text),
	    "without passes %#x, without cpu %u, hardened %u, %s: %s",
	    s->without, s->no_cpu, s->harden, where, what);
	if (signal != 0 && n < sizeof(t->text))
		snprintf(
		    t->text + n, sizeof(t->text) - n, " signal %d", signal);
}

static enum twin_fault execute(
    struct twin *t, struct side *s, const struct side *is, const char *where)
{
	uint64_t r0 = 0;
	int signal = guard_exec(s->life.w, s->code, &r0), part;

	if (signal != 0) {
		describe(t, s, where, "code stopped by", signal);
		return TWIN_SIGNAL;
	}
	life_note(&s->life, LIFE_RESULT, &r0, sizeof(r0));
	life_note_all(&s->life);
	t->pairs++;
	for (part = 0; part < LIFE_PARTS && t->compares; part++) {
		if (s->life.sum[part] == is->life.sum[part])
			continue;
		describe(t, s, where, parts[part], 0);
		return TWIN_DIFFERS;
	}
	return TWIN_FINE;
}

static enum twin_fault one_size(struct twin *t, struct side *is,
    struct side *sides, uint32_t size, unsigned i, const char *where)
{
	enum twin_fault f;
	unsigned k;

	life_supply(&is->life, &t->bytes, size, i % 3 * 8, i);
	f = interpret(t, is);
	if (f != TWIN_FINE)
		return f;
	for (k = 0; k < VARIANTS && f == TWIN_FINE; k++) {
		life_supply(&sides[k].life, &t->bytes, size, i % 3 * 8, i);
		f = execute(t, &sides[k], is, where);
	}
	return f;
}

static enum twin_fault many_sizes(
    struct twin *t, struct side *is, struct side *sides, bool full)
{
	uint32_t e = t->pkt_end > 4096 ? 100 : t->pkt_end;
	uint32_t odd = t->bytes.n < 2 ? 60 : t->bytes.p[1] % 140u;
	uint32_t large = t->bytes.n % 16 == 0 ? 65535 : 1514;
	const uint32_t sizes[2][5] = { { 0, 1, e == 0 ? 13 : e - 1, e, 128 },
		{ odd, e + 1, PROGEN_NEED, large, e } };
	enum twin_fault f = TWIN_FINE;
	char where[64];
	unsigned i;

	for (i = 0; i < 5 && f == TWIN_FINE; i++) {
		uint32_t size = sizes[full][i];

		snprintf(where, sizeof(where), "%s maps, run %u, %u bytes",
		    full ? "full" : "empty", i, size);
		f = one_size(t, is, sides, size, i + 5 * full, where);
	}
	return f;
}

static enum twin_fault both(
    struct twin *t, const struct vf_prog *prog, bool full)
{
	static struct side is, sides[VARIANTS]; /* too large for a stack */
	enum twin_fault f = TWIN_FINE;
	unsigned k;

	begin(t, &is, full, VARIANTS);
	put_self(&is);
	for (k = 0; k < VARIANTS; k++) {
		begin(t, &sides[k], full, (uint8_t)k);
		choose(t, &sides[k], k);
		if (compile(t, &sides[k], prog) != 0) {
			describe(t, &sides[k], "compiler", "fails", 0);
			f = TWIN_COMPILE;
		}
		put_self(&sides[k]);
	}
	if (f == TWIN_FINE)
		f = many_sizes(t, &is, sides, full);
	if (f == TWIN_SIGNAL) /* who knows what it left behind */
		return f;
	for (k = 0; k < VARIANTS; k++)
		end(&sides[k]);
	end(&is);
	return f;
}

enum twin_fault twin_judge(struct twin *t, const struct progen_prog *p,
    const uint8_t *bytes, size_t size)
{
	struct exo_mem mem = mem_heap(NULL);
	enum twin_fault f = TWIN_FINE;
	struct exo_report report;
	struct vf_prog *prog;

	t->prog = p;
	t->bytes = (struct life_bytes){ bytes, size };
	t->programs++;
	reach_begin();
	prog = verify(t, p->refuse_leaks, &mem, &report);
	t->verdict = prog != NULL ? 0 : -EXO_EREFUSED;
	if (prog == NULL)
		return TWIN_FINE;
	t->accepted++;
	t->pkt_end = vf_prog_facts(prog)->pkt_end;
	t->helpers = vf_prog_facts(prog)->helpers;
	t->max_steps = vf_prog_facts(prog)->max_steps;
	t->compares = shows_none(t, &mem);
	t->compared += t->compares;
	if (t->max_steps < STEPS)
		f = both(t, prog, false);
	if (f == TWIN_FINE && t->max_steps < STEPS)
		f = both(t, prog, true);
	reach_end(true);
	if (f == TWIN_DIFFERS && t->doubtful) {
		t->unclear++;
		f = TWIN_FINE;
	}
	vf_prog_free(prog, &mem);
	if (mem.used != 0 && f == TWIN_FINE)
		return fault(t, TWIN_COMPILE, "memory was lost");
	return f;
}

/*
 * Faults
 */

struct shrinking {
	struct twin *t;
	enum twin_fault fault;
	struct life_bytes bytes;
};

static bool still(void *arg, const struct progen_prog *p)
{
	struct shrinking *s = arg;

	return s->t->tries > 0 && s->t->tries-- > 0 &&
	       twin_judge(s->t, p, s->bytes.p, s->bytes.n) == s->fault;
}

void twin_minimise(struct twin *t, struct progen_prog *prog, enum twin_fault f,
    const uint8_t *bytes, size_t size)
{
	const struct twin was = *t;
	struct shrinking s = { t, f, { bytes, size } };

	t->tries = TRIES;
	progen_shrink(prog, still, &s);
	(void)twin_judge(t, prog, bytes, size);
	t->programs = was.programs; /* they were no new ones */
	t->accepted = was.accepted;
	t->compared = was.compared;
	t->compiled = was.compiled;
	t->pairs = was.pairs;
	t->code = was.code;
}
