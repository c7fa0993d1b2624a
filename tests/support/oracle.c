/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts on trial: see oracle.h. */
#include "tests/support/oracle.h"
#include "tests/support/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/world_int.h"
#include "exo/isa/text.h"

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
		.nmaps = PROGEN_MAPS };
	struct vf_limits limits = { effort_of(o)->explored, MEM };
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
	unsigned pick = o->size == 0 ? 0 : o->bytes[0];
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
 * Worlds
 */

struct life {
	struct exo_mem mem;
	struct exo_world *w;
	uint64_t sum;   /* of all that is left behind */
	uint8_t *space; /* a mem program's memory */
	uint32_t space_size;
	struct exo_world_prog tail;
};

static const struct exo_insn tail_insns[] = {
	{ EXO_ALU64 | EXO_MOV, 0, 0, 2 },
	{ EXO_JMP | EXO_EXIT, 0, 0, 0 },
};
#define TAIL_STEPS 2u

static void note(struct life *l, const void *p, size_t size)
{
	const uint8_t *b = p;

	while (size-- > 0)
		l->sum = (l->sum ^ *b++) * 0x100000001b3u;
}

static int event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	struct life *l = arg;

	note(l, &map, sizeof(map));
	note(l, data, size);
	note(l, pkt, npkt);
	return -(int)(size % 3);
}

/* Words that arithmetic dislikes, and those of the input. */
static void fill(const struct oracle *o, uint8_t *to, uint32_t n, uint32_t skip)
{
	static const uint64_t odd[] = { 0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 128,
		255, 256, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0xffffffff00000000, 0x7fffffffffffffff,
		0x8000000000000000, UINT64_MAX, UINT64_MAX - 7,
		0xffffffff80000000, 0x5555555555555555, 0x0102030405060708,
		0x1fffffff, 0x20000000 };
	uint32_t i, at = skip * 5;

	for (i = 0; i < n; i += 8) {
		uint64_t x =
		    odd[(i / 8 * 7 + skip) % (sizeof(odd) / sizeof(odd[0]))];

		if (at + 9 <= o->size && o->bytes[at] % 4 == 0) {
			memcpy(&x, o->bytes + at + 1, 8);
			at += 9;
		} else if (at < o->size) {
			x = odd[o->bytes[at++] / 4 %
			        (sizeof(odd) / sizeof(odd[0]))];
		}
		memcpy(to + i, &x, n - i < 8 ? n - i : 8);
	}
}

static void fill_maps(const struct oracle *o, struct life *l, bool full)
{
	uint8_t key[8], value[64];
	uint32_t i;

	for (i = 0; i < 4; i++) {
		memset(key, 0, sizeof(key));
		key[0] = (uint8_t)i;
		fill(o, value, sizeof(value), i + 3);
		(void)exo_world_update(l->w, PROGEN_ARRAY, key, value);
		(void)exo_world_update(l->w, PROGEN_WIDE, key, value);
		(void)exo_world_update(l->w, PROGEN_RDONLY, key, value);
		if (!full)
			continue;
		(void)exo_world_update(l->w, PROGEN_HASH, key, value);
		(void)exo_world_update(l->w, PROGEN_WRONLY, key, value);
	}
	while (full) {
		uint8_t *r = map_ring_reserve(l->w->maps[PROGEN_RING], 1000);

		if (r == NULL)
			break;
		map_ring_commit(l->w->maps[PROGEN_RING], r, false);
	}
}

static void begin(const struct oracle *o, struct life *l, bool full)
{
	struct exo_world_config cfg = { .maps = progen_maps,
		.nmaps = PROGEN_MAPS,
		.seed = full ? 99 : o->size,
		.event = event,
		.arg = l };

	memset(l, 0, sizeof(*l));
	l->mem = mem_heap(NULL);
	cfg.mem = &l->mem;
	if (exo_world_new(&cfg, &l->w) != 0)
		abort();
	l->tail = (struct exo_world_prog){ tail_insns, TAIL_STEPS,
		o->prog->type, NULL };
	if (o->prog->type != EXO_PROG_MEM)
		(void)exo_world_slot(l->w, PROGEN_PROGS, 1, &l->tail);
	fill_maps(o, l, full);
}

static void finish(struct life *l)
{
	exo_world_free(l->w);
	free(l->space);
	if (l->mem.used != 0)
		abort();
}

