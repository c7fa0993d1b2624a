/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helper calls: arguments, effects and results as exo/isa/helpers.inc says.
 */
#include "exo/isa/decode.h"
#include "exo/lib/bug.h"
#include "verifier/step_int.h"

/* Linux's bound on bpf_loop's count; more is an error at run time. */
#define LOOP_MAX ((uint64_t)1 << 23)

/* One call at work. */
struct call {
	const struct isa_helper *h;
	const struct exo_map_def *map; /* the map among the arguments */
	uint16_t map_index;
	uint32_t size; /* CONST_SIZE */
	uint32_t ref;  /* id of the memory given up, or 0 */
	uint32_t func; /* called back */
};

/* The map among a call's arguments: in a helper's row it stands before the keys and
 * values whose sizes it tells. */
static const struct exo_map_def *map_of(const struct call *c)
{
	exo_assert(c->map != NULL);
	return c->map;
}

static uint32_t map_can(uint32_t kind)
{
	switch (kind) {
/* One branch for each row: NOLINTBEGIN(bugprone-branch-clone) */
#define EXO_MAP_KIND(nr, NAME, text, can) \
	case (nr):                        \
		return (can);
#include "exo/abi/map.inc"
/* NOLINTEND(bugprone-branch-clone) */
#undef EXO_MAP_KIND
	default:
		return 0;
	}
}

static uint32_t map_need(unsigned arg)
{
	switch (arg) {
	case ISA_ARG_MAP_LOOKUP:
		return EXO_MAP_LOOKUP;
	case ISA_ARG_MAP_UPDATE:
		return EXO_MAP_UPDATE;
	case ISA_ARG_MAP_DELETE:
		return EXO_MAP_DELETE;
	case ISA_ARG_MAP_EACH:
		return EXO_MAP_EACH;
	case ISA_ARG_MAP_RING:
		return EXO_MAP_RING;
	case ISA_ARG_MAP_TAIL:
		return EXO_MAP_TAIL;
	case ISA_ARG_MAP_QUEUE:
		return EXO_MAP_PUSH;
	default:
		return EXO_MAP_PERF;
	}
}

static bool unmoved(const struct vf_reg *r)
{
	return r->off == 0 && vf_scalar_is_const(&r->s) && r->s.t.v == 0;
}

static bool is_null(const struct vf_reg *r)
{
	return r->kind == EXO_REG_SCALAR && vf_scalar_is_const(&r->s) &&
	       r->s.t.v == 0;
}

static int arg_map(struct vf_env *env, struct call *c, unsigned reg)
{
	const struct vf_reg *r = &env->st.r[reg];
	uint32_t need;

	if (r->kind != EXO_REG_MAP || r->off != 0)
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	c->map = &env->in->maps[r->map];
	c->map_index = r->map;
	need = map_need(c->h->arg[reg - 1]);
	if ((map_can(c->map->kind) & need) == 0)
		return vf_refuse_reg(env, VF_ARG_MAP, reg);
	if ((need & (EXO_MAP_UPDATE | EXO_MAP_DELETE | EXO_MAP_PUSH)) != 0 &&
	    (c->h->fx & ISA_FX_WRITES) != 0 &&
	    (c->map->flags & EXO_MAP_RDONLY_PROG) != 0)
		return vf_refuse_reg(env, VF_MAP_RDONLY, reg);
	return 0;
}

/* The helper accesses size bytes at reg. */
static int arg_bytes(struct vf_env *env, const struct call *c, unsigned reg,
    uint32_t size, enum vf_use use)
{
	const struct vf_reg *r = &env->st.r[reg];
	struct vf_window w;
	int err;

	if (vf_is_or_null(r))
		return vf_refuse_reg(env, VF_PTR_NULL, reg);
	switch (r->kind) {
	case EXO_REG_STACK:
		err = vf_check_stack(env, reg, 0, size, &w);
		if (err < 0 || size == 0)
			return err;
		return vf_stack_helper(env, &w, reg, use);
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
		/* it would read what it is about to move */
		if ((c->h->fx & ISA_FX_PACKET) != 0)
			return vf_refuse_reg(env, VF_ARG_TYPE, reg);
		if (use != VF_HELPER_READ)
			return vf_refuse_reg(env, VF_PKT_WRITE, reg);
		return vf_check_object(env, reg, 0, size, use);
	case EXO_REG_MEM:
	case EXO_REG_MAP_VALUE:
	case EXO_REG_MAP_KEY:
	case EXO_REG_RING:
		return vf_check_object(env, reg, 0, size, use);
	default:
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	}
}

