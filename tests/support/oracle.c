/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts on trial: see oracle.h. */
#include "tests/support/oracle.h"
#include "tests/support/mem.h"
#include "tests/support/reach.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/world_int.h"

#define MEM     (32u << 20)
#define STEPS   (1u << 20) /* no run is longer, or it is not made */
#define TRIES   2000u      /* judgements to make a fault short */
#define PKT_MAX 65535u

/* A few programs explode and a few loop for long: they would take most of the
 * time, so that one in DEEP only is looked at to the end. */
#define DEEP 32u
struct effort {
	uint64_t explored; /* budget */
	uint64_t looks;    /* steps that containment looks at, each run */
};
static const struct effort quick = { 2000, 200 }, deep = { 30000, 3000 };

static const struct effort *effort_of(const struct oracle *o)
{
	return o->prog->n % DEEP == 0 || o->everywhere ? &deep : &quick;
}

static enum oracle_fault fault(
    struct oracle *o, enum oracle_fault f, const char *what)
{
	snprintf(o->text, sizeof(o->text), "%s", what);
	return f;
}

/*
 * The verdict
 */

static int verify(struct oracle *o, const struct progen_prog *p,
    struct exo_report *report, struct vf_facts *facts, bool record)
{
	struct vf_input in = { .insns = p->insns,
		.ninsns = p->n,
		.type = p->type,
		.refuse_leaks = p->refuse_leaks,
		.maps = progen_maps,
		.nmaps = PROGEN_MAPS,
		.consts = progen_consts,
		.nconsts = PROGEN_CONSTS };
	struct vf_limits limits = { effort_of(o)->explored, MEM, NULL };
	struct exo_mem mem = mem_heap(NULL);
	struct vf_trace trace = { .fn = contain_add, .ctx = &o->record };
	struct vf_prog *prog;
	int err = vf_verify_traced(
	    &in, &limits, &mem, record ? &trace : NULL, &prog, report);

	if (err == 0)
		*facts = *vf_prog_facts(prog);
	if ((err == 0) != (prog != NULL))
		abort();
	vf_prog_free(prog, &mem);
	if (mem.used != 0)
		abort();
	return err;
}

static bool has_legacy(const struct progen_prog *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		unsigned mode = p->insns[i].code & 0xe7u;

		if (mode == (EXO_LD | EXO_ABS) || mode == (EXO_LD | EXO_IND))
			return true;
	}
	return false;
}

static bool is_far_from_budget(
    const struct oracle *o, int err, uint64_t explored)
{
	return (err == 0 || err == -EXO_EREFUSED) &&
	       explored < effort_of(o)->explored / 4;
}

/* Where leaks are allowed, a part of a saved pointer is refused as in Linux,
 * though what was never written may be read: docs/verifier.md. */
static bool may_depend_on_jumps(
    const struct oracle *o, const struct exo_report *report)
{
	return !o->prog->refuse_leaks && report->code == VF_LEAK_PARTIAL;
}

static enum oracle_fault same_verdict(
    struct oracle *o, struct progen_prog *changed, enum oracle_fault f)
{
	struct exo_report report;
	struct vf_facts facts;
	int err = verify(o, changed, &report, &facts, false);

	if ((err == 0) == (o->verdict == 0) ||
	    !is_far_from_budget(
	        o, err, err == 0 ? facts.explored : report.explored) ||
	    may_depend_on_jumps(o, err == 0 ? &o->report : &report))
		return ORACLE_FINE;
	snprintf(o->text, sizeof(o->text),
	    "verdict VF%u at %u becomes VF%u at %u", o->report.code,
	    o->report.insn, report.code, report.insn);
	return f;
}

/* A jump to the next instruction, put in at one place. */
static enum oracle_fault with_jump(struct oracle *o, uint32_t at)
{
	struct progen_prog p = *o->prog;
	enum oracle_fault f;

	if (at > 0 && p.insns[at].code == 0) /* maybe a second half */
		at--;
	if (!progen_insert(&p, at))
		return ORACLE_FINE;
	f = same_verdict(o, &p, ORACLE_INSERT);
	if (f != ORACLE_FINE)
		snprintf(o->text + strlen(o->text), 40, ", ja at %u", at);
	return f;
}