/* A packet, or memory, of so many bytes, and metadata. */
static void supply(const struct oracle *o, struct life *l, uint32_t size,
    uint32_t meta, uint32_t skip)
{
	uint8_t *bytes = malloc(size == 0 ? 1 : size);
	struct isa_vm *vm = exo_world_vm(l->w);
	struct isa_pkt pkt = { bytes, size, size + skip % 4, 0x80000001,
		0x86dd };

	if (bytes == NULL)
		abort();
	fill(o, bytes, size > 512 ? 512 : size, skip);
	if (size > 512)
		memset(bytes + 512, 0x5a, size - 512);
	if (o->prog->type == EXO_PROG_MEM) {
		free(l->space);
		l->space = bytes;
		l->space_size = size;
		isa_set_mem(vm, bytes, size);
		return;
	}
	if (exo_world_pkt(l->w, &pkt) != 0)
		abort();
	free(bytes);
	if (o->prog->type == EXO_PROG_XDP || o->prog->type == EXO_PROG_TC) {
		vm->room.meta = meta;
		if (meta != 0)
			isa_pkt_moved(vm);
	}
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
	struct isa_vm *vm;
};

static void spoil(struct watch *w, struct isa_state *s)
{
	bool called = w->last == (EXO_JMP | EXO_CALL);
	bool left = w->last == (EXO_JMP | EXO_EXIT);
	unsigned i, from = 1;

	if (s->depth > w->depth || (left && s->depth == w->depth)) {
		memset(w->vm->frames + (size_t)s->depth * EXO_STACK_SIZE,
		    w->with, EXO_STACK_SIZE);
		s->r[0] = w->with;
		for (i = 6; i < 10; i++)
			s->r[i] = 0x0101010101010101u * w->with;
	} else if (called || left || (w->last & 7u) == EXO_LD) {
		if ((w->last & 7u) == EXO_LD && (w->last & 0xe0u) == EXO_IMM)
			from = 6;
		for (i = from; i < 6; i++)
			s->r[i] = 0x0101010101010101u * w->with;
	}
}

static bool watch_step(
    void *ctx, struct isa_vm *vm, struct isa_state *s, uint32_t pc)
{
	struct watch *w = ctx;

	w->vm = vm;
	if (w->spoil)
		spoil(w, s);
	w->depth = s->depth;
	w->last = pc < s->code.n ? s->code.insns[pc].code : 0;
	return w->record == NULL || contain_look(w->record, vm, s, pc);
}

static uint64_t fuel_of(const struct oracle *o)
{
	return o->facts.max_steps + (o->facts.tail_calls ? TAIL_STEPS : 0);
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
	memset(vm->frames, w->with, sizeof(vm->frames));
	vm->fuel = fuel_of(o);
	world_begin(l->w);
	l->w->serial = w->with * 3u;
	o->record.insns = o->prog->insns;
	o->record.steps = 0;
	o->record.most = effort_of(o)->looks;
	o->record.failed = false;
	end = step_run(vm, &r0, &look);
	o->runs++;
	o->steps += fuel_of(o) - vm->fuel;
	o->looked += o->record.steps;
	note(l, &end, sizeof(end));
	note(l, &r0, sizeof(r0));
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

	begin(o, &l, full);
	for (i = full ? 3 : 0; i < (full ? 7u : 8u) && f == ORACLE_FINE; i++) {
		if (i == 7 && o->size % 8 != 0)
			break;
		snprintf(where, sizeof(where), "%s maps, %u bytes",
		    full ? "full" : "empty", sizes[i]);
		supply(o, &l, sizes[i], i % 3 * 8, i);
		w.depth = 0;
		w.last = 0;
		f = run(o, &l, &w, where);
	}
	finish(&l);
	return f;
}

/* All elements of a map; their order is no matter. */
static void note_map(struct life *l, uint32_t map)
{
	uint8_t key[8] = { 0 }, value[64] = { 0 };
	uint64_t all = 0;
	uint32_t pos = 0;

	while (exo_world_next(l->w, map, &pos, key, value) == 0) {
		struct life one = { .sum = map };

		note(&one, key, sizeof(key));
		note(&one, value, sizeof(value));
		all += one.sum;
	}
	note(l, &all, sizeof(all));
}

static void note_all(struct life *l)
{
	struct isa_vm *vm = exo_world_vm(l->w);
	uint32_t map, len;
	const uint8_t *rec;

	note(l, l->space, l->space_size);
	if (vm->pkt.data != NULL)
		note(l, vm->pkt.data, vm->pkt.caplen);
	note(l, &vm->own, sizeof(vm->own));
	for (map = 0; map < PROGEN_MAPS; map++) {
		note_map(l, map);
		while ((rec = exo_world_record(l->w, map, &len)) != NULL)
			note(l, rec, len);
	}
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
	uint8_t key[8] = { 0xff };
	uint32_t i;

	for (i = 0; elsewhere && i < progen_maps[map].max_entries / 2; i++) {
		(void)exo_world_update(l->w, map, key, zeros);
		(void)map_delete(l->w->maps[map], key);
	}
	for (i = 0; i + 1 < progen_maps[map].max_entries; i++) {
		key[0] = (uint8_t)i;
		(void)exo_world_update(l->w, map, key, zeros);
	}
}

