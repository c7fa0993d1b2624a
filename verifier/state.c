/* SPDX-License-Identifier: BSD-2-Clause */
/* Abstract states at work, at rest, and their order: see state_int.h. */
#include "verifier/state_int.h"

#include "exo/lib/bits.h"
#include "exo/lib/mem.h"

void vf_state_init(struct vf_state *st)
{
	struct vf_reg *fp = &st->r[EXO_R_FP];

	memset(st->r, 0, sizeof(st->r));
	memset(st->byte, VF_BYTE_NONE, sizeof(st->byte));
	memset(st->size, 0, sizeof(st->size));
	st->nsaved = 0;
	st->mem_min = 0;
	st->next_id = VF_ID_FIRST;
	fp->kind = EXO_REG_STACK;
	fp->s = vf_scalar_const(0, 64);
	fp->def = EXO_REPORT_NOWHERE;
}

void vf_state_copy(struct vf_state *to, const struct vf_state *from)
{
	unsigned h;

	memcpy(to->r, from->r, sizeof(to->r));
	memcpy(to->byte, from->byte, sizeof(to->byte));
	memcpy(to->size, from->size, sizeof(to->size));
	to->mem_min = from->mem_min;
	to->next_id = from->next_id;
	to->nsaved = from->nsaved;
	if (from->nsaved == 0)
		return;
	for (h = 0; h < VF_HALVES; h++) {
		if (from->size[h] != 0)
			to->saved[h] = from->saved[h];
	}
}

/*
 * Maps of ids
 *
 * Open addressing; a row is in use when its turn is the map's. A node has at
 * most 138 registers, so that a map of 512 rows is never full.
 */

#define ID_ROWS 512u

static uint32_t id_row(struct vf_idmap *map, uint32_t id, bool *fresh)
{
	uint32_t i = (id * 2654435761u) >> 23;

	while (map->row[i].turn == map->turn && map->row[i].from != id)
		i = (i + 1) % ID_ROWS;
	*fresh = map->row[i].turn != map->turn;
	return i;
}

static void id_start(struct vf_idmap *map)
{
	map->turn++;
	if (map->turn == 0) {
		memset(map->row, 0, sizeof(map->row));
		map->turn = 1;
	}
}

static void id_count(struct vf_idmap *map, uint32_t id)
{
	bool fresh;
	uint32_t i = id_row(map, id, &fresh);

	if (fresh) {
		map->row[i].turn = map->turn;
		map->row[i].from = id;
		map->row[i].to = 0;
		map->row[i].count = 0;
	}
	map->row[i].count++;
}

/* A scalar that equals no other one has no use for its id, and a constant
 * none at all; the size of the memory keeps its own. */
static void rename_ids(struct vf_node *n, struct vf_idmap *map)
{
	bool fresh;
	uint32_t i, k;

	id_start(map);
	n->next_id = VF_ID_FIRST;
	for (k = 0; k < n->nregs; k++) {
		if (n->reg[k].id > VF_ID_SIZE)
			id_count(map, n->reg[k].id);
	}
	for (k = 0; k < n->nregs; k++) {
		struct vf_reg *r = &n->reg[k];

		if (r->id <= VF_ID_SIZE)
			continue;
		i = id_row(map, r->id, &fresh);
		if (r->kind == EXO_REG_SCALAR &&
		    (map->row[i].count == 1 || vf_scalar_is_const(&r->s))) {
			r->id = 0;
			continue;
		}
		if (map->row[i].to == 0)
			map->row[i].to = n->next_id++;
		r->id = map->row[i].to;
	}
}

/*
 * Packing
 */

/* Half h is part of what is kept: it is live, or the other half of a saved
 * register of which a half is. */
static bool keeps_half(
    const struct vf_state *st, const struct vf_live *live, unsigned h)
{
	if (vf_bit(live->half, h))
		return true;
	if (st->size[h] == 8)
		return vf_bit(live->half, h + 1);
	return h > 0 && st->size[h - 1] == 8 && vf_bit(live->half, h - 1);
}

static bool is_empty(const uint8_t *four)
{
	return four[0] == VF_BYTE_NONE && four[1] == VF_BYTE_NONE &&
	       four[2] == VF_BYTE_NONE && four[3] == VF_BYTE_NONE;
}

static void pack_stack(struct vf_node *n, const struct vf_state *st,
    const struct vf_live *live, uint8_t *bytes)
{
	unsigned h;

	for (h = 0; h < VF_HALVES; h++) {
		const uint8_t *four = &st->byte[(size_t)h * 4];

		if (is_empty(four) || !keeps_half(st, live, h))
			continue;
		vf_bit_set(n->half, h);
		memcpy(bytes + (size_t)4 * n->nhalf, four, 4);
		n->nhalf++;
		if (st->size[h] == 0)
			continue;
		vf_bit_set(n->start, h);
		n->reg[n->nregs++] = st->saved[h];
	}
}

/* True when four or eight bytes that a saved register gave say no more than
 * that they are set. */