/* Memory at reg, whose size is in the next register. */
static int arg_mem(struct vf_env *env, const struct call *c, unsigned reg)
{
	unsigned arg = c->h->arg[reg - 1];
	bool zero_ok = c->h->arg[reg] == ISA_ARG_SIZE0;
	const struct vf_reg *size = &env->st.r[reg + 1];
	enum vf_use use = VF_HELPER_READ;
	int err = vf_need(env, reg + 1);

	if (err < 0)
		return err;
	if (size->kind != EXO_REG_SCALAR)
		return vf_refuse_reg(env, VF_ARG_TYPE, reg + 1);
	if (size->s.r.umax >= VF_PTR_LIMIT || (!zero_ok && size->s.r.umin == 0))
		return vf_refuse_reg(env, VF_ARG_SIZE, reg + 1);
	if (arg == ISA_ARG_MEM_OR_NULL && is_null(&env->st.r[reg]))
		return size->s.r.umax == 0
		           ? 0
		           : vf_refuse_reg(env, VF_ARG_SIZE, reg + 1);
	/* of memory that may be written in part, the rest stays */
	if (arg == ISA_ARG_OUT)
		use = vf_scalar_is_const(&size->s) ? VF_HELPER_WRITE
		                                   : VF_READ_WRITE;
	return arg_bytes(env, c, reg, (uint32_t)size->s.r.umax, use);
}

static int arg_ring(struct vf_env *env, struct call *c, unsigned reg)
{
	const struct vf_reg *r = &env->st.r[reg];

	if (r->kind == EXO_REG_RING_OR_NULL)
		return vf_refuse_reg(env, VF_PTR_NULL, reg);
	if (r->kind != EXO_REG_RING || !unmoved(r))
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	c->ref = r->id;
	return 0;
}

static int arg_size(struct vf_env *env, struct call *c, unsigned reg)
{
	const struct vf_reg *r = &env->st.r[reg];

	if (r->kind != EXO_REG_SCALAR)
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	if (!vf_scalar_is_const(&r->s) || r->s.t.v == 0 ||
	    r->s.t.v > UINT32_MAX)
		return vf_refuse_reg(env, VF_ARG_SIZE, reg);
	c->size = (uint32_t)r->s.t.v;
	return 0;
}

static int arg_func(struct vf_env *env, struct call *c, unsigned reg)
{
	const struct vf_reg *r = &env->st.r[reg];

	if (r->kind != EXO_REG_FUNC)
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	c->func = (uint32_t)r->off;
	return 0;
}

static int arg_scalar(struct vf_env *env, unsigned reg)
{
	if (!vf_is_ptr(&env->st.r[reg]))
		return 0;
	if (env->refuse_leaks)
		return vf_refuse_reg(env, VF_LEAK_ARG, reg);
	return 0;
}

/* The places for numbers that a format has, where it is known, as clang's
 * constants are; else as many as there may be. */
static unsigned format_places(const struct vf_env *env)
{
	const struct vf_reg *p = &env->st.r[1], *size = &env->st.r[2];
	const struct vf_const *c = NULL;
	unsigned n = 0;

	if (p->kind == EXO_REG_MAP_VALUE && vf_scalar_is_const(&p->s) &&
	    vf_scalar_is_const(&size->s))
		c = vf_never_changes(env, p->map);
	if (c == NULL)
		return EXO_REGS; /* more than arguments */
	for (uint64_t k = 0; k < size->s.t.v; k++) {
		uint64_t at = (uint64_t)p->off + p->s.t.v + k;

		if (at >= c->n || c->bytes[at] == '\0')
			break;
		if (c->bytes[at] != '%')
			continue;
		if (at + 1 < c->n && c->bytes[at + 1] == '%')
			k++;
		else
			n++;
	}
	return n;
}