static enum oracle_fault monotonic(struct oracle *o)
{
	static const uint8_t maps[4][4] = { { 7, 6, 9, 8 }, { 9, 8, 7, 6 },
		{ 7, 8, 9, 6 }, { 8, 9, 6, 7 } };
	struct progen_prog p = *o->prog;
	enum oracle_fault f = ORACLE_FINE;
	unsigned pick = o->bytes.n == 0 ? 0 : o->bytes.p[0];
	uint32_t at;

	if (!is_far_from_budget(o, o->verdict,
	        o->verdict == 0 ? o->facts.explored : o->report.explored))
		return ORACLE_FINE;
	if (!has_legacy(&p)) {
		progen_rename(&p, maps[pick % 4]);
		f = same_verdict(o, &p, ORACLE_RENAME);
	}
	for (at = 0; o->everywhere && at < p.n && f == ORACLE_FINE; at++)
		f = with_jump(o, at);
	return f == ORACLE_FINE ? with_jump(o, p.n * pick / 256) : f;
}

/*
 * Runs
 */

/* Who looks at the steps of a run: containment, or one who spoils whatever the
 * run may not rely on. */
struct watch {
	struct contain *record; /* or NULL */
	bool spoil;
	uint8_t with;
	uint32_t depth;
	uint8_t last; /* opcode of the instruction before */
	uint32_t last_pc;
	const struct exo_insn *own; /* the program's, not another's */
	bool load; /* that was a packet load in a function called back */
	struct isa_vm *vm;
};

/* A function's frame, or that of a program that a tail call went to. */
static void spoil_frame(struct watch *w, struct isa_state *s)
{
	unsigned i;

	memset(isa_frames(w->vm) + (size_t)s->depth * EXO_STACK_SIZE, w->with,
	    EXO_STACK_SIZE);
	s->r[0] = w->with;
	for (i = 6; i < 10; i++)
		s->r[i] = 0x0101010101010101u * w->with;
}

static void spoil(struct watch *w, struct isa_state *s, uint32_t pc)
{
	bool called = w->last == (EXO_JMP | EXO_CALL);
	/* a packet load past the end leaves, too: maybe to its own start */
	bool left = w->last == (EXO_JMP | EXO_EXIT) ||
	            ((w->last & 7u) == EXO_LD && pc <= w->last_pc);
	bool entered = s->depth > w->depth || (left && s->depth == w->depth);
	bool tail = called && pc == 0;
	unsigned i, from = 1;

	if (entered || tail)
		spoil_frame(w, s);
	if (tail)
		from = 2;
	if (!entered && (called || left || (w->last & 7u) == EXO_LD)) {
		if ((w->last & 7u) == EXO_LD && (w->last & 0xe0u) == EXO_IMM)
			from = 6;
		for (i = from; i < 6; i++)
			s->r[i] = 0x0101010101010101u * w->with;
	}
}

static bool loads(
    const struct watch *w, const struct isa_vm *vm, const struct isa_state *s)
{
	unsigned mode = w->last & 0xe7u, i;

	if (s->code.insns != w->own ||
	    (mode != (EXO_LD | EXO_ABS) && mode != (EXO_LD | EXO_IND)))
		return false;
	for (i = vm->base; i < s->depth; i++) {
		if (s->saved[i].loop.next != NULL)
			return true;
	}
	return false;
}

static bool watch_step(
    void *ctx, struct isa_vm *vm, struct isa_state *s, uint32_t pc)
{
	struct watch *w = ctx;

	w->vm = vm;
	if (w->spoil)
		spoil(w, s, pc);
	if (w->load) /* past the end, the function has ended */
		reach_load(pc == w->last_pc + 1 && s->depth == w->depth);
	w->depth = s->depth;
	w->last_pc = pc;
	w->last = pc < s->code.n ? s->code.insns[pc].code : 0;
	w->load = loads(w, vm, s);
	return w->record == NULL || contain_look(w->record, vm, s, pc);
}

static uint64_t fuel_of(const struct oracle *o)
{
	return o->facts.max_steps +
	       (o->facts.tail_calls ? ISA_TAILS_MAX * tail_steps(o->prog->type)
	                            : 0);
}

static enum oracle_fault run(
    struct oracle *o, struct life *l, struct watch *w, const char *where)
{
	struct isa_vm *vm = exo_world_vm(l->w);
	struct step_look look = { watch_step, w, false };
	enum isa_end end;
	uint64_t r0;

