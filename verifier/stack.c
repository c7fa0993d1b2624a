/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack: what its bytes hold, see state.h.
 *
 * What is stored as 4 or 8 bytes from a multiple of 4 on is saved with all
 * that is known of it, and loaded back whole, or its low 4 bytes of 8. Any
 * other store that touches one byte of it dissolves it into plain bytes.
 * A saved pointer is loaded whole or not at all. Where leaks are refused, what
 * is left of it when a part is overwritten is as if it was never written, so
 * that plain bytes are never parts of an address.
 *
 * Where leaks are not refused, bytes that were not written may be read: they
 * are some number, since the runner gives a program no memory of others.
 *
 * At an unknown place, a load needs all bytes that it may read to be set; a
 * store may or may not happen to each byte: one that was not set stays so.
 */
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"
#include "verifier/step_int.h"

static uint8_t *bytes_of(const struct vf_state *st, const struct vf_window *w)
{
	return st->frame[w->frame]->byte;
}

/* Dissolve what is saved in the bytes [lo, end). */
static void dissolve(
    struct vf_env *env, uint32_t frame, uint32_t lo, uint32_t end)
{
	struct vf_state *st = &env->st;
	uint32_t h;

	for (h = lo / 4; h * 4 < end; h++) {
		struct vf_reg *r = vf_saved(st, frame, h);
		bool secret;

		exo_assert(st->pool != NULL);
		if (r == NULL)
			continue;
		secret = env->refuse_leaks && vf_is_ptr(r);
		memset(&st->frame[frame]->byte[(size_t)r->at % VF_HALVES * 4u],
		    secret ? VF_BYTE_NONE : VF_BYTE_MISC, r->four ? 4 : 8);
		vf_pool_remove(st, r);
	}
}

static bool is_saved_ptr(const struct vf_state *st, uint32_t frame, uint32_t b)
{
	const struct vf_reg *r = vf_saved(st, frame, b / 4);

	return r != NULL && vf_is_ptr(r);
}

/*
 * Loads
 */

/* The register that a load at a known place gives back, or NULL. */
static const struct vf_reg *find_saved(
    const struct vf_state *st, const struct vf_window *w)
{
	uint16_t slot;
	const struct vf_reg *r;

	if (w->lo != w->hi || w->lo % 4 != 0 || w->size < 4)
		return NULL;
	slot = st->frame[w->frame]->slot[w->lo / 4];
	if (slot == 0)
		return NULL;
	r = &st->pool[slot - 1];
	if (w->size == (r->four ? 4u : 8u))
		return r;
	return w->size == 4 && r->kind == EXO_REG_SCALAR ? r : NULL;
}

/* Check that every byte of a window is a number, or maybe a part of a
 * pointer; *zero: all are 0. */
static int check_bytes(struct vf_env *env, const struct vf_window *w,
    unsigned base, bool parts_ok, bool *zero)
{
	const struct vf_state *st = &env->st;
	const uint8_t *byte = bytes_of(st, w);
	uint32_t b;

	*zero = true;
	for (b = w->lo; b < w->hi + w->size; b++) {
		if (byte[b] == VF_BYTE_NONE && env->refuse_leaks)
			return vf_refuse_access(env, VF_STACK_UNINIT, base,
			    (int64_t)b - EXO_STACK_SIZE, w->size, 0);
		if (!parts_ok && byte[b] == VF_BYTE_SAVED &&
		    is_saved_ptr(st, w->frame, b))
			return vf_refuse_reg(env, VF_LEAK_PARTIAL, base);
		if (byte[b] != VF_BYTE_ZERO)
			*zero = false;
	}
	return 0;
}

/* The low 4 bytes of a saved number, or the 4 that are saved. */
static void load_four(
    struct vf_env *env, const struct vf_reg *saved, unsigned dst, bool sign)
{
	bool whole = saved->s.r.umax <= UINT32_MAX && !sign;
	struct vf_scalar s = vf_scalar_zext(&saved->s, 32, 64);
	uint32_t id = whole ? saved->id : 0;
	int32_t off = whole ? saved->off : 0;