static bool is_any(const struct vf_reg *r, bool eight)
{
	uint64_t top = eight ? UINT64_MAX : UINT32_MAX;

	return r->kind == EXO_REG_SCALAR && r->id == 0 && r->s.t.m == top &&
	       r->s.r.umin == 0 && r->s.r.umax == top && r->s.h.umin == 0 &&
	       r->s.h.umax == UINT32_MAX && r->s.h.smin == INT32_MIN &&
	       r->s.h.smax == INT32_MAX &&
	       (!eight ||
	           (r->s.r.smin == INT64_MIN && r->s.r.smax == INT64_MAX));
}

/* Turn saved registers of which nothing is known into plain bytes. */
static void drop_unknown(struct vf_node *n, uint8_t *bytes)
{
	unsigned kept = exo_popcount64(n->regs);
	unsigned from = kept;
	unsigned h, k;
	bool eight;

	for (h = 0, k = 0; h < VF_HALVES && from < n->nregs; h++) {
		if (!vf_bit(n->half, h))
			continue;
		k++;
		if (!vf_bit(n->start, h))
			continue;
		eight = !n->reg[from].four;
		if (is_any(&n->reg[from], eight)) {
			memset(bytes + (size_t)4 * (k - 1), VF_BYTE_MISC,
			    eight ? 8 : 4);
			vf_bit_clear(n->start, h);
		} else {
			n->reg[kept++] = n->reg[from];
		}
		from++;
	}
	n->nregs = (uint16_t)kept;
}

static bool has_mem(const struct vf_node *n)
{
	unsigned k;

	for (k = 0; k < n->nregs; k++) {
		if (n->reg[k].kind == EXO_REG_MEM)
			return true;
	}
	return false;
}

/* Forget the value of a number, and its links. */
static bool forget(struct vf_reg *r, const struct vf_scalar *any)
{
	if (r->kind != EXO_REG_SCALAR ||
	    (r->id == 0 && vf_scalar_covers(&r->s, any)))
		return false;
	r->s = *any;
	r->id = 0;
	return true;
}

/* Forget numbers that are not exact. The size of a mem program's memory stays
 * while there is a pointer to it: proofs may follow from the size. */
static bool forget_all(struct vf_node *n, const struct vf_live *live)
{
	struct vf_scalar any8 = vf_scalar_any(64);
	struct vf_scalar any4 = vf_scalar_zext(&any8, 32, 64);
	bool mem = has_mem(n);
	bool did = false;
	unsigned i;
	uint16_t k = 0;

	for (i = 0; i < EXO_R_FP; i++) {
		if ((n->regs >> i & 1) == 0)
			continue;
		if ((live->exact >> i & 1) == 0 &&
		    !(mem && n->reg[k].id == VF_ID_SIZE))
			did |= forget(&n->reg[k], &any8);
		k++;
	}
	for (; !live->exact_stack && k < n->nregs; k++) {
		if (!(mem && n->reg[k].id == VF_ID_SIZE))
			did |=
			    forget(&n->reg[k], n->reg[k].four ? &any4 : &any8);
	}
	return did;
}

static void pack_regs(
    struct vf_node *n, const struct vf_state *st, const struct vf_live *live)
{
	unsigned i;

	for (i = 0; i < EXO_R_FP; i++) {
		if (st->r[i].kind == EXO_REG_UNINIT ||
		    (live->regs >> i & 1) == 0)
			continue;
		n->regs |= (uint16_t)(1u << i);
		n->reg[n->nregs++] = st->r[i];
	}
}

bool vf_pack(struct vf_node *n, const struct vf_state *st,
    const struct vf_live *live, bool coarse, struct vf_idmap *map)
{
	uint8_t bytes[EXO_STACK_SIZE];
	bool did;

	memset(n, 0, sizeof(*n));
	pack_regs(n, st, live);
	if ((live->half[0] | live->half[1]) != 0)
		pack_stack(n, st, live, bytes);
	did = coarse && forget_all(n, live);
	rename_ids(n, map);
	drop_unknown(n, bytes);
	memcpy(vf_node_bytes(n), bytes, (size_t)4 * n->nhalf);
	n->mem_min = has_mem(n) ? st->mem_min : 0;
	n->size = (uint32_t)(sizeof(*n) + n->nregs * sizeof(n->reg[0]) +
	                     (size_t)4 * n->nhalf);
	return did;
}

void vf_unpack(struct vf_state *st, const struct vf_node *n)
{
	const uint8_t *bytes = vf_node_bytes_const(n);
	const struct vf_reg *r = n->reg;
	unsigned i, h;

	vf_state_init(st);
	st->mem_min = n->mem_min;
	st->next_id = n->next_id;
	for (i = 0; i < EXO_R_FP; i++) {
		if ((n->regs >> i & 1) != 0)
			st->r[i] = *r++;
	}
	if (n->nhalf == 0)
		return;
	for (h = 0; h < VF_HALVES; h++) {
		if (!vf_bit(n->half, h))
			continue;
		memcpy(&st->byte[(size_t)h * 4], bytes, 4);
		bytes += 4;
		if (!vf_bit(n->start, h))
			continue;
		st->saved[h] = *r++;
		st->size[h] = st->saved[h].four ? 4 : 8;
		st->nsaved++;
	}
}