	isa_point(vm, o->prog->type, o->prog->insns, o->prog->n);
	vm->stack = 0;
	memset(isa_frames(vm), w->with, EXO_MAX_FRAMES * EXO_STACK_SIZE);
	vm->fuel = fuel_of(o);
	world_begin(l->w);
	l->w->serial = w->with * 3u;
	o->record.insns = o->prog->insns;
	o->record.steps = 0;
	o->record.most = effort_of(o)->looks;
	o->record.failed = false;
	w->own = o->prog->insns;
	w->load = false;
	end = step_run(vm, &r0, &look);
	if (w->load)
		reach_load(false);
	o->runs++;
	o->steps += fuel_of(o) - vm->fuel;
	o->looked += o->record.steps;
	life_note(l, LIFE_RESULT, &end, sizeof(end));
	life_note(l, LIFE_RESULT, &r0, sizeof(r0));
	if (look.stopped) {
		snprintf(o->text, sizeof(o->text), "%s: at %u: %s", where,
		    o->record.failed_pc, o->record.why);
		return ORACLE_CONTAIN;
	}
	if (end == ISA_END_EXIT || end == ISA_END_REJECT)
		return ORACLE_FINE;
	snprintf(o->text, sizeof(o->text), "%s: isa_end %d at %u", where, end,
	    vm->end_pc);
	return end == ISA_END_FUEL ? ORACLE_STEPS : ORACLE_TRAP;
}

static enum oracle_fault many_runs(struct oracle *o, bool full)
{
	uint32_t e = o->facts.pkt_end > 4096 ? 100 : o->facts.pkt_end;
	const uint32_t sizes[] = { 0, 1, PROGEN_NEED, e == 0 ? 13 : e - 1, e,
		e + 1, 128, PKT_MAX };
	struct watch w = { .record = &o->record, .with = full ? 0x22 : 0 };
	enum oracle_fault f = ORACLE_FINE;
	struct life l;
	char where[64];
	unsigned i;

	life_begin(&l, o->prog->type, &o->bytes, full);
	for (i = full ? 3 : 0; i < (full ? 7u : 8u) && f == ORACLE_FINE; i++) {
		if (i == 7 && o->bytes.n % 8 != 0)
			break;
		snprintf(where, sizeof(where), "%s maps, %u bytes",
		    full ? "full" : "empty", sizes[i]);
		life_supply(&l, &o->bytes, sizes[i], i % 3 * 8, i);
		w.depth = 0;
		w.last = 0;
		f = run(o, &l, &w, where);
	}
	life_finish(&l);
	return f;
}

static bool sees_order(const struct progen_prog *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		if (p->insns[i].code == (EXO_JMP | EXO_CALL) &&
		    p->insns[i].imm == 164)
			return true;
	}
	return false;
}

/* Elements of a hash, elsewhere than in another world: those that are free
 * are used in turn. */
static void place_elements(struct life *l, uint32_t map, bool elsewhere)
{
	const uint8_t zeros[64] = { 0 };
	uint8_t key[8] = { 0 };
	uint32_t i;

	for (i = 0; i < progen_maps[map].max_entries; i++) {
		key[0] = (uint8_t)i;
		(void)map_delete(l->w->maps[map], key);
	}
	key[0] = 0xff;
	for (i = 0; elsewhere && i < progen_maps[map].max_entries / 2; i++) {
		(void)exo_world_update(l->w, map, key, zeros);
		(void)map_delete(l->w->maps[map], key);
	}
	for (i = 0; i + 1 < progen_maps[map].max_entries; i++) {
		key[0] = (uint8_t)i;
		(void)exo_world_update(l->w, map, key, zeros);
	}
}

/* Elements of the trie: in another order. */
static void place_prefixes(struct life *l, bool elsewhere)
{
	const uint8_t zeros[64] = { 0 };
	uint32_t i, key[2];

	for (i = 0; i < 2; i++) {
		key[0] = (i != 0) == elsewhere ? 16 : 31;
		key[1] = progen_nets[1];
		(void)exo_world_update(l->w, PROGEN_TRIE, key, zeros);
	}
}

