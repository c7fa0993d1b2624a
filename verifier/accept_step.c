/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction on a way.
 *
 * What is not followed gives unknown values: memory of maps, atomic operations,
 * results of helpers. A store through a pointer that is not known may go
 * anywhere on the stack, so all that is known of it is lost. Functions of the
 * program, tail calls and changes of the packet are given up: nothing is said
 * of such programs.
 */
#include "verifier/accept_int.h"

#include "exo/isa/decode.h"
#include "exo/isa/helpers.h"

static struct vf_way *give_up(struct vf_acc *a, enum vf_accept_why why)
{
	a->give_up = true;
	a->why = (uint8_t)why;
	return NULL;
}

static uint64_t imm(const struct exo_insn *in, unsigned width)
{
	uint64_t c = (uint64_t)(int64_t)in->imm;

	return width == 32 ? (uint32_t)c : c;
}

static const struct vf_sym *imm_of(
    struct vf_acc *a, const struct exo_insn *in, unsigned width)
{
	return vf_sym_const(a, imm(in, width));
}

static bool is_alu(const struct exo_insn *in)
{
	return (in->code & 7u) == EXO_ALU || (in->code & 7u) == EXO_ALU64;
}

/* --- arithmetic ------------------------------------------------------------ */

static bool is_pointer(const struct vf_sym *x)
{
	return x->kind != VF_SYM_NUM && x->kind != VF_SYM_SET;
}

/* A pointer that is moved; the end of the packet less its beginning. */
static const struct vf_sym *move(struct vf_acc *a, unsigned op,
    const struct vf_sym *x, const struct vf_sym *y)
{
	struct vf_sym v = *x;
	const struct vf_sym *n, *off;
	uint64_t c = 0;

	if (op == EXO_SUB && x->kind == VF_SYM_END && y->kind == VF_SYM_PKT) {
		v = *y;
		v.kind = VF_SYM_NUM;
		n = vf_sym_bytes(a, VF_BASE_CAPLEN, 0, 4, false);
		n = vf_sym_alu(a, EXO_ADD, 64, n, vf_sym_const(a, x->add));
		return vf_sym_alu(a, EXO_SUB, 64, n, vf_sym_of(a, &v));
	}
	if (op == EXO_ADD && is_pointer(y)) {
		n = x;
		x = y;
		y = n;
		v = *x;
	}
	if (is_pointer(y) || (op != EXO_ADD && op != EXO_SUB))
		return a->other;
	v.kind = VF_SYM_NUM;
	off = vf_sym_alu(a, op, 64, vf_sym_of(a, &v), y);
	if (x->kind != VF_SYM_PKT && !vf_sym_known(off, &c))
		return a->other;
	if (x->kind != VF_SYM_PKT)
		return vf_sym_pointer(a, (enum vf_sym_kind)x->kind, c);
	v = *off;
	v.kind = x->kind;
	return vf_sym_of(a, &v);
}

static const struct vf_sym *moved_value(
    struct vf_acc *a, const struct exo_insn *in, const struct vf_sym *y)
{
	bool narrow = (in->code & 7u) == EXO_ALU;

	if ((in->code & EXO_X) != 0 && in->off != 0)
		y = vf_sym_low(a, y, (unsigned)in->off, true);
	return narrow ? vf_sym_low(a, y, 32, false) : y;
}

static const struct vf_sym *byte_order(
    struct vf_acc *a, const struct exo_insn *in, const struct vf_sym *x)
{
	unsigned bits = (unsigned)in->imm;

	if (in->code == (EXO_ALU | EXO_END | EXO_K))
		return vf_sym_low(a, x, bits, false);
	return vf_sym_swap(a, x, bits);
}

static const struct vf_sym *negated(
    struct vf_acc *a, const struct exo_insn *in, const struct vf_sym *x)
{
	unsigned width = (in->code & 7u) == EXO_ALU ? 32 : 64;
	uint64_t c;