	if (sign)
		s = vf_scalar_sext(&s, 32, 64);
	vf_set_scalar(env, dst, &s);
	env->st.r[dst].id = id;
	env->st.r[dst].off = off;
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
		load_four(env, saved, dst, sign);
		return 0;
	}
	err = check_bytes(env, w, base, false, &zero);
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
	uint8_t *byte = bytes_of(&env->st, w);
	bool zero = src->kind == EXO_REG_SCALAR && src->s.r.umax == 0;
	uint32_t b;

	if (vf_is_ptr(src) && env->refuse_leaks)
		return vf_refuse(env, VF_LEAK_PARTIAL);
	dissolve(env, w->frame, w->lo, w->hi + w->size);
	for (b = w->lo; b < w->hi + w->size; b++) {
		if (byte[b] == VF_BYTE_ZERO && !zero)
			byte[b] = VF_BYTE_MISC;
	}
	return 0;
}

/* Put a register at half h; size is 4 or 8. The pool has room: explore.c. */
static void save(
    struct vf_state *st, const struct vf_window *w, const struct vf_reg *src)
{
	struct vf_reg *r = vf_pool_add(st, w->frame, w->lo / 4, src);

	r->four = w->size == 4;
	if (w->size == 4 && r->s.r.umax > UINT32_MAX) {
		r->s = vf_scalar_zext(&r->s, 32, 64);
		r->id = 0;
		r->off = 0;
	}
	memset(&bytes_of(st, w)[w->lo], VF_BYTE_SAVED, w->size);
}

int vf_stack_store(
    struct vf_env *env, const struct vf_window *w, const struct vf_reg *src)
{
	struct vf_state *st = &env->st;
	uint8_t *byte = bytes_of(st, w);
	bool number = src->kind == EXO_REG_SCALAR;
	bool whole = w->lo % 4 == 0 && w->size >= 4;

	if (w->lo != w->hi)
		return store_somewhere(env, w, src);
	if (vf_is_ptr(src) && (!whole || w->size != 8) && env->refuse_leaks)
		return vf_refuse(env, VF_LEAK_PARTIAL);
	dissolve(env, w->frame, w->lo, w->lo + w->size);
	if (number && src->s.t.v == 0 && src->s.t.m == 0)
		memset(&byte[w->lo], VF_BYTE_ZERO, w->size);
	else if (whole && (w->size == 8 || number))
		save(st, w, src);
	else
		memset(&byte[w->lo], VF_BYTE_MISC, w->size);
	return 0;
}

int vf_stack_atomic(struct vf_env *env, const struct vf_window *w,
    unsigned base, struct vf_reg *old)
{
	const struct vf_reg *saved = find_saved(&env->st, w);
	struct vf_reg any = { .kind = EXO_REG_SCALAR };
	bool zero;
	int err;

	any.s = vf_scalar_any(64);
	if (saved != NULL && w->size == 8 &&
	    (!vf_is_ptr(saved) || !env->refuse_leaks)) {
		*old = *saved;
		return vf_stack_store(env, w, &any);
	}
	if (saved != NULL && vf_is_ptr(saved))
		return vf_refuse_reg(env, VF_ATOMIC_PTR, base);
	err = check_bytes(env, w, base, false, &zero);
	if (err < 0)
		return err;
	if (zero)
		old->s = vf_scalar_const(0, 64);
	return vf_stack_store(env, w, &any);
}

int vf_stack_helper(struct vf_env *env, const struct vf_window *w,
    unsigned base, enum vf_use use)
{
	uint8_t *byte = bytes_of(&env->st, w);
	bool zero;
	int err = 0;

	if (use != VF_HELPER_WRITE) {
		err = check_bytes(env, w, base, !env->refuse_leaks, &zero);
		if (err < 0 || use == VF_HELPER_READ)
			return err;
	}
	dissolve(env, w->frame, w->lo, w->hi + w->size);
	if (use == VF_HELPER_WRITE && w->lo == w->hi) {
		memset(&byte[w->lo], VF_BYTE_MISC, w->size);
	} else {
		uint32_t b;

		for (b = w->lo; b < w->hi + w->size; b++) {
			if (byte[b] != VF_BYTE_NONE)
				byte[b] = VF_BYTE_MISC;
		}
	}
	return 0;
}