/* Two worlds that differ in what a program may not see: where packets,
 * records, keys and a hash's elements are. Stacks, contexts and arrays have
 * one address each. */
static enum oracle_fault blind(struct oracle *o, uint32_t size)
{
	bool elsewhere = !sees_order(o->prog);
	enum oracle_fault f = ORACLE_FINE;
	uint64_t first = 0;
	unsigned k;

	for (k = 0; k < 2 && f == ORACLE_FINE; k++) {
		struct watch w = { .spoil = true,
			.with = k == 0 ? 0x11 : 0xee };
		struct life l;

		begin(o, &l, false);
		place_elements(&l, PROGEN_HASH, k == 1 && elsewhere);
		place_elements(&l, PROGEN_WRONLY, k == 1 && elsewhere);
		supply(o, &l, size, 4, 2);
		if (k == 1 && o->prog->type != EXO_PROG_MEM)
			isa_pkt_moved(exo_world_vm(l.w));
		f = run(o, &l, &w, "spoiled");
		note_all(&l);
		if (k == 1 && f == ORACLE_FINE && l.sum != first)
			f = fault(o, ORACLE_LEAK, "two runs differ");
		first = l.sum;
		finish(&l);
	}
	return f;
}

enum oracle_fault oracle_judge(struct oracle *o, const struct progen_prog *prog,
    const uint8_t *bytes, size_t size)
{
	enum oracle_fault f = ORACLE_FINE;

	o->prog = prog;
	o->bytes = bytes;
	o->size = size;
	o->programs++;
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
	return f == ORACLE_FINE ? monotonic(o) : f;
}

/*
 * Faults
 */

static bool still(struct oracle *o, const struct progen_prog *p,
    enum oracle_fault f, const uint8_t *bytes, size_t size)
{
	return o->tries > 0 && o->tries-- > 0 &&
	       oracle_judge(o, p, bytes, size) == f;
}

void oracle_minimise(struct oracle *o, struct progen_prog *prog,
    enum oracle_fault f, const uint8_t *bytes, size_t size)
{
	const uint64_t counts[4] = { o->programs, o->accepted, o->budget,
		o->explored };
	struct progen_prog was;
	bool any = true;
	uint32_t i;

	o->everywhere = true;
	o->tries = TRIES;
	while (any) {
		any = false;
		for (i = prog->n; i-- > 0;) {
			was = *prog;
			if (i >= prog->n || (prog->insns[i].code == 0 && i > 0))
				continue;
			if (progen_remove(prog, i) && prog->n > 0 &&
			    still(o, prog, f, bytes, size)) {
				any = true;
				continue;
			}
			*prog = was;
			if ((prog->insns[i].code & 6u) != 4 ||
			    prog->insns[i].code == (EXO_JMP | EXO_JA))
				continue;
			/* a jump always taken */
			prog->insns[i] = (struct exo_insn){ EXO_JMP | EXO_JA, 0,
				was.insns[i].off, 0 };
			if ((was.insns[i].code & 7u) == EXO_JMP &&
			    (was.insns[i].code & 0xf0u) != EXO_CALL &&
			    (was.insns[i].code & 0xf0u) != EXO_EXIT &&
			    still(o, prog, f, bytes, size))
				any = true;
			else
				*prog = was;
		}
	}
	(void)oracle_judge(o, prog, bytes, size);
	o->everywhere = false;
	o->programs = counts[0]; /* they were no new ones */
	o->accepted = counts[1];
	o->budget = counts[2];
	o->explored = counts[3];
}

void oracle_print(const struct progen_prog *prog)
{
	static const char *const types[] = { "", "mem", "xdp", "socket", "tc" };
	char line[256];
	uint32_t i = 0;

	fprintf(stderr, "# %s, leaks %s, %u instructions\n", types[prog->type],
	    prog->refuse_leaks ? "refused" : "allowed", prog->n);
	while (i < prog->n) {
		struct exo_fmt fmt;
		uint32_t slots;

		exo_fmt_init(&fmt, line, sizeof(line));
		slots = isa_disasm(&fmt, prog->insns, prog->n, i);
		fprintf(stderr, "%4u: %s\n", i, line);
		i += slots;
	}
}

void oracle_free(struct oracle *o)
{
	contain_free(&o->record);
}