static void place(struct life *l, bool elsewhere)
{
	static const uint8_t hashes[] = { PROGEN_HASH, PROGEN_WRONLY,
		PROGEN_LRU, PROGEN_CPU_HASH, PROGEN_CPU_LRU };
	unsigned i;

	for (i = 0; i < sizeof(hashes); i++)
		place_elements(l, hashes[i], elsewhere);
	place_prefixes(l, elsewhere);
}

/* Two worlds that differ in what a program may not see: where packets,
 * records, keys, a hash's and a trie's elements are. Stacks, contexts and arrays have
 * one address each. */
static enum oracle_fault blind(struct oracle *o, uint32_t size)
{
	bool elsewhere = !sees_order(o->prog);
	enum oracle_fault f = ORACLE_FINE;
	uint64_t first[LIFE_PARTS];
	unsigned k;

	for (k = 0; k < 2 && f == ORACLE_FINE; k++) {
		struct watch w = { .spoil = true,
			.with = k == 0 ? 0x11 : 0xee };
		struct life l;

		life_begin(&l, o->prog->type, &o->bytes, false);
		place(&l, k == 1 && elsewhere);
		life_supply(&l, &o->bytes, size, 4, 2);
		if (k == 1 && o->prog->type != EXO_PROG_MEM)
			isa_pkt_moved(exo_world_vm(l.w));
		f = run(o, &l, &w, "spoiled");
		life_note_all(&l);
		if (k == 1 && f == ORACLE_FINE &&
		    memcmp(first, l.sum, sizeof(first)) != 0)
			f = fault(o, ORACLE_LEAK, "two runs differ");
		memcpy(first, l.sum, sizeof(first));
		life_finish(&l);
	}
	return f;
}

enum oracle_fault oracle_judge(struct oracle *o, const struct progen_prog *prog,
    const uint8_t *bytes, size_t size)
{
	enum oracle_fault f = ORACLE_FINE;

	o->prog = prog;
	o->bytes = (struct life_bytes){ bytes, size };
	o->programs++;
	reach_begin();
	contain_start(&o->record, prog->n);
	o->verdict = verify(o, prog, &o->report, &o->facts, true);
	if (o->verdict != 0) {
		o->explored += o->report.explored;
		o->budget += o->verdict == -EXO_EBUDGET;
		if ((o->verdict != -EXO_EREFUSED &&
		        o->verdict != -EXO_EBUDGET) ||
		    o->report.code == VF_OK ||
		    (o->report.insn >= prog->n &&
		        o->report.insn != EXO_REPORT_NOWHERE))
			return fault(o, ORACLE_REPORT, "no report");
		return monotonic(o);
	}
	o->accepted++;
	o->explored += o->facts.explored;
	if (o->facts.stack > EXO_STACK_SIZE ||
	    o->facts.stack_chain > EXO_STACK_SIZE)
		return fault(o, ORACLE_REPORT, "facts.stack");
	if (o->facts.max_steps < STEPS) {
		f = many_runs(o, false);
		if (f == ORACLE_FINE)
			f = many_runs(o, true);
		if (f == ORACLE_FINE && prog->refuse_leaks)
			f = blind(o, 100);
	}
	reach_end(true);
	return f == ORACLE_FINE ? monotonic(o) : f;
}

/*
 * Faults
 */

struct shrinking {
	struct oracle *o;
	enum oracle_fault fault;
	struct life_bytes bytes;
};

static bool still(void *arg, const struct progen_prog *p)
{
	struct shrinking *s = arg;

	return s->o->tries > 0 && s->o->tries-- > 0 &&
	       oracle_judge(s->o, p, s->bytes.p, s->bytes.n) == s->fault;
}

void oracle_minimise(struct oracle *o, struct progen_prog *prog,
    enum oracle_fault f, const uint8_t *bytes, size_t size)
{
	const uint64_t counts[4] = { o->programs, o->accepted, o->budget,
		o->explored };
	struct shrinking s = { o, f, { bytes, size } };

	o->everywhere = true;
	o->tries = TRIES;
	progen_shrink(prog, still, &s);
	(void)oracle_judge(o, prog, bytes, size);
	o->everywhere = false;
	o->programs = counts[0]; /* they were no new ones */
	o->accepted = counts[1];
	o->budget = counts[2];
	o->explored = counts[3];
}

void oracle_free(struct oracle *o)
{
	contain_free(&o->record);
}
