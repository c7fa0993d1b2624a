/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step backwards on a way: from what matters after an instruction to what
 * mattered before it.
 *
 * With N(k) the registers and stack bytes that matter before step k,
 *     N(k) = N(k + 1) - what the instruction writes + what it wrote it from.
 * Besides, a register that matters and says something else after the
 * instruction than before was narrowed by it, or made void: a conditional
 * jump, a helper that changes the packet. Where addresses are needed, they
 * are those of the recorded states.
 */
#include "exo/hosted/why.h"

#include "exo/isa/decode.h"
#include "exo/isa/helpers.h"

#define ARGS 0x003eu /* r1 to r5 */

/* The step at work. */
struct at {
	const struct why *w;
	struct why_needs *needs;
	const struct why_state *a, *b; /* before it, after it */
	const struct exo_insn *in;
	struct exo_fmt *note; /* or NULL */
	uint32_t pc;
	bool any;
};

static uint16_t bit(unsigned reg)
{
	return (uint16_t)(1u << reg);
}

static bool wanted(const struct at *x, unsigned reg)
{
	return (x->needs->regs[x->b->depth] & bit(reg)) != 0;
}

static void want(struct at *x, unsigned reg)
{
	if (reg != EXO_R_FP)
		x->needs->regs[x->a->depth] |= bit(reg);
}

static void done(struct at *x, unsigned reg)
{
	x->needs->regs[x->b->depth] &= (uint16_t)~bit(reg);
}

static void say(struct at *x, const char *text)
{
	if (x->note == NULL)
		return;
	if (x->note->len != 0)
		exo_fmt_str(x->note, "; ");
	exo_fmt_str(x->note, text);
}

/* "r3: 0 to 60", as it is after the step. */
static void say_reg(struct at *x, unsigned reg)
{
	say(x, "r");
	if (x->note == NULL)
		return;
	exo_fmt_u64(x->note, reg);
	exo_fmt_str(x->note, ": ");
	why_reg(x->note, &x->b->r[reg], x->b->depth, x->w->in);
}

/* Memory has become longer, as far as is known. */
static void say_memory(struct at *x)
{
	x->any = true;
	say(x, "the memory has ");
	if (x->note == NULL)
		return;
	exo_fmt_u64(x->note, x->b->mem_min);
	exo_fmt_str(x->note, " bytes or more");
}

/* Registers that the step did not write but that say something else now. */
static void say_changed(struct at *x)
{
	bool memory = false;
	unsigned i;

	for (i = 0; i < EXO_R_FP; i++) {
		memory =
		    memory || (wanted(x, i) && x->b->r[i].kind == EXO_REG_MEM);
		if (wanted(x, i) && x->a->depth == x->b->depth &&
		    !why_same(&x->a->r[i], &x->b->r[i])) {
			say_reg(x, i);
			x->any = true;
		}
	}
	if (memory && x->a->mem_min != x->b->mem_min)
		say_memory(x);
}

static void feed(struct at *x, struct why_feed f)
{
	struct why_needs *n = x->needs;
	uint32_t i;

	for (i = 0; i < n->nfeeds; i++) {
		if (n->feed[i].kind == f.kind && n->feed[i].map == f.map &&
		    n->feed[i].off == f.off && n->feed[i].size == f.size)
			return;
	}
	if (n->nfeeds < WHY_FEEDS)
		n->feed[n->nfeeds++] = f;
}

/*
 * Stack
 */

static bool byte_wanted(const struct why_needs *n, unsigned frame, unsigned b)
{
	return (n->bytes[frame][b / 64] >> (b % 64) & 1) != 0;
}

/* The first stack byte of an access at p + disp; false: not known. */
static bool stack_at(
    const struct vf_reg *p, int64_t disp, uint32_t size, uint32_t *first)
{
	int64_t at = (int64_t)p->off + disp + (int64_t)EXO_STACK_SIZE;

	if (p->kind != EXO_REG_STACK || !vf_scalar_is_const(&p->s))
		return false;
	at += (int64_t)p->s.t.v;
	if (at < 0 || at + size > (int64_t)EXO_STACK_SIZE)
		return false;
	*first = (uint32_t)at;
	return true;
}

static void want_bytes(
    struct at *x, unsigned frame, uint32_t first, uint32_t size)
{
	uint32_t b;

	for (b = first; b < first + size; b++)
		x->needs->bytes[frame][b / 64] |= (uint64_t)1 << (b % 64);
}

/* The bytes are written here: true when one of them mattered. */
static bool write_bytes(
    struct at *x, unsigned frame, uint32_t first, uint32_t size)
{
	bool hit = false;
	uint32_t b;

	for (b = first; b < first + size; b++) {
		hit = hit || byte_wanted(x->needs, frame, b);
		x->needs->bytes[frame][b / 64] &= ~((uint64_t)1 << (b % 64));
	}
	return hit;
}