	if (!vf_sym_known(x, &c))
		return vf_sym_any(a, VF_BIT_SUMS, width);
	return vf_sym_const(a, width == 32 ? (uint32_t)(0 - c) : 0 - c);
}

static const struct vf_sym *computed(
    struct vf_acc *a, const struct vf_way *w, const struct exo_insn *in)
{
	unsigned width = (in->code & 7u) == EXO_ALU ? 32 : 64;
	unsigned op = in->code & 0xf0u;
	const struct vf_sym *x = w->r[exo_dst(in)];
	const struct vf_sym *y =
	    (in->code & EXO_X) != 0 ? w->r[exo_src(in)] : imm_of(a, in, width);

	switch (op) {
	case EXO_MOV:
		return moved_value(a, in, y);
	case EXO_END:
		return byte_order(a, in, x);
	case EXO_NEG:
		return negated(a, in, x);
	default:
		break;
	}
	if ((op == EXO_DIV || op == EXO_MOD) && in->off != 0)
		return vf_sym_any(a, VF_BIT_SUMS, width);
	if (width == 64 && (is_pointer(x) || is_pointer(y)))
		return move(a, op, x, y);
	return vf_sym_alu(a, op, width, x, y);
}

/* --- the stack ------------------------------------------------------------- */

static void forget_stack(struct vf_acc *a, struct vf_way *w)
{
	for (uint32_t i = 0; i < a->nslots; i++)
		w->slot[i] = a->other;
}

/* Slots that size bytes at a stack address take; false: it is no address of
 * the stack, or not aligned. Slot i is the 4 bytes at r10 - 4 * (i + 1). */
static bool slot_of(const struct vf_acc *a, const struct vf_sym *p, int off,
    uint32_t size, uint32_t *slot)
{
	int64_t at;

	if (p->kind != VF_SYM_STACK)
		return false;
	at = (int64_t)p->add + off;
	if (at >= 0 || at % 4 != 0 || size < 4)
		return false;
	*slot = (uint32_t)(-at / 4) - 1;
	return *slot < a->nslots && *slot + 1 >= size / 4;
}

static const struct vf_sym *stack_load(struct vf_acc *a, const struct vf_way *w,
    const struct vf_sym *p, int off, uint32_t size)
{
	const struct vf_sym *low, *high;
	uint32_t i;

	if (!slot_of(a, p, off, size, &i))
		return vf_sym_any(a, VF_BIT_OTHER, size * 8);
	low = w->slot[i];
	if (size == 4)
		return vf_sym_low(a, low, 32, false);
	high = w->slot[i - 1];
	if (is_pointer(low) || is_pointer(high))
		return low == high && i % 2 != 0 ? low : a->other;
	high = vf_sym_alu(a, EXO_LSH, 64, vf_sym_low(a, high, 32, false),
	    vf_sym_const(a, 32));
	return vf_sym_alu(a, EXO_OR, 64, vf_sym_low(a, low, 32, false), high);
}

static void stack_store(struct vf_acc *a, struct vf_way *w,
    const struct vf_sym *p, int off, uint32_t size, const struct vf_sym *v)
{
	uint32_t i;

	if (!slot_of(a, p, off, size, &i)) {
		forget_stack(a, w);
		return;
	}
	if (is_pointer(v)) {
		if (size == 4 || i % 2 == 0)
			v = a->other; /* not where one is looked for */
		w->slot[i] = v;
		if (size == 8)
			w->slot[i - 1] = v;
		return;
	}
	w->slot[i] = vf_sym_low(a, v, 32, false);
	if (size == 8)
		w->slot[i - 1] =
		    vf_sym_alu(a, EXO_RSH, 64, v, vf_sym_const(a, 32));
}

/* --- loads ----------------------------------------------------------------- */

