/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores: what an address may be, and what is proven of it.
 *
 * An access of n bytes at register + d, the register holding object + s + off,
 * touches the bytes [s + off + d, s + off + d + n) of the object:
 *
 * - packet, metadata: smin + off + d >= 0, and off + d + n < proven, since
 *   s + (proven - 1) bytes exist (branch.c). Loads only.
 * - memory: the same, or smax + off + d + n <= mem_min.
 * - stack: all places that s allows are inside the 512 bytes (stack.c).
 * - context: a field by its constant offset (exo/isa/ctx.c). Loads of data,
 *   data_end and data_meta give pointers; cb[] may be stored to.
 *
 * Any alignment will do, but for atomic operations.
 */
#include "exo/isa/decode.h"
#include "verifier/vf_int.h"

struct vf_scalar vf_loaded(uint32_t size, bool sign)
{
	struct vf_scalar any = vf_scalar_any(64);

	if (size == 8)
		return any;
	return sign ? vf_scalar_sext(&any, size * 8, 64)
	            : vf_scalar_zext(&any, size * 8, 64);
}

/*
 * Bounds
 */

/* Packet, metadata or memory: what `proven` and mem_min say. */
static int check_object(
    struct vf_env *env, unsigned reg, int32_t disp, uint32_t size)
{
	const struct vf_reg *p = &env->st.r[reg];
	int64_t at = (int64_t)p->off + disp;
	int64_t end = at + size;
	bool mem = p->kind == EXO_REG_MEM;
	uint32_t bytes = p->proven == 0 ? 0 : p->proven - 1;

	if (at + p->s.r.smin < 0)
		return vf_refuse_access(env, mem ? VF_MEM_OOB : VF_PKT_BEFORE,
		    reg, at, size, bytes);
	if (p->proven != 0 && end < (int64_t)p->proven)
		return 0;
	if (mem && end + p->s.r.smax <= (int64_t)env->st.mem_min)
		return 0;
	return vf_refuse_access(env, mem ? VF_MEM_OOB : VF_PKT_OOB, reg, at,
	    size, mem && p->id == 0 ? env->st.mem_min : bytes);
}

static int check_stack(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, struct vf_window *w)
{
	const struct vf_reg *p = &env->st.r[reg];
	int64_t at = (int64_t)p->off + disp;
	int64_t lo = at + p->s.r.smin + (int64_t)EXO_STACK_SIZE;
	int64_t hi = at + p->s.r.smax + (int64_t)EXO_STACK_SIZE;

	if (lo < 0 || hi + (int64_t)size > (int64_t)EXO_STACK_SIZE)
		return vf_refuse_access(
		    env, VF_STACK_OOB, reg, at, size, EXO_STACK_SIZE);
	w->lo = (uint32_t)lo;
	w->hi = (uint32_t)hi;
	w->size = size;
	if (env->facts.stack < EXO_STACK_SIZE - w->lo)
		env->facts.stack = EXO_STACK_SIZE - w->lo;
	return 0;
}

/* The field at a constant offset, or NULL. */
static const struct exo_ctx_field *find_field(
    const struct vf_env *env, unsigned reg, int32_t disp, uint32_t size)
{
	int64_t at = (int64_t)env->st.r[reg].off + disp;

	if (at < 0)
		return NULL;
	return isa_ctx_field(env->type, (uint32_t)at, size);
}

/* No proof is possible through these. */
static int refuse_base(struct vf_env *env, unsigned reg)
{
	switch (env->st.r[reg].kind) {
	case EXO_REG_UNINIT:
		return vf_refuse_reg(env, VF_UNINIT_REG, reg);
	case EXO_REG_SCALAR:
		return vf_refuse_reg(env, VF_NOT_POINTER, reg);
	default:
		return vf_refuse_reg(env, VF_END_ACCESS, reg);
	}
}

/*
 * Loads
 */

