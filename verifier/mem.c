/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores: what an address may be, and what is proven of it.
 *
 * An access of n bytes at register + d, the register holding object + s + off,
 * touches the bytes [s + off + d, s + off + d + n) of the object:
 *
 * - packet, metadata: smin + off + d >= 0, and off + d + n < proven, since
 *   s + (proven - 1) bytes exist (branch.c). xdp and tc programs may store.
 * - memory: the same, or smax + off + d + n <= mem_min.
 * - values and keys of maps, ring buffer memory: smin + off + d >= 0 and
 *   smax + off + d + n <= their size.
 * - stack: all places that s allows are inside the 512 bytes (stack.c).
 * - context: a field by its constant offset (exo/isa/ctx.c). Loads of data,
 *   data_end and data_meta give pointers.
 *
 * An instruction works on the context on all paths or on none, and then on one
 * field: a compiler may have to rewrite one that does.
 *
 * Any alignment will do, but for atomic operations.
 */
#include "exo/isa/decode.h"
#include "verifier/step_int.h"

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
static int check_proven(
    struct vf_env *env, unsigned reg, int32_t disp, uint32_t size)
{
	const struct vf_reg *p = &env->st.r[reg];
	int64_t at = (int64_t)p->off + disp;
	int64_t end = at + size;
	bool mem = p->kind == EXO_REG_MEM;
	uint32_t bytes = p->proven == 0 ? 0 : p->proven - 1;