static int check_arg(struct vf_env *env, struct call *c, unsigned reg)
{
	const struct vf_reg *r = &env->st.r[reg];
	int err = 0;

	if (c->h->arg[reg - 1] == ISA_ARG_PRINTED &&
	    reg - 3 >= format_places(env))
		return 0;
	err = vf_need(env, reg);
	if (err < 0)
		return err;
	switch (c->h->arg[reg - 1]) {
	case ISA_ARG_SCALAR:
	case ISA_ARG_PRINTED:
		return arg_scalar(env, reg);
	case ISA_ARG_CTX:
		if (r->kind == EXO_REG_CTX && unmoved(r))
			return 0;
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	case ISA_ARG_KEY:
		return arg_bytes(
		    env, c, reg, map_of(c)->key_size, VF_HELPER_READ);
	case ISA_ARG_VALUE:
		return arg_bytes(
		    env, c, reg, map_of(c)->value_size, VF_HELPER_READ);
	case ISA_ARG_OUT_VALUE:
		return arg_bytes(
		    env, c, reg, map_of(c)->value_size, VF_HELPER_WRITE);
	case ISA_ARG_MEM:
	case ISA_ARG_MEM_OR_NULL:
	case ISA_ARG_OUT:
		return arg_mem(env, c, reg);
	case ISA_ARG_SIZE:
	case ISA_ARG_SIZE0:
		return 0; /* with the argument before */
	case ISA_ARG_CONST_SIZE:
		return arg_size(env, c, reg);
	case ISA_ARG_RING:
		return arg_ring(env, c, reg);
	case ISA_ARG_FUNC:
		return arg_func(env, c, reg);
	case ISA_ARG_STACK_OR_NULL:
		if (r->kind == EXO_REG_STACK || is_null(r))
			return 0;
		return vf_refuse_reg(env, VF_ARG_TYPE, reg);
	default:
		return arg_map(env, c, reg);
	}
}

/*
 * Effects
 */

/* Pointers with this id are void, and the memory is held no more. */
static void release(struct vf_env *env, uint32_t id)
{
	struct vf_state *st = &env->st;
	uint32_t i, k;

	env->map.looks += vf_nregs(st);
	for (i = vf_nregs(st); i-- > 0;) {
		struct vf_reg *r = vf_reg_at(st, i);

		if (r->kind == EXO_REG_RING && r->id == id)
			vf_void(env, r);
	}
	for (i = 0, k = 0; i < st->nrefs; i++) {
		if (st->ref[i] == id)
			continue;
		st->ref[k] = st->ref[i];
		st->ref_at[k++] = st->ref_at[i];
	}
	st->nrefs = k;
}

void vf_packet_changed(struct vf_env *env)
{
	struct vf_state *st = &env->st;
	uint32_t i;

	env->map.looks += vf_nregs(st);
	for (i = vf_nregs(st); i-- > 0;) {
		struct vf_reg *r = vf_reg_at(st, i);

		if (r->kind == EXO_REG_PKT || r->kind == EXO_REG_PKT_META ||
		    r->kind == EXO_REG_PKT_END)
			vf_void(env, r);
	}
}

static struct vf_reg number(uint64_t lo, uint64_t hi, uint32_t def)
{
	return (struct vf_reg){
		.kind = EXO_REG_SCALAR,
		.s = vf_scalar_between(lo, hi, 64),
		.def = def,
	};
}

static struct vf_reg pointer(uint8_t kind, const struct call *c, uint32_t def)
{
	return (struct vf_reg){
		.kind = kind,
		.map = c->map_index,
		.s = vf_scalar_const(0, 64),
		.def = def,
	};
}