static int load_ctx(struct vf_env *env, const struct exo_insn *in)
{
	uint32_t size = exo_access_size(in);
	unsigned base = exo_src(in);
	unsigned dst = exo_dst(in);
	const struct exo_ctx_field *f = find_field(env, base, in->off, size);
	struct vf_scalar s = vf_loaded(size, false);
	uint8_t kind = EXO_REG_SCALAR;

	if (f == NULL || (in->code & 0xe0u) != EXO_MEM)
		return vf_refuse_access(env, VF_CTX_ACCESS, base,
		    (int64_t)env->st.r[base].off + in->off, size,
		    isa_ctx_size(env->type));
	if (f->kind == EXO_CTX_DATA)
		kind = EXO_REG_PKT;
	else if (f->kind == EXO_CTX_DATA_END)
		kind = EXO_REG_PKT_END;
	else if (f->kind == EXO_CTX_DATA_META)
		kind = EXO_REG_PKT_META;
	if (kind != EXO_REG_SCALAR)
		s = vf_scalar_const(0, 64);
	vf_set_scalar(env, dst, &s);
	env->st.r[dst].kind = kind;
	return 0;
}

/* Remember how far into the packet a program looks. */
static void note_packet(struct vf_env *env, uint64_t end)
{
	env->facts.reads_pkt = true;
	if (end >= UINT32_MAX)
		env->facts.pkt_end = UINT32_MAX;
	else if (env->facts.pkt_end < end)
		env->facts.pkt_end = (uint32_t)end;
}

static int load_object(struct vf_env *env, const struct exo_insn *in)
{
	const struct vf_reg *p = &env->st.r[exo_src(in)];
	uint32_t size = exo_access_size(in);
	bool sign = (in->code & 0xe0u) == EXO_MEMSX;
	struct vf_scalar s = vf_loaded(size, sign);
	int err = check_object(env, exo_src(in), in->off, size);

	if (err < 0)
		return err;
	if (p->kind == EXO_REG_PKT)
		note_packet(
		    env, (uint64_t)(p->off + in->off + p->s.r.smax + size));
	else if (p->kind == EXO_REG_PKT_META)
		env->facts.reads_pkt = true;
	vf_set_scalar(env, exo_dst(in), &s);
	return 0;
}

int vf_load(struct vf_env *env, const struct exo_insn *in)
{
	unsigned base = exo_src(in);
	struct vf_window w;
	int err;

	switch (env->st.r[base].kind) {
	case EXO_REG_CTX:
		return load_ctx(env, in);
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
	case EXO_REG_MEM:
		return load_object(env, in);
	case EXO_REG_STACK:
		err = check_stack(env, base, in->off, exo_access_size(in), &w);
		if (err < 0)
			return err;
		return vf_stack_load(env, &w, exo_dst(in), base,
		    (in->code & 0xe0u) == EXO_MEMSX);
	default:
		return refuse_base(env, base);
	}
}

/* ld_abs and ld_ind: the run ends where the packet does, so that nothing is
 * to be proven. They need the context in r6, and leave r1 to r5 unset. */
int vf_load_packet(struct vf_env *env, const struct exo_insn *in)
{
	const struct vf_reg *ctx = &env->st.r[EXO_R_CTX];
	uint32_t size = exo_access_size(in);
	uint64_t end = (uint64_t)(uint32_t)in->imm + size;
	struct vf_scalar s = vf_loaded(size, false);
	unsigned i;
	int err;

	if (isa_ctx_size(env->type) != EXO_SK_BUFF_SIZE)
		return vf_refuse(env, VF_LD_PKT_TYPE);
	if (in->imm < 0)
		return vf_refuse(env, VF_LD_PKT_NEG);
	if (ctx->kind != EXO_REG_CTX || ctx->off != 0)
		return vf_refuse_reg(env, VF_LD_PKT_R6, EXO_R_CTX);
	if ((in->code & 0xe0u) == EXO_IND) {
		struct vf_scalar low;

		err = vf_need(env, exo_src(in));
		if (err < 0)
			return err;
		if (vf_is_ptr(&env->st.r[exo_src(in)]))
			return vf_refuse_reg(env, VF_PTR_OP, exo_src(in));
		low = vf_scalar_zext(&env->st.r[exo_src(in)].s, 32, 64);
		end += low.r.umax;
	}
	note_packet(env, end);
	for (i = 1; i <= 5; i++)
		env->st.r[i].kind = EXO_REG_UNINIT;
	vf_set_scalar(env, 0, &s);
	return 0;
}

/*
 * Stores
 */

static int store_ctx(struct vf_env *env, const struct exo_insn *in)
{
	unsigned base = exo_dst(in);
	uint32_t size = exo_access_size(in);
	const struct exo_ctx_field *f = find_field(env, base, in->off, size);

	if (f == NULL || f->kind != EXO_CTX_SCRATCH)
		return vf_refuse_access(env, VF_CTX_WRITE, base,
		    (int64_t)env->st.r[base].off + in->off, size,
		    isa_ctx_size(env->type));
	return 0;
}