/*
 * The order
 *
 * a covers b when each thing that a says, b says as strongly: then a machine
 * state that fits b fits a. Links of a must be links of b: `map` takes an id
 * of a to the one id of b that all its bearers have there.
 */

/* Id 0 in b is a link among pointers only, where it says that s is 0. */
static bool same_link(
    struct vf_idmap *map, const struct vf_reg *a, const struct vf_reg *b)
{
	bool fresh;
	uint32_t i;

	if (a->id == 0)
		return a->kind == EXO_REG_SCALAR || b->id == 0;
	if (a->id == VF_ID_SIZE || b->id == VF_ID_SIZE)
		return a->id == b->id;
	if (b->id == 0 && a->kind == EXO_REG_SCALAR)
		return false;
	i = id_row(map, a->id, &fresh);
	if (!fresh)
		return map->row[i].to == b->id;
	map->row[i].turn = map->turn;
	map->row[i].from = a->id;
	map->row[i].to = b->id;
	return true;
}

static bool reg_covers(
    struct vf_idmap *map, const struct vf_reg *a, const struct vf_reg *b)
{
	map->looks++;
	return a->kind == b->kind && a->off == b->off &&
	       a->proven <= b->proven && vf_scalar_covers(&a->s, &b->s) &&
	       same_link(map, a, b);
}

/* Walks the halves of a node in order. */
struct walk {
	const struct vf_node *n;
	const uint8_t *bytes;     /* of the half after the one at hand */
	const struct vf_reg *reg; /* the saved register that the half at hand
				     is part of, or the last one before it */
	unsigned next;            /* entry of the next saved register */
	bool starts;              /* a saved register starts here */
};

static void walk_start(struct walk *w, const struct vf_node *n)
{
	w->n = n;
	w->bytes = vf_node_bytes_const(n);
	w->reg = NULL;
	w->starts = false;
	w->next = exo_popcount64(n->regs);
}

/* Go to half h, higher than before and in the node. */
static void walk_to(struct walk *w, unsigned h)
{
	w->bytes += 4;
	w->starts = vf_bit(w->n->start, h);
	if (w->starts)
		w->reg = &w->n->reg[w->next++];
}

/* saved: the register that a saved byte of b is part of; that of a saved byte
 * of a covers it. */
static bool byte_covers(uint8_t a, uint8_t b, const struct vf_reg *saved)
{
	bool whole = b == VF_BYTE_SAVED;
	bool number = saved != NULL && saved->kind == EXO_REG_SCALAR;

	switch (a) {
	case VF_BYTE_NONE:
		return true;
	case VF_BYTE_MISC:
		return b != VF_BYTE_NONE && (!whole || number);
	case VF_BYTE_ZERO:
		return b == VF_BYTE_ZERO ||
		       (whole && number && saved->s.r.umax == 0);
	default:
		return whole;
	}
}

static bool half_covers(
    struct vf_idmap *map, const struct walk *a, const struct walk *b)
{
	const uint8_t *x = a->bytes - 4;
	const uint8_t *y = b->bytes - 4;
	unsigned k;

	map->looks++;
	if (a->starts != b->starts && x[0] == VF_BYTE_SAVED)
		return false;
	if (a->starts && (b->reg == NULL || !reg_covers(map, a->reg, b->reg)))
		return false;
	for (k = 0; k < 4; k++) {
		if (!byte_covers(x[k], y[k], b->reg))
			return false;
	}
	return true;
}

/* Walks both; what b has and a has not is nothing that a says. */
static bool stack_covers(
    struct vf_idmap *map, const struct vf_node *a, const struct vf_node *b)
{
	struct walk wa, wb;
	unsigned h;

	if (((a->half[0] & ~b->half[0]) | (a->half[1] & ~b->half[1])) != 0)
		return false;
	walk_start(&wa, a);
	walk_start(&wb, b);
	for (h = 0; h < VF_HALVES; h++) {
		if (vf_bit(b->half, h))
			walk_to(&wb, h);
		if (!vf_bit(a->half, h))
			continue;
		walk_to(&wa, h);
		if (!half_covers(map, &wa, &wb))
			return false;
	}
	return true;
}

bool vf_node_covers(
    const struct vf_node *a, const struct vf_node *b, struct vf_idmap *map)
{
	const struct vf_reg *ra = a->reg;
	const struct vf_reg *rb = b->reg;
	unsigned i;

	if ((a->regs & ~b->regs) != 0 || a->mem_min > b->mem_min)
		return false;
	id_start(map);
	for (i = 0; i < EXO_R_FP; i++) {
		bool in_a = (a->regs >> i & 1) != 0;

		if (in_a && !reg_covers(map, ra, rb))
			return false;
		ra += in_a;
		rb += (b->regs >> i & 1) != 0;
	}
	return a->nhalf == 0 || stack_covers(map, a, b);
}