static const struct vf_sym *packet_bytes(struct vf_acc *a,
    const struct vf_way *w, const struct vf_sym *at, uint32_t size,
    bool swapped)
{
	struct vf_sym v = *at;
	struct vf_layout l;
	uint64_t k;

	v.kind = VF_SYM_NUM;
	if (vf_sym_known(&v, &k) && k < VF_SOURCE_BYTES)
		return vf_sym_bytes(a, VF_BASE_PKT, k, size, swapped);
	vf_layout(a, w, &l);
	if (vf_is_l4(&l, &v, &k))
		return vf_sym_bytes(a, VF_BASE_L4, k, size, swapped);
	return vf_sym_any(a, VF_BIT_PLACE, size * 8);
}

/*
 * The Ethernet type as the core shows it: 0 without one, 4 for a length. Asks
 * which it is, and is asked again then; NULL: the way forked.
 */
static const struct vf_sym *protocol(struct vf_acc *a, struct vf_way *w)
{
	const struct sp_atom *type = vf_way_atom(w, SP_TYPE0);
	struct vf_layout l;

	if (a->link != SP_LINK_ETHERNET)
		return a->zero;
	vf_layout(a, w, &l);
	if (type == NULL && l.caplen < 14) {
		type = vf_way_atom(w, SP_CAPLEN);
		if (type != NULL && type->hi < 14)
			return a->zero;
		vf_test_least(&a->test, SP_CAPLEN, 14);
	} else if (type != NULL && type->lo >= 0x600) {
		return vf_sym_bytes(a, VF_BASE_PKT, 12, 2, true);
	} else if (type != NULL && type->hi < 0x600) {
		return vf_sym_const(a, 0x0400);
	} else {
		vf_test_least(&a->test, SP_TYPE0, 0x600);
	}
	a->test.again = true;
	vf_walk_fork(a, w, &a->test, w->pc, w->pc);
	return NULL;
}

static const struct vf_sym *context(
    struct vf_acc *a, struct vf_way *w, const struct exo_ctx_field *f)
{
	switch ((enum exo_ctx_kind)f->kind) {
	case EXO_CTX_DATA:
	case EXO_CTX_DATA_META:
		return vf_sym_of(
		    a, &(struct vf_sym){ .kind = VF_SYM_PKT, .wrap = 64 });
	case EXO_CTX_DATA_END:
		return vf_sym_pointer(a, VF_SYM_END, 0);
	case EXO_CTX_LEN:
		return vf_sym_bytes(a, VF_BASE_LEN, 0, 4, false);
	case EXO_CTX_PROTOCOL:
		return protocol(a, w);
	case EXO_CTX_ZERO:
		return a->zero;
	case EXO_CTX_IFINDEX:
	case EXO_CTX_SCRATCH:
	case EXO_CTX_KEPT:
	case EXO_CTX_KEPT16:
		break;
	}
	return vf_sym_any(a, VF_BIT_OTHER, f->size * 8u);
}

/* Part of a field is some of its bits. NULL: the way forked. */
static const struct vf_sym *context_load(struct vf_acc *a, struct vf_way *w,
    const struct exo_insn *in, const struct vf_sym *p)
{
	uint32_t at = (uint32_t)(p->add + (uint64_t)(int64_t)in->off);
	uint32_t size = exo_access_size(in);
	const struct exo_ctx_field *f = isa_ctx_field(a->type, at, size);
	const struct vf_sym *v;

	if (f == NULL || f->kind == EXO_CTX_SCRATCH)
		return vf_sym_any(a, VF_BIT_OTHER, size * 8);
	v = context(a, w, f);
	if (v == NULL || isa_ctx_is_ptr(f) || size == f->size)
		return v;
	v = vf_sym_alu(
	    a, EXO_RSH, 64, v, vf_sym_const(a, (at - f->off) * 8ull));
	return vf_sym_low(a, v, size * 8, false);
}