/*
 * Instructions
 */

static void back_alu(struct at *x)
{
	unsigned dst = exo_dst(x->in), src = exo_src(x->in);
	unsigned op = x->in->code & 0xf0u;
	bool reg = (x->in->code & EXO_X) != 0 && op != EXO_END;

	if (!wanted(x, dst))
		return;
	x->any = true;
	say_reg(x, dst);
	if (op == EXO_MOV)
		done(x, dst);
	if (reg)
		want(x, src);
}

/* A load from outside: dst is whatever lies there. */
static void load_from(
    struct at *x, const struct vf_reg *p, unsigned base, int64_t disp)
{
	struct why_feed f = { .size = exo_access_size(x->in) };
	int64_t off = (int64_t)p->off + disp + (int64_t)p->s.r.umin;

	if (!vf_scalar_is_const(&p->s))
		want(x, base);
	if (off < 0 || off >= (int64_t)WHY_BYTES)
		return;
	f.off = (uint32_t)off;
	f.map = p->map;
	if (p->kind == EXO_REG_PKT || p->kind == EXO_REG_MEM) {
		feed(x, f);
	} else if (p->kind == EXO_REG_MAP_VALUE) {
		f.kind = WHY_FEED_MAP;
		feed(x, f);
	}
}

static void back_load(struct at *x)
{
	unsigned dst = exo_dst(x->in), src = exo_src(x->in);
	const struct vf_reg *p = &x->a->r[src];
	uint32_t first;

	if (!wanted(x, dst))
		return;
	x->any = true;
	say_reg(x, dst);
	done(x, dst);
	if (p->kind == EXO_REG_STACK &&
	    stack_at(p, x->in->off, exo_access_size(x->in), &first))
		want_bytes(x, p->frame, first, exo_access_size(x->in));
	else
		load_from(x, p, src, x->in->off);
}

static void back_packet(struct at *x)
{
	bool ind = (x->in->code & 0xe0u) == EXO_IND;

	if (wanted(x, 0)) {
		x->any = true;
		say_reg(x, 0);
		if (x->in->imm >= 0 && x->in->imm < (int32_t)WHY_BYTES)
			feed(x, (struct why_feed){ .off = (uint32_t)x->in->imm,
			            .size = exo_access_size(x->in) });
	}
	if ((x->needs->regs[x->b->depth] & ARGS) != 0) {
		x->any = true;
		say(x, "leaves r1 to r5 not set");
	}
	x->needs->regs[x->b->depth] &= (uint16_t) ~(ARGS | 1u);
	if (ind && x->any)
		want(x, exo_src(x->in));
}

static void back_ld(struct at *x)
{
	if ((x->in->code & 0xe0u) != EXO_IMM) {
		back_packet(x);
	} else if (wanted(x, exo_dst(x->in))) {
		x->any = true;
		say_reg(x, exo_dst(x->in));
		done(x, exo_dst(x->in));
	}
}

static void back_store(struct at *x)
{
	unsigned dst = exo_dst(x->in);
	const struct vf_reg *p = &x->a->r[dst];
	uint32_t first;

	if (!stack_at(p, x->in->off, exo_access_size(x->in), &first) ||
	    !write_bytes(x, p->frame, first, exo_access_size(x->in)))
		return;
	x->any = true;
	if ((x->in->code & 0x07u) == EXO_ST) {
		say(x, "writes a constant there");
		return;
	}
	say(x, "keeps it on the stack");
	say_reg(x, exo_src(x->in));
	want(x, exo_src(x->in));
}

static void back_atomic(struct at *x)
{
	bool cmpxchg = x->in->imm == EXO_CMPXCHG;
	bool load = x->in->imm == EXO_LOAD_ACQ;
	unsigned to = cmpxchg ? 0 : load ? exo_dst(x->in) : exo_src(x->in);
	unsigned base = load ? exo_src(x->in) : exo_dst(x->in);
	const struct vf_reg *p = &x->a->r[base];
	uint32_t first;

	if (load || (x->in->imm & EXO_FETCH) != 0) {
		if (!wanted(x, to))
			return;
		x->any = true;
		say_reg(x, to);
		done(x, to);
		load_from(x, p, base, x->in->off);
	} else if (stack_at(p, x->in->off, exo_access_size(x->in), &first) &&
	           write_bytes(x, p->frame, first, exo_access_size(x->in))) {
		x->any = true;
		say(x, "changes it on the stack");
		want_bytes(x, p->frame, first, exo_access_size(x->in));
	}
}

/* How many bytes it writes to its argument i, at most; 0: none. */
static uint32_t out_bytes(
    const struct at *x, const struct isa_helper *h, uint32_t i)
{
	uint64_t size;

	switch ((enum isa_arg)h->arg[i]) {
	case ISA_ARG_OUT:
		size = x->a->r[i + 2].s.r.umax;
		return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	case ISA_ARG_OUT_VALUE: /* behind the map */
		return x->w->in->maps[x->a->r[i].map].value_size;
	default:
		return 0;
	}
}