/* What the function finds: Linux's bpf_loop and bpf_for_each_map_elem. */
static int call_back(struct vf_env *env, const struct call *c)
{
	struct vf_reg args[5] = { { .kind = EXO_REG_UNINIT } };
	uint64_t times;

	if (c->map != NULL) {
		times = c->map->max_entries;
		args[0] = pointer(EXO_REG_MAP, c, env->pc);
		args[1] = pointer(EXO_REG_MAP_KEY, c, env->pc);
		/* keys live as long as the function's frame */
		args[1].frame = (uint8_t)(env->st.depth + 1);
		args[2] = pointer(EXO_REG_MAP_VALUE, c, env->pc);
		args[3] = env->st.r[3];
		/* it is a copy of the key */
		env->walked = vf_sum(
		    env->walked, times * (c->map->key_size / VF_BYTES_A_STEP));
	} else {
		times = env->st.r[1].kind == EXO_REG_SCALAR
		            ? env->st.r[1].s.r.umax & UINT32_MAX
		            : LOOP_MAX;
		if (env->st.r[1].kind == EXO_REG_SCALAR &&
		    env->st.r[1].s.r.umax > UINT32_MAX)
			times = LOOP_MAX;
		if (times > LOOP_MAX)
			times = LOOP_MAX;
		args[0] = number(0, times == 0 ? 0 : times - 1, env->pc);
		args[1] = env->st.r[3];
	}
	if (times == 0) /* the frame must be there all the same */
		return env->st.depth + 1 < EXO_MAX_FRAMES
		           ? 0
		           : vf_refuse(env, VF_CALL_DEPTH);
	return vf_call_back(env, &env->funcs[c->func], args, times);
}

/* Whether a function that a helper called is still at work. */
static bool in_callback(const struct vf_env *env)
{
	const struct vf_inst *i = env->inst;

	while (i != NULL && !i->callback)
		i = i->parent;
	return i != NULL;
}

/* A tail call finds a program or not. In a function, a program that it finds
 * takes the function's place, and what it returns, any number, its caller gets;
 * meanwhile the packet may have been changed. */
static int tail_call(struct vf_env *env)
{
	struct vf_scalar any = vf_scalar_any(64);

	if (env->st.nrefs != 0)
		return vf_refuse(env, VF_RING_HELD);
	env->facts.tail_calls = true;
	if (in_callback(env))
		return vf_refuse(env, VF_TAIL_DEPTH);
	return vf_may_end(env, &any,
	    env->type != EXO_PROG_SOCKET && env->type != EXO_PROG_MEM);
}

static int effects(struct vf_env *env, const struct call *c)
{
	uint8_t fx = c->h->fx;

	env->facts.helpers = true;
	if (fx != 0 && fx != ISA_FX_READS)
		env->facts.pure = false;
	if ((fx & ISA_FX_READS) != 0) {
		env->facts.reads_pkt = true;
		env->facts.pkt_end = UINT32_MAX;
	}
	if ((fx & ISA_FX_TAIL) != 0) {
		int err = tail_call(env);

		if (err < 0)
			return err;
	}
	if ((fx & ISA_FX_PACKET) != 0) {
		if (env->in->no_pkt_write)
			return vf_refuse(env, VF_PKT_WRITE);
		env->facts.writes_pkt = true;
		env->facts.reads_pkt = true;
		env->facts.pkt_end = UINT32_MAX;
		vf_packet_changed(env);
	}
	if (c->ref != 0)
		release(env, c->ref);
	return (fx & ISA_FX_CALLS) != 0 ? call_back(env, c) : 0;
}

static int acquire(struct vf_env *env, struct vf_reg *r, uint32_t size)
{
	struct vf_state *st = &env->st;

	if (st->nrefs == VF_REFS_MAX)
		return vf_refuse(env, VF_RING_MANY);
	r->proven = size;
	st->ref[st->nrefs] = r->id;
	st->ref_at[st->nrefs++] = env->pc;
	return 0;
}

static int result(struct vf_env *env, const struct call *c)
{
	struct vf_scalar any = vf_scalar_any(64);
	struct vf_reg *r0 = &env->st.r[0];

	switch (c->h->ret) {
	case ISA_RET_INT:
		vf_set_scalar(env, 0, &any);
		return 0;
	case ISA_RET_VALUE_OR_NULL:
		env->facts.pure = false; /* a map may change */
		*r0 = pointer(EXO_REG_MAP_VALUE_OR_NULL, c, env->pc);
		r0->id = vf_new_id(&env->st);
		return 0;
	case ISA_RET_RING_OR_NULL:
		*r0 = pointer(EXO_REG_RING_OR_NULL, c, env->pc);
		r0->id = vf_new_id(&env->st);
		return acquire(env, r0, c->size);
	default:
		r0->kind = EXO_REG_UNINIT;
		r0->def = env->pc;
		return 0;
	}
}