static struct vf_way *load(
    struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	const struct vf_sym *p = w->r[exo_src(in)], *v;
	uint32_t size = exo_access_size(in);
	struct vf_sym at;

	switch (p->kind) {
	case VF_SYM_CTX:
		v = context_load(a, w, in, p);
		break;
	case VF_SYM_STACK:
		v = stack_load(a, w, p, in->off, size);
		break;
	case VF_SYM_PKT:
		at = *p;
		at.add += (uint64_t)(int64_t)in->off;
		v = packet_bytes(a, w, &at, size, true);
		break;
	default:
		v = vf_sym_any(a, VF_BIT_OTHER, size * 8);
		break;
	}
	if (v == NULL)
		return NULL;
	if ((in->code & 0xe0u) == EXO_MEMSX)
		v = vf_sym_low(a, v, size * 8, true);
	w->r[exo_dst(in)] = v;
	w->pc++;
	return w;
}

/* LD_ABS and LD_IND: past the end the result is 0, and the program ends. */
static struct vf_way *load_legacy(
    struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	uint32_t size = exo_access_size(in);
	bool ind = (in->code & 0xe0u) == EXO_IND;
	struct vf_sym c;
	const struct vf_sym *at = &c;
	uint64_t k;

	vf_sym_set(&c, imm(in, 64));
	if (ind)
		at = vf_sym_alu(a, EXO_ADD, 64,
		    vf_sym_low(a, w->r[exo_src(in)], 32, false), at);
	if (vf_sym_known(at, &k) && (int64_t)k < 0)
		at = vf_sym_any(a, VF_BIT_PLACE, 64);
	vf_test_load(a, w, at, size, &a->test);
	w->r[0] = packet_bytes(a, w, at, size, false);
	for (unsigned i = 1; i < 6; i++)
		w->r[i] = a->other;
	vf_walk_fork(a, w, &a->test, w->pc + 1,
	    a->type == EXO_PROG_TC ? VF_PC_ACCEPT : VF_PC_REFUSE);
	return NULL;
}

static struct vf_way *load_imm(
    struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	uint64_t c = (uint32_t)in[0].imm | (uint64_t)(uint32_t)in[1].imm << 32;

	w->r[exo_dst(in)] =
	    exo_src(in) == EXO_LDDW_IMM ? vf_sym_const(a, c) : a->other;
	w->pc += 2;
	return w;
}

/* --- stores ---------------------------------------------------------------- */

static void store(struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	const struct vf_sym *p = w->r[exo_dst(in)], *v = imm_of(a, in, 64);
	uint32_t size = exo_access_size(in);

	if ((in->code & 7u) == EXO_STX)
		v = w->r[exo_src(in)];
	if (p->kind != VF_SYM_CTX)
		stack_store(a, w, p, in->off, size, v);
}

static void atomic(
    struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	if (in->imm == EXO_LOAD_ACQ) {
		w->r[exo_dst(in)] = a->other;
		return;
	}
	forget_stack(a, w);
	if (in->imm == EXO_CMPXCHG)
		w->r[0] = a->other;
	else if (in->imm != EXO_STORE_REL && (in->imm & EXO_FETCH) != 0)
		w->r[exo_src(in)] = a->other;
}

/* --- jumps ----------------------------------------------------------------- */

static struct vf_way *call(
    struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	const struct isa_helper *h;
	bool exists;

	if (exo_src(in) != EXO_CALL_HELPER)
		return give_up(a, VF_ACCEPT_CALLS);
	h = isa_helper((uint32_t)in->imm, a->type, &exists);
	if (h == NULL || (h->fx & ISA_FX_CALLS) != 0)
		return give_up(a, VF_ACCEPT_CALLS);
	if ((h->fx & (ISA_FX_PACKET | ISA_FX_TAIL)) != 0)
		return give_up(a, VF_ACCEPT_CHANGES);
	for (unsigned i = 0; i < ISA_ARGS; i++)
		if (isa_arg_writes((enum isa_arg)h->arg[i]))
			forget_stack(a, w);
	for (unsigned i = 0; i < 6; i++)
		w->r[i] = a->other;
	w->pc++;
	return w;
}