	if (!vf_is_near(&p->s)) /* the end of memory of any size */
		return vf_refuse_access(env, VF_MEM_OOB, reg, at, size, 0);
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

/* An object whose size is known. */
static int check_sized(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, uint32_t limit, enum vf_code code)
{
	const struct vf_reg *p = &env->st.r[reg];
	int64_t at = (int64_t)p->off + disp;

	if (at + p->s.r.smin >= 0 && at + p->s.r.smax + size <= (int64_t)limit)
		return 0;
	return vf_refuse_access(env, code, reg, at, size, limit);
}

static bool reads(enum vf_use use)
{
	return use == VF_READ || use == VF_READ_WRITE || use == VF_HELPER_READ;
}

static bool writes(enum vf_use use)
{
	return use != VF_READ && use != VF_HELPER_READ;
}

static int check_value(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, enum vf_use use)
{
	const struct exo_map_def *def = &env->in->maps[env->st.r[reg].map];

	if (writes(use) && (def->flags & EXO_MAP_RDONLY_PROG) != 0)
		return vf_refuse_reg(env, VF_MAP_RDONLY, reg);
	if (reads(use) && (def->flags & EXO_MAP_WRONLY_PROG) != 0)
		return vf_refuse_reg(env, VF_MAP_WRONLY, reg);
	return check_sized(env, reg, disp, size, def->value_size, VF_VALUE_OOB);
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

static int check_packet(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, enum vf_use use)
{
	const struct vf_reg *p = &env->st.r[reg];
	bool may = env->type == EXO_PROG_XDP || env->type == EXO_PROG_TC;
	int err;

	if (writes(use) && (!may || env->in->no_pkt_write))
		return vf_refuse_reg(env, VF_PKT_WRITE, reg);
	err = check_proven(env, reg, disp, size);
	if (err < 0)
		return err;
	if (writes(use)) {
		env->facts.writes_pkt = true;
		env->facts.pure = false;
	}
	if (p->kind == EXO_REG_PKT)
		note_packet(
		    env, (uint64_t)(p->off + disp + p->s.r.smax + size));
	else
		env->facts.reads_pkt = true;
	return 0;
}

int vf_check_object(struct vf_env *env, unsigned reg, int32_t disp,
    uint32_t size, enum vf_use use)
{
	const struct vf_reg *p = &env->st.r[reg];

	if (p->kind == EXO_REG_PKT || p->kind == EXO_REG_PKT_META)
		return check_packet(env, reg, disp, size, use);
	if (writes(use))
		env->facts.pure = false;
	switch (p->kind) {
	case EXO_REG_MEM:
		return check_proven(env, reg, disp, size);
	case EXO_REG_MAP_VALUE:
		return check_value(env, reg, disp, size, use);
	case EXO_REG_MAP_KEY:
		if (writes(use))
			return vf_refuse_reg(env, VF_KEY_ACCESS, reg);
		return check_sized(env, reg, disp, size,
		    env->in->maps[p->map].key_size, VF_KEY_ACCESS);
	case EXO_REG_RING:
		return check_sized(
		    env, reg, disp, size, p->proven, VF_RING_OOB);
	default:
		return vf_refuse_base(env, reg);
	}
}

/* Frame k's function has been seen to use its stack from byte lo on. */
static void note_stack(struct vf_env *env, uint32_t k, uint32_t lo)
{
	struct vf_inst *inst = env->inst;

	while (inst->depth > k)
		inst = inst->parent;
	if (inst->func->stack < EXO_STACK_SIZE - lo)
		inst->func->stack = EXO_STACK_SIZE - lo;
}

int vf_check_stack(struct vf_env *env, unsigned reg, int32_t disp,
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
	w->frame = p->frame;
	note_stack(env, w->frame, w->lo);
	return 0;
}

int vf_refuse_base(struct vf_env *env, unsigned reg)
{
	const struct vf_reg *p = &env->st.r[reg];

	if (vf_is_or_null(p))
		return vf_refuse_reg(env, VF_PTR_NULL, reg);
	switch (p->kind) {
	case EXO_REG_UNINIT:
		return vf_refuse_reg(env, VF_UNINIT_REG, reg);
	case EXO_REG_SCALAR:
	case EXO_REG_FUNC:
		return vf_refuse_reg(env, VF_NOT_POINTER, reg);
	case EXO_REG_MAP:
		return vf_refuse_reg(env, VF_MAP_ACCESS, reg);
	default:
		return vf_refuse_reg(env, VF_END_ACCESS, reg);
	}
}

/* This instruction accesses the context through a pointer moved by so much:
 * on all ways by the same. Few programs move it at all. */
static int note_moved(struct vf_env *env, unsigned reg)
{
	bool first = (env->flag[env->pc] & VF_FLAG_CTX) == 0;
	int32_t by = env->st.r[reg].off;

	if (env->moved == NULL) {
		if (by == 0)
			return 0;
		env->moved = vf_get(env, env->n * sizeof(env->moved[0]));
		if (env->moved == NULL)
			return vf_no_memory(env);
	}
	if (!first && env->moved[env->pc] != by)
		return vf_refuse_reg(env, VF_KIND_MIX, reg);
	env->moved[env->pc] = by;
	return 0;
}

/* This instruction accesses what reg points to. */
static int note_kind(struct vf_env *env, unsigned reg)
{
	bool ctx = env->st.r[reg].kind == EXO_REG_CTX;
	uint8_t *flag = &env->flag[env->pc];
	int err = 0;

	if (!vf_is_ptr(&env->st.r[reg]))
		return 0; /* refused for that */
	if (ctx)
		err = note_moved(env, reg);
	if (err < 0)
		return err;
	*flag |= ctx ? VF_FLAG_CTX : VF_FLAG_MEM;
	if ((*flag & (VF_FLAG_CTX | VF_FLAG_MEM)) ==
	    (VF_FLAG_CTX | VF_FLAG_MEM))
		return vf_refuse_reg(env, VF_KIND_MIX, reg);
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

/*
 * Loads
 */

static int load_ctx(struct vf_env *env, const struct exo_insn *in, bool sign)
{
	uint32_t size = exo_access_size(in);
	unsigned base = exo_src(in);
	unsigned dst = exo_dst(in);
	const struct exo_ctx_field *f = find_field(env, base, in->off, size);
	struct vf_scalar s = vf_loaded(size, sign);
	uint8_t kind = EXO_REG_SCALAR;

	if (f == NULL || (sign && isa_ctx_is_ptr(f)))
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

const struct vf_const *vf_never_changes(const struct vf_env *env, uint32_t map)
{
	const struct exo_map_def *def = &env->in->maps[map];

	if (def->kind != EXO_MAP_ARRAY || def->max_entries != 1 ||
	    (def->flags & EXO_MAP_RDONLY_PROG) == 0)
		return NULL;
	for (uint32_t i = 0; i < env->in->nconsts; i++)
		if (env->in->consts[i].map == map)
			return &env->in->consts[i];
	return NULL;
}

/* Whether an access that is inside of its object finds a known number there:
 * the pointer is to the only element, at one place. */
static bool find_known(const struct vf_env *env, unsigned base, int32_t disp,
    uint32_t size, uint64_t *v)
{
	const struct vf_reg *p = &env->st.r[base];
	const struct vf_const *c;
	int64_t at;

	if (p->kind != EXO_REG_MAP_VALUE || p->s.r.smin != p->s.r.smax)
		return false;
	c = vf_never_changes(env, p->map);
	if (c == NULL)
		return false;
	at = (int64_t)p->off + disp + p->s.r.smin;
	*v = 0;
	for (uint32_t k = 0; k < size; k++)
		if (at + k < (int64_t)c->n)
			*v |= (uint64_t)c->bytes[at + k] << (8 * k);
	return true;
}

/* Remember what this load finds: a number, or what is not known. */
static int note_found(struct vf_env *env, bool known, uint64_t v)
{
	struct vf_konst *k;

	if (env->in->nconsts == 0)
		return 0;
	if (env->konst == NULL) {
		env->konst = vf_get(env, env->n * sizeof(env->konst[0]));
		if (env->konst == NULL)
			return vf_no_memory(env);
	}
	k = &env->konst[env->pc];
	if (!known || (k->found == VF_FOUND_SAME && k->v != v))
		k->found = VF_FOUND_OTHERS;
	else if (k->found == VF_FOUND_NONE)
		*k = (struct vf_konst){ v, VF_FOUND_SAME };
	return 0;
}

static int load_object(struct vf_env *env, const struct exo_insn *in, bool sign)
{
	unsigned base = exo_src(in);
	uint32_t size = exo_access_size(in);
	struct vf_scalar s = vf_loaded(size, sign);
	int err = vf_check_object(env, base, in->off, size, VF_READ);
	bool known;
	uint64_t v = 0;

	if (err < 0)
		return err;
	known = find_known(env, base, in->off, size, &v);
	if (known) {
		if (sign)
			v = (uint64_t)((int64_t)(v << (64 - 8 * size)) >>
			               (64 - 8 * size));
		s = vf_scalar_const(v, 64);
	}
	err = note_found(env, known, v);
	if (err == 0)
		vf_set_scalar(env, exo_dst(in), &s);
	return err;
}

static int load(struct vf_env *env, const struct exo_insn *in, bool sign)
{
	unsigned base = exo_src(in);
	struct vf_window w;
	int err = note_kind(env, base);

	if (err < 0)
		return err;
	if (env->st.r[base].kind != EXO_REG_MAP_VALUE)
		err = note_found(env, false, 0);
	if (err < 0)
		return err;
	switch (env->st.r[base].kind) {
	case EXO_REG_CTX:
		return load_ctx(env, in, sign);
	case EXO_REG_STACK:
		err =
		    vf_check_stack(env, base, in->off, exo_access_size(in), &w);
		if (err < 0)
			return err;
		return vf_stack_load(env, &w, exo_dst(in), base, sign);
	default:
		return load_object(env, in, sign);
	}
}

int vf_load(struct vf_env *env, const struct exo_insn *in)
{
	return load(env, in, (in->code & 0xe0u) == EXO_MEMSX);
}

/* How far LD_ABS or LD_IND may look; lo..hi is what is added to imm. */
static uint64_t reach(const struct exo_insn *in, uint64_t lo, uint64_t hi)
{
	int64_t imm = in->imm;
	uint64_t size = exo_access_size(in);

	if (imm >= 0)
		return (uint64_t)imm + hi + size;
	if (imm < EXO_SKF_NET_OFF && lo == 0 && hi == 0)
		return (uint64_t)(imm - EXO_SKF_LL_OFF) + size;
	return UINT64_MAX;
}

/* ld_abs and ld_ind: past the packet's end the function ends, with 0, so that
 * nothing is to be proven. They need the context in r6, and leave r1 to r5
 * unset. */
int vf_load_packet(struct vf_env *env, const struct exo_insn *in)
{
	const struct vf_reg *ctx = &env->st.r[EXO_R_CTX];
	struct vf_scalar s = vf_loaded(exo_access_size(in), false);
	struct vf_scalar zero = vf_scalar_const(0, 64);
	uint64_t lo = 0, hi = 0;
	int err;

	if (isa_ctx_size(env->type) != EXO_SK_BUFF_SIZE)
		return vf_refuse(env, VF_LD_PKT_TYPE);
	if (isa_ld_nowhere(in))
		return vf_refuse(env, VF_LD_PKT_NEG);
	if (ctx->kind != EXO_REG_CTX || ctx->off != 0)
		return vf_refuse_reg(env, VF_LD_PKT_R6, EXO_R_CTX);
	if (env->st.nrefs != 0)
		return vf_refuse(env, VF_RING_HELD);
	if ((in->code & 0xe0u) == EXO_IND) {
		struct vf_scalar low;

		err = vf_need(env, exo_src(in));
		if (err < 0)
			return err;
		if (vf_is_ptr(&env->st.r[exo_src(in)]))
			return vf_refuse_reg(env, VF_PTR_OP, exo_src(in));
		low = vf_scalar_zext(&env->st.r[exo_src(in)].s, 32, 64);
		lo = low.r.umin;
		hi = low.r.umax;
	}
	note_packet(env, reach(in, lo, hi));
	err = vf_may_end(env, &zero, false);
	if (err < 0)
		return err;
	vf_clobber(env);
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

	if (f == NULL || !isa_ctx_may_store(f, size))
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
	return vf_check_object(
	    env, base, in->off, exo_access_size(in), VF_WRITE);
}

static int store_stack(struct vf_env *env, const struct exo_insn *in)
{
	struct vf_reg what = { .kind = EXO_REG_SCALAR };
	struct vf_reg *src = &env->st.r[exo_src(in)];
	const struct vf_reg *to = &env->st.r[exo_dst(in)];
	struct vf_window w;
	int err =
	    vf_check_stack(env, exo_dst(in), in->off, exo_access_size(in), &w);

	if (err < 0)
		return err;
	what.s = vf_scalar_const((uint64_t)(int64_t)in->imm, 64);
	if ((in->code & 0x07u) == EXO_STX) {
		if ((src->kind == EXO_REG_STACK ||
		        src->kind == EXO_REG_MAP_KEY) &&
		    src->frame > to->frame)
			return vf_refuse_reg(env, VF_STACK_ESCAPE, exo_src(in));
		if (src->kind == EXO_REG_SCALAR)
			(void)vf_link(&env->st, src);
		what = *src;
	}
	return vf_stack_store(env, &w, &what);
}

static int store(struct vf_env *env, const struct exo_insn *in)
{
	unsigned base = exo_dst(in);
	int err = note_kind(env, base);

	if (err == 0 && (in->code & 0x07u) == EXO_STX)
		err = vf_need(env, exo_src(in));
	if (err < 0)
		return err;
	if (env->st.r[base].kind == EXO_REG_STACK)
		return store_stack(env, in);
	return store_visible(env, in);
}

int vf_store(struct vf_env *env, const struct exo_insn *in)
{
	return store(env, in);
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

/* Where the context and packets are is nothing for atomic operations. */
static int check_place(
    struct vf_env *env, unsigned base, const struct exo_insn *in)
{
	const struct vf_reg *p = &env->st.r[base];
	uint32_t size = exo_access_size(in);

	switch (p->kind) {
	case EXO_REG_CTX:
		return vf_refuse_reg(env, VF_CTX_WRITE, base);
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
		return vf_refuse_reg(env, VF_PKT_WRITE, base);
	default:
		break;
	}
	if (vf_is_ptr(p) && !is_aligned(p, in->off, size))
		return vf_refuse_access(env, VF_ATOMIC_ALIGN, base,
		    (int64_t)p->off + in->off, size, 0);
	return note_kind(env, base);
}

/* A pointer as operand becomes a number, in memory. */
static int check_operand(struct vf_env *env, unsigned reg)
{
	int err = vf_need(env, reg);

	if (err == 0 && vf_is_ptr(&env->st.r[reg]) && env->refuse_leaks)
		return vf_refuse_reg(env, VF_ATOMIC_PTR, reg);
	return err;
}

/* The operation itself; *old is what the memory held. */
static int read_modify_write(
    struct vf_env *env, const struct exo_insn *in, struct vf_reg *old)
{
	unsigned base = exo_dst(in);
	uint32_t size = exo_access_size(in);
	struct vf_window w;
	int err;

	if (env->st.r[base].kind != EXO_REG_STACK)
		return vf_check_object(env, base, in->off, size, VF_READ_WRITE);
	err = vf_check_stack(env, base, in->off, size, &w);
	return err < 0 ? err : vf_stack_atomic(env, &w, base, old);
}

int vf_atomic(struct vf_env *env, const struct exo_insn *in)
{
	struct vf_reg old = { .kind = EXO_REG_SCALAR,
		.s = vf_loaded(exo_access_size(in), false) };
	bool acquire = in->imm == EXO_LOAD_ACQ;
	unsigned to = in->imm == EXO_CMPXCHG ? 0 : exo_src(in);
	int err = check_place(env, acquire ? exo_src(in) : exo_dst(in), in);

	if (err < 0)
		return err;
	if (acquire)
		return load(env, in, false);
	if (in->imm == EXO_STORE_REL)
		return store(env, in);
	err = check_operand(env, exo_src(in));
	if (err == 0 && in->imm == EXO_CMPXCHG)
		err = check_operand(env, 0);
	if (err == 0)
		err = read_modify_write(env, in, &old);
	if (err < 0)
		return err;
	old.def = env->pc;
	if ((in->imm & EXO_FETCH) != 0)
		env->st.r[to] = old;
	return 0;
}