/* A pointer may lie on the program's own stack; elsewhere others see it. */
static int store_visible(struct vf_env *env, const struct exo_insn *in)
{
	unsigned base = exo_dst(in);
	unsigned src = exo_src(in);

	if ((in->code & 0x07u) == EXO_STX && env->refuse_leaks &&
	    vf_is_ptr(&env->st.r[src]))
		return vf_refuse_reg(env, VF_LEAK_STORE, src);
	if (env->st.r[base].kind == EXO_REG_CTX)
		return store_ctx(env, in);
	env->facts.pure = false;
	return check_object(env, base, in->off, exo_access_size(in));
}

int vf_store(struct vf_env *env, const struct exo_insn *in)
{
	unsigned base = exo_dst(in);
	struct vf_reg what = { .kind = EXO_REG_SCALAR };
	struct vf_window w;
	int err;

	if ((in->code & 0x07u) == EXO_STX) {
		err = vf_need(env, exo_src(in));
		if (err < 0)
			return err;
	}
	switch (env->st.r[base].kind) {
	case EXO_REG_CTX:
	case EXO_REG_MEM:
		return store_visible(env, in);
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
		return vf_refuse_reg(env, VF_PKT_WRITE, base);
	case EXO_REG_STACK:
		err = check_stack(env, base, in->off, exo_access_size(in), &w);
		if (err < 0)
			return err;
		what.s = vf_scalar_const((uint64_t)(int64_t)in->imm, 64);
		if ((in->code & 0x07u) == EXO_STX) {
			struct vf_reg *src = &env->st.r[exo_src(in)];

			if (src->kind == EXO_REG_SCALAR)
				(void)vf_link(&env->st, src);
			what = *src;
		}
		return vf_stack_store(env, &w, &what);
	default:
		return refuse_base(env, base);
	}
}

/*
 * Atomic operations
 */

static bool is_aligned(const struct vf_reg *p, int32_t disp, uint32_t size)
{
	struct vf_tnum at = vf_tnum_add(
	    p->s.t, vf_tnum_const((uint64_t)((int64_t)p->off + disp)));

	return ((at.v | at.m) & (size - 1)) == 0;
}

static int check_operand(struct vf_env *env, unsigned reg)
{
	int err = vf_need(env, reg);

	if (err == 0 && vf_is_ptr(&env->st.r[reg]))
		return vf_refuse_reg(env, VF_ATOMIC_PTR, reg);
	return err;
}

static int atomic_memory(struct vf_env *env, const struct exo_insn *in)
{
	unsigned base = exo_dst(in);
	uint32_t size = exo_access_size(in);
	struct vf_window w;
	int err;

	switch (env->st.r[base].kind) {
	case EXO_REG_CTX:
		return vf_refuse_reg(env, VF_CTX_WRITE, base);
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
		return vf_refuse_reg(env, VF_PKT_WRITE, base);
	case EXO_REG_MEM:
	case EXO_REG_STACK:
		break;
	default:
		return refuse_base(env, base);
	}
	if (!is_aligned(&env->st.r[base], in->off, size))
		return vf_refuse_access(env, VF_ATOMIC_ALIGN, base,
		    (int64_t)env->st.r[base].off + in->off, size, 0);
	if (env->st.r[base].kind == EXO_REG_MEM) {
		env->facts.pure = false;
		return check_object(env, base, in->off, size);
	}
	err = check_stack(env, base, in->off, size, &w);
	return err < 0 ? err : vf_stack_atomic(env, &w, base);
}

int vf_atomic(struct vf_env *env, const struct exo_insn *in)
{
	struct vf_scalar old = vf_loaded(exo_access_size(in), false);
	int err = check_operand(env, exo_src(in));

	if (err == 0 && in->imm == EXO_CMPXCHG)
		err = check_operand(env, 0);
	if (err == 0)
		err = atomic_memory(env, in);
	if (err < 0)
		return err;
	if (in->imm == EXO_CMPXCHG)
		vf_set_scalar(env, 0, &old);
	else if ((in->imm & EXO_FETCH) != 0)
		vf_set_scalar(env, exo_src(in), &old);
	return 0;
}