/* Stack bytes that a helper writes. */
static void helper_out(struct at *x, const struct isa_helper *h)
{
	uint32_t i, first, most;

	for (i = 0; i + 1 < ISA_ARGS; i++) {
		const struct vf_reg *p = &x->a->r[i + 1];

		most = out_bytes(x, h, i);
		if (most == 0 || most > EXO_STACK_SIZE ||
		    !stack_at(p, 0, most, &first) ||
		    !write_bytes(x, p->frame, first, most))
			continue;
		x->any = true;
		say(x, "writes it");
		if (h->nr == 26 && vf_scalar_is_const(&x->a->r[2].s) &&
		    x->a->r[2].s.t.v < WHY_BYTES)
			feed(x, (struct why_feed){
			            .off = (uint32_t)x->a->r[2].s.t.v,
			            .size = most });
	}
}

static void back_helper(struct at *x)
{
	const struct isa_helper *h =
	    isa_helper((uint32_t)x->in->imm, x->w->in->type, &(bool){ false });
	uint16_t *regs = &x->needs->regs[x->b->depth];

	if (x->b->depth > x->a->depth) { /* the function that it calls */
		x->any = true;
		say(x, "calls the function");
		*regs = 0;
		return;
	}
	if (wanted(x, 0)) {
		x->any = true;
		say_reg(x, 0);
	}
	if ((*regs & ARGS) != 0) {
		x->any = true;
		say(x, "leaves r1 to r5 not set");
	}
	*regs &= (uint16_t) ~(ARGS | 1u);
	if (h != NULL)
		helper_out(x, h);
	say_changed(x);
}

static void back_call(struct at *x)
{
	uint16_t args;

	if (exo_src(x->in) != EXO_CALL_LOCAL) {
		back_helper(x);
		return;
	}
	args = x->needs->regs[x->b->depth] & ARGS;
	x->needs->regs[x->b->depth] = 0;
	if (x->b->depth == 0)
		return;
	x->needs->regs[x->b->depth - 1] |= args;
	x->any = args != 0;
	if (x->any)
		say(x, "hands it over");
}

static void back_exit(struct at *x)
{
	uint16_t *caller = &x->needs->regs[x->b->depth];

	if (x->a->depth == x->b->depth)
		return;
	if ((*caller & ARGS) != 0) {
		x->any = true;
		say(x, "the function has left r1 to r5 not set");
	}
	x->needs->regs[x->a->depth] = *caller & 1u;
	*caller &= (uint16_t) ~(ARGS | 1u);
	if ((x->needs->regs[x->a->depth] & 1u) != 0) {
		x->any = true;
		say(x, "returns it");
		say_reg(x, 0);
	}
}

static bool is_number(const struct vf_reg *r)
{
	return r->kind == EXO_REG_SCALAR;
}

static void back_cond(struct at *x, uint32_t next)
{
	unsigned dst = exo_dst(x->in), src = exo_src(x->in);
	bool reg = (x->in->code & EXO_X) != 0;
	bool compares = wanted(x, dst) || (reg && wanted(x, src));

	say(x,
	    (int64_t)next == isa_target(x->in, x->pc) ? "taken" : "not taken");
	say_changed(x);
	x->any = x->any || compares;
	if (!x->any || !reg)
		return;
	if (is_number(&x->a->r[dst]) && is_number(&x->a->r[src])) {
		want(x, dst);
		want(x, src);
	}
}

static void back_jump(struct at *x, uint32_t next)
{
	switch (x->in->code & 0xf0u) {
	case EXO_CALL:
		if ((x->in->code & 0x07u) == EXO_JMP)
			back_call(x);
		return;
	case EXO_EXIT:
		back_exit(x);
		return;
	case EXO_JA:
		return;
	default:
		back_cond(x, next);
	}
}

bool why_back(const struct why *w, struct why_needs *needs, uint32_t k,
    struct exo_fmt *note)
{
	struct at x = { .w = w,
		.needs = needs,
		.a = &w->step[k].before,
		.b = &w->step[k + 1].before,
		.in = &w->in->insns[w->step[k].pc],
		.note = note,
		.pc = w->step[k].pc };

	switch (x.in->code & 0x07u) {
	case EXO_ALU:
	case EXO_ALU64:
		back_alu(&x);
		break;
	case EXO_LDX:
		back_load(&x);
		break;
	case EXO_LD:
		back_ld(&x);
		break;
	case EXO_ST:
		back_store(&x);
		break;
	case EXO_STX:
		if ((x.in->code & 0xe0u) == EXO_ATOMIC)
			back_atomic(&x);
		else
			back_store(&x);
		break;
	default:
		back_jump(&x, w->step[k + 1].pc);
	}
	return x.any;
}