/* Steps of finding a key, beside those for its bytes. A look into a hash waits for
 * memory that is in no cache four times or so, one that counts uses for more; of
 * a trie it may meet a node for each bit of the key. */
static uint64_t found_in(const struct exo_map_def *map)
{
	switch (map->kind) {
	case EXO_MAP_HASH:
	case EXO_MAP_PERCPU_HASH:
		return 16;
	case EXO_MAP_LRU_HASH:
	case EXO_MAP_LRU_PERCPU_HASH:
		return 32;
	case EXO_MAP_LPM_TRIE:
		return map->key_size * 8ull;
	default:
		return 0;
	}
}

/* Bytes that a helper handles at most, by its row: what it is given to read or
 * to fill, and what a map copies or compares. */
static uint64_t handled(const struct vf_env *env, const struct call *c)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < ISA_ARGS; i++) {
		const struct vf_reg *r = &env->st.r[i + 1];

		switch ((enum isa_arg)c->h->arg[i]) {
		case ISA_ARG_KEY:
			bytes += map_of(c)->key_size +
			         found_in(map_of(c)) * VF_BYTES_A_STEP;
			break;
		case ISA_ARG_VALUE:
		case ISA_ARG_OUT_VALUE:
			bytes += map_of(c)->value_size;
			break;
		case ISA_ARG_SIZE:
		case ISA_ARG_SIZE0:
			bytes += r->s.r.umax;
			break;
		default:
			break;
		}
	}
	return bytes;
}

int vf_helper(struct vf_env *env, const struct exo_insn *in)
{
	struct call c = { .map = NULL };
	bool exists;
	unsigned i;
	int err = 0;

	c.h = isa_helper((uint32_t)in->imm, env->type, &exists);
	if (c.h == NULL)
		return vf_refuse(env, exists ? VF_HELPER_TYPE : VF_HELPER);
	if (env->in->no_helpers)
		return vf_refuse(env, VF_NO_HELPERS);
	for (i = 0; err == 0 && i < ISA_ARGS; i++) {
		if (c.h->arg[i] == ISA_ARG_NONE)
			break;
		err = check_arg(env, &c, i + 1);
	}
	if (err == 0) {
		env->walked = vf_sum(env->walked,
		    c.h->steps + handled(env, &c) / VF_BYTES_A_STEP);
		err = effects(env, &c);
	}
	if (err < 0)
		return err;
	vf_clobber(env);
	return result(env, &c);
}

int vf_load_imm(struct vf_env *env, const struct exo_insn *in)
{
	struct vf_reg *r = &env->st.r[exo_dst(in)];
	uint64_t low = (uint32_t)in[0].imm;
	uint64_t high = (uint32_t)in[1].imm;
	struct vf_scalar s = vf_scalar_const(low | high << 32, 64);

	vf_set_scalar(env, exo_dst(in), &s);
	if (exo_src(in) == EXO_LDDW_IMM)
		return 0;
	r->s = vf_scalar_const(0, 64);
	switch (exo_src(in)) {
	case EXO_LDDW_FUNC:
		r->kind = EXO_REG_FUNC;
		r->off = (int32_t)vf_callee(env, env->pc);
		break;
	case EXO_LDDW_MAP:
	case EXO_LDDW_MAP_IDX:
		r->kind = EXO_REG_MAP;
		r->map = (uint16_t)in->imm;
		break;
	default: /* its offset lies inside the value: check.c */
		if (vf_never_changes(env, (uint32_t)in->imm) == NULL)
			env->facts.pure = false;
		r->kind = EXO_REG_MAP_VALUE;
		r->map = (uint16_t)in->imm;
		r->off = in[1].imm;
		break;
	}
	return 0;
}