/* What is kept of a packet that is accepted here. */
static void keep(struct vf_acc *a, const struct vf_sym *r0)
{
	uint64_t c;

	if (a->type != EXO_PROG_SOCKET) {
		c = UINT32_MAX;
	} else if (!vf_sym_known(r0, &c)) {
		a->varies = true;
		return;
	}
	c &= UINT32_MAX;
	if (c == 0)
		return;
	a->varies |= a->kept && a->bytes != c;
	a->kept = true;
	a->bytes = (uint32_t)c;
}

/* The verdict, as exo/core/run.c reads it. */
static struct vf_way *leave(struct vf_acc *a, struct vf_way *w)
{
	const unsigned equal = EXO_JMP32 | EXO_JEQ | EXO_K;
	const struct vf_sym *r0 = w->r[0];
	struct vf_test *t = &a->test;

	keep(a, r0);
	switch (a->type) {
	case EXO_PROG_SOCKET:
		vf_test_compare(a, w, equal, r0, a->zero, t);
		vf_test_flip(t);
		break;
	case EXO_PROG_XDP: /* XDP_PASS */
		vf_test_compare(a, w, equal, r0, vf_sym_const(a, 2), t);
		break;
	case EXO_PROG_TC: /* TC_ACT_OK, TC_ACT_UNSPEC */
		vf_test_compare(a, w, equal, r0, a->zero, t);
		if (t->kind == VF_TEST_FALSE)
			vf_test_compare(
			    a, w, equal, r0, vf_sym_const(a, UINT32_MAX), t);
		else if (t->kind != VF_TEST_TRUE && !t->again)
			vf_test_unknown(t, VF_ACCEPT_SUMS);
		break;
	default:
		t->kind = VF_TEST_FALSE;
		break;
	}
	if (t->kind == VF_TEST_CUBES && t->again)
		vf_walk_fork(a, w, t, w->pc, w->pc);
	else
		vf_walk_fork(a, w, t, VF_PC_ACCEPT, VF_PC_REFUSE);
	return NULL;
}

static struct vf_way *jump(
    struct vf_acc *a, struct vf_way *w, const struct exo_insn *in)
{
	unsigned op = in->code & 0xf0u;
	bool narrow = (in->code & 7u) == EXO_JMP32;
	uint32_t to = (uint32_t)isa_target(in, w->pc);
	const struct vf_sym *y;
	struct vf_sym c;

	if (op == EXO_CALL)
		return call(a, w, in);
	if (op == EXO_EXIT)
		return leave(a, w);
	if (op == EXO_JA) {
		w->pc = to;
		return w;
	}
	y = w->r[exo_src(in)];
	if ((in->code & EXO_X) == 0) {
		vf_sym_set(&c, imm(in, narrow ? 32 : 64));
		y = &c;
	}
	vf_test_compare(a, w, in->code, w->r[exo_dst(in)], y, &a->test);
	if (a->test.kind == VF_TEST_CUBES && a->test.again)
		vf_walk_fork(a, w, &a->test, w->pc, w->pc);
	else
		vf_walk_fork(a, w, &a->test, to, w->pc + 1);
	return NULL;
}

struct vf_way *vf_acc_step(struct vf_acc *a, struct vf_way *w)
{
	const struct exo_insn *in = &a->insns[w->pc];

	if (is_alu(in)) {
		w->r[exo_dst(in)] = computed(a, w, in);
		w->pc++;
		return w;
	}
	switch (in->code & 7u) {
	case EXO_LD:
		if ((in->code & 0xe0u) == EXO_IMM)
			return load_imm(a, w, in);
		return load_legacy(a, w, in);
	case EXO_LDX:
		return load(a, w, in);
	case EXO_ST:
	case EXO_STX:
		if ((in->code & 0xe0u) == EXO_ATOMIC)
			atomic(a, w, in);
		else
			store(a, w, in);
		w->pc++;
		return w;
	default:
		return jump(a, w, in);
	}
}
