/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack: what its bytes hold, see state_int.h.
 *
 * What is stored as 4 or 8 bytes from a multiple of 4 on is saved with all
 * that is known of it, and loaded back whole, or its low 4 bytes of 8. Any
 * other store that touches one byte of it dissolves it into plain bytes.
 * Where leaks are refused, a saved pointer is overwritten and loaded whole or
 * not at all, so that plain bytes are never parts of an address.
 *
 * At an unknown place, a load needs all bytes that it may read to be set; a
 * store may or may not happen to each byte: one that was not set stays so.
 */
#include "exo/lib/mem.h"
#include "verifier/vf_int.h"

/* The half at which the saved register begins that half h is part of; or
 * VF_HALVES when there is none. */
static unsigned saved_at(const struct vf_state *st, unsigned h)
{
	if (st->size[h] != 0)
		return h;
	if (h > 0 && st->size[h - 1] == 8)
		return h - 1;
	return VF_HALVES;
}

static void forget(struct vf_state *st, unsigned h)
{
	memset(&st->byte[(size_t)h * 4], VF_BYTE_MISC, st->size[h]);
	st->size[h] = 0;
	st->nsaved--;
}

/* Dissolve what is saved in the bytes [lo, end). Saved registers that [lo,
 * end) does not contain whole, or that may be written in part because the
 * place is unknown, must be no pointers where leaks are refused. */
static int dissolve(struct vf_env *env, uint32_t lo, uint32_t end, bool sure)
{
	struct vf_state *st = &env->st;
	uint32_t h;

	for (h = lo / 4; h * 4 < end; h++) {
		unsigned at = saved_at(st, h);

		if (at == VF_HALVES)
			continue;
		if (env->refuse_leaks && vf_is_ptr(&st->saved[at]) &&
		    (!sure || at * 4 < lo || at * 4 + st->size[at] > end))
			return vf_refuse(env, VF_LEAK_PARTIAL);
		forget(st, at);
	}
	return 0;
}

/*
 * Loads
 */

/* The register that a load at a known place gives back, or NULL. */
static const struct vf_reg *find_saved(
    const struct vf_state *st, const struct vf_window *w)
{
	uint8_t have = w->lo % 4 == 0 ? st->size[w->lo / 4] : 0;

	if (w->lo != w->hi || have == 0)
		return NULL;
	if (w->size == have)
		return &st->saved[w->lo / 4];
	if (w->size == 4 && st->saved[w->lo / 4].kind == EXO_REG_SCALAR)
		return &st->saved[w->lo / 4];
	return NULL;
}

/* Check that every byte of a window is a number; *zero: all are 0. */
static int check_bytes(struct vf_env *env, const struct vf_window *w,
    unsigned base, enum vf_code on_ptr, bool *zero)
{
	const struct vf_state *st = &env->st;
	uint32_t b;

	*zero = true;
	for (b = w->lo; b < w->hi + w->size; b++) {
		unsigned at = saved_at(st, b / 4);

		if (st->byte[b] == VF_BYTE_NONE)
			return vf_refuse_access(env, VF_STACK_UNINIT, base,
			    (int64_t)b - EXO_STACK_SIZE, w->size, 0);
		if (st->byte[b] == VF_BYTE_SAVED && at != VF_HALVES &&
		    vf_is_ptr(&st->saved[at]) &&
		    (env->refuse_leaks || on_ptr == VF_ATOMIC_PTR))
			return vf_refuse_reg(env, on_ptr, base);
		if (st->byte[b] != VF_BYTE_ZERO)
			*zero = false;
	}
	return 0;
}

int vf_stack_load(struct vf_env *env, const struct vf_window *w, unsigned dst,
    unsigned base, bool sign)
{
	const struct vf_reg *saved = find_saved(&env->st, w);
	struct vf_scalar s;
	bool zero;
	int err;

	if (saved != NULL && w->size == 8) {
		env->st.r[dst] = *saved;
		env->st.r[dst].def = env->pc;
		return 0;
	}
	if (saved != NULL) {
		uint32_t id = saved->s.r.umax <= UINT32_MAX ? saved->id : 0;

		s = vf_scalar_zext(&saved->s, 32, 64);
		if (sign)
			s = vf_scalar_sext(&s, 32, 64);
		vf_set_scalar(env, dst, &s);
		env->st.r[dst].id = sign ? 0 : id;
		return 0;
	}
	err = check_bytes(env, w, base, VF_LEAK_PARTIAL, &zero);
	if (err < 0)
		return err;
	s = zero ? vf_scalar_const(0, 64) : vf_loaded(w->size, sign);
	vf_set_scalar(env, dst, &s);
	return 0;
}

/*
 * Stores
 */

/* At an unknown place. */
static int store_somewhere(
    struct vf_env *env, const struct vf_window *w, const struct vf_reg *src)
{
	struct vf_state *st = &env->st;
	bool zero = src->kind == EXO_REG_SCALAR && src->s.r.umax == 0;
	uint32_t b;
	int err;

	if (vf_is_ptr(src) && env->refuse_leaks)
		return vf_refuse(env, VF_LEAK_PARTIAL);
	err = dissolve(env, w->lo, w->hi + w->size, false);
	if (err < 0)
		return err;
	for (b = w->lo; b < w->hi + w->size; b++) {
		if (st->byte[b] == VF_BYTE_ZERO && !zero)
			st->byte[b] = VF_BYTE_MISC;
	}
	return 0;
}

/* Put a register at half h; size is 4 or 8. */
static void save(
    struct vf_state *st, unsigned h, const struct vf_reg *src, uint8_t size)
{
	struct vf_reg *r = &st->saved[h];

	*r = *src;
	r->four = size == 4;
	if (size == 4 && r->s.r.umax > UINT32_MAX) {
		r->s = vf_scalar_zext(&r->s, 32, 64);
		r->id = 0;
	}
	memset(&st->byte[(size_t)h * 4], VF_BYTE_SAVED, size);
	st->size[h] = size;
	st->nsaved++;
}

int vf_stack_store(
    struct vf_env *env, const struct vf_window *w, const struct vf_reg *src)
{
	struct vf_state *st = &env->st;
	bool whole = w->lo % 4 == 0 && w->size >= 4;
	int err;

	if (w->lo != w->hi)
		return store_somewhere(env, w, src);
	if (vf_is_ptr(src) && (!whole || w->size != 8) && env->refuse_leaks)
		return vf_refuse(env, VF_LEAK_PARTIAL);
	err = dissolve(env, w->lo, w->lo + w->size, true);
	if (err < 0)
		return err;
	if (src->kind == EXO_REG_SCALAR && src->s.t.v == 0 && src->s.t.m == 0)
		memset(&st->byte[w->lo], VF_BYTE_ZERO, w->size);
	else if (whole && (w->size == 8 || src->kind == EXO_REG_SCALAR))
		save(st, w->lo / 4, src, (uint8_t)w->size);
	else
		memset(&st->byte[w->lo], VF_BYTE_MISC, w->size);
	return 0;
}

int vf_stack_atomic(
    struct vf_env *env, const struct vf_window *w, unsigned base)
{
	struct vf_reg any = { .kind = EXO_REG_SCALAR };
	bool zero;
	int err = check_bytes(env, w, base, VF_ATOMIC_PTR, &zero);

	if (err < 0)
		return err;
	any.s = vf_scalar_any(64);
	return vf_stack_store(env, w, &any);
}
