/* SPDX-License-Identifier: BSD-2-Clause */
/* Abstract states at rest: packing them and their order. See state.h. */
#include "verifier/state.h"

#include "exo/lib/bits.h"
#include "exo/lib/mem.h"

/*
 * Maps of ids
 *
 * Open addressing; a row is in use when its turn is the map's. The map has
 * more rows than a node has registers and references (vf_idmap_rows()).
 */

static struct vf_idrow *id_row(struct vf_idmap *map, uint32_t id, bool *fresh)
{
	uint32_t i = id * 2654435761u >> 7 & (map->size - 1);

	while (map->row[i].turn == map->turn && map->row[i].from != id)
		i = (i + 1) & (map->size - 1);
	*fresh = map->row[i].turn != map->turn;
	return &map->row[i];
}

static void id_start(struct vf_idmap *map)
{
	map->turn++;
	if (map->turn == 0) {
		memset(map->row, 0, map->size * sizeof(map->row[0]));
		map->turn = 1;
	}
}

static void id_count(struct vf_idmap *map, uint32_t id)
{
	bool fresh;
	struct vf_idrow *row = id_row(map, id, &fresh);

	if (fresh)
		*row = (struct vf_idrow){ .turn = map->turn, .from = id };
	row->count++;
}

static void rename_id(struct vf_node *n, struct vf_idmap *map, struct vf_reg *r)
{
	bool fresh;
	struct vf_idrow *row = id_row(map, r->id, &fresh);
	bool scalar = r->kind == EXO_REG_SCALAR;
	int64_t far = (int64_t)r->off - (row->to == 0 ? r->off : row->base);

	/* Distances count from the first bearer: those that were within the
	 * limit of another one may be beyond it now. */
	if (scalar &&
	    (row->count == 1 || far <= -VF_PTR_LIMIT || far >= VF_PTR_LIMIT)) {
		r->id = 0;
		r->off = 0;
		return;
	}
	if (row->to == 0) {
		row->to = n->next_id++;
		row->base = r->off;
	}
	r->id = row->to;
	if (scalar)
		r->off = (int32_t)far;
}

/* A scalar that is linked to no other one has no use for its id, and a
 * constant none at all; the size of the memory keeps its own. */
static void rename_ids(struct vf_node *n, struct vf_idmap *map)
{
	struct vf_reg *r = vf_node_regs(n);
	bool fresh;
	uint32_t k;

	id_start(map);
	n->next_id = VF_ID_FIRST;
	for (k = 0; k < n->nregs; k++) {
		if (r[k].id <= VF_ID_SIZE)
			continue;
		if (r[k].kind == EXO_REG_SCALAR &&
		    vf_scalar_is_const(&r[k].s)) { /* needs no link */
			r[k].id = 0;
			r[k].off = 0;
		} else {
			id_count(map, r[k].id);
		}
	}
	for (k = 0; k < n->nrefs; k++)
		id_count(map, n->ref[k]);
	for (k = 0; k < n->nregs; k++) {
		if (r[k].id > VF_ID_SIZE)
			rename_id(n, map, &r[k]);
	}
	for (k = 0; k < n->nrefs; k++) {
		struct vf_idrow *row = id_row(map, n->ref[k], &fresh);

		if (row->to == 0)
			row->to = n->next_id++;
		n->ref[k] = row->to;
	}
}

/*
 * Packing
 */

/* What packing works on; bytes and registers are gathered in one go. */
struct pack {
	struct vf_node *n;
	const struct vf_state *st;
	uint8_t *bytes; /* room behind all registers there may be */
	uint32_t nbytes;
};

/* Walks the halves of a set, lowest first; *set shrinks. */
static inline bool next_half(uint64_t set[2], unsigned *h)
{
	if (set[0] != 0) {
		*h = exo_lowest64(set[0]);
		set[0] &= set[0] - 1;
		return true;
	}
	if (set[1] != 0) {
		*h = 64 + exo_lowest64(set[1]);
		set[1] &= set[1] - 1;
		return true;
	}
	return false;
}

/* Half h is part of what is kept: it is live, or the other half of a saved
 * register of which a half is. */
static bool keeps_half(const struct vf_state *st, unsigned frame,
    const struct vf_live *live, unsigned h)
{
	const struct vf_reg *r;

	if (vf_bit(live->half, h))
		return true;
	r = vf_saved(st, frame, h);
	if (r == NULL || r->four)
		return false;
	return vf_bit(live->half, r->at % VF_HALVES) ||
	       vf_bit(live->half, r->at % VF_HALVES + 1u);
}

/* The halves that are live, and those next to them. */
static void near_live(const struct vf_live *live, uint64_t set[2])
{
	const uint64_t *l = live->half;

	set[0] = l[0] | l[0] << 1 | l[0] >> 1 | l[1] << 63;
	set[1] = l[1] | l[1] << 1 | l[1] >> 1 | l[0] >> 63;
}

static bool is_empty(const uint8_t *four)
{
	return four[0] == VF_BYTE_NONE && four[1] == VF_BYTE_NONE &&
	       four[2] == VF_BYTE_NONE && four[3] == VF_BYTE_NONE;
}

/* True when the bytes that a saved register gave say no more than that they
 * are set. */
static bool is_any(const struct vf_reg *r)
{
	uint64_t top = r->four ? UINT32_MAX : UINT64_MAX;

	return r->kind == EXO_REG_SCALAR && r->id == 0 && r->s.t.m == top &&
	       r->s.r.umin == 0 && r->s.r.umax == top && r->s.h.umin == 0 &&
	       r->s.h.umax == UINT32_MAX && r->s.h.smin == INT32_MIN &&
	       r->s.h.smax == INT32_MAX &&
	       (r->four ||
	           (r->s.r.smin == INT64_MIN && r->s.r.smax == INT64_MAX));
}

static void pack_stack(struct pack *p, unsigned k, const struct vf_live *live)
{
	const struct vf_frame *f = p->st->frame[k];
	struct vf_part *part = &p->n->part[k];
	struct vf_reg *regs = vf_node_regs(p->n);
	uint64_t set[2];
	unsigned h;

	near_live(live, set);
	while (next_half(set, &h)) {
		const uint8_t *four = &f->byte[(size_t)h * 4];

		if (is_empty(four) || !keeps_half(p->st, k, live, h))
			continue;
		vf_bit_set(part->half, h);
		memcpy(p->bytes + p->nbytes, four, 4);
		p->nbytes += 4;
		part->nhalf++;
		if (f->slot[h] == 0)
			continue;
		vf_bit_set(part->start, h);
		regs[p->n->nregs++] = p->st->pool[f->slot[h] - 1];
	}
}

static void pack_regs(struct pack *p, unsigned k, const struct vf_live *live)
{
	const struct vf_frame *f = p->st->frame[k];
	struct vf_part *part = &p->n->part[k];
	struct vf_reg *regs = vf_node_regs(p->n);
	bool top = k == p->n->depth;
	unsigned i;

	for (i = top ? 0 : VF_KEPT_FIRST; i < EXO_R_FP; i++) {
		const struct vf_reg *r =
		    top ? &p->st->r[i] : &f->kept[i - VF_KEPT_FIRST];

		if (r->kind == EXO_REG_UNINIT || (live->regs >> i & 1) == 0)
			continue;
		part->regs |= (uint16_t)(1u << i);
		regs[p->n->nregs++] = *r;
	}
}

/* Turn saved registers of which nothing is known into plain bytes. */
static void drop_unknown(struct pack *p)
{
	struct vf_node *n = p->n;
	struct vf_reg *regs = vf_node_regs(n);
	uint32_t from = 0, kept = 0, at = 0, k, h;

	for (k = 0; k <= n->depth; k++) {
		struct vf_part *part = &n->part[k];
		uint64_t set[2] = { part->half[0], part->half[1] };
		uint32_t first = kept, i = exo_popcount64(part->regs);

		for (; i > 0; i--)
			regs[kept++] = regs[from++];
		while (next_half(set, &h)) {
			at += 4;
			if (!vf_bit(part->start, h))
				continue;
			if (is_any(&regs[from])) {
				memset(p->bytes + at - 4, VF_BYTE_MISC,
				    regs[from].four ? 4 : 8);
				vf_bit_clear(part->start, h);
			} else {
				regs[kept++] = regs[from];
			}
			from++;
		}
		part->nregs = (uint16_t)(kept - first);
	}
	n->nregs = (uint16_t)kept;
}

static bool has_mem(const struct vf_node *n)
{
	const struct vf_reg *r = vf_node_regs_const(n);
	uint32_t k;

	for (k = 0; k < n->nregs; k++) {
		if (r[k].kind == EXO_REG_MEM)
			return true;
	}
	return false;
}

/* Forget the value of a number, and its links. */
static bool forget(struct vf_reg *r)
{
	struct vf_scalar any = vf_scalar_any(64);

	if (r->kind != EXO_REG_SCALAR)
		return false;
	if (r->four)
		any = vf_scalar_zext(&any, 32, 64);
	if (r->id == 0 && vf_scalar_covers(&r->s, &any))
		return false;
	r->s = any;
	r->id = 0;
	r->off = 0;
	return true;
}

/* Forget numbers that are not exact. The size of a mem program's memory stays
 * while there is a pointer to it: proofs may follow from the size. */
static bool forget_all(struct pack *p, const struct vf_live *const *live)
{
	struct vf_node *n = p->n;
	struct vf_reg *r = vf_node_regs(n);
	bool mem = has_mem(n);
	bool did = false;
	uint32_t k, i;

	for (k = 0; k <= n->depth; k++) {
		struct vf_part *part = &n->part[k];
		uint32_t saved = exo_popcount64(part->start[0]) +
		                 exo_popcount64(part->start[1]);

		for (i = 0; i < EXO_R_FP; i++) {
			if ((part->regs >> i & 1) == 0)
				continue;
			r->four = false;
			if ((live[k]->exact >> i & 1) == 0 &&
			    !(mem && r->id == VF_ID_SIZE))
				did |= forget(r);
			r++;
		}
		for (; saved > 0; saved--, r++) {
			if (!live[k]->exact_stack &&
			    !(mem && r->id == VF_ID_SIZE))
				did |= forget(r);
		}
	}
	return did;
}

/*
 * Marks
 *
 * What one register says exactly, another one that it covers says, too: that
 * it is this number, or a pointer of this kind with this constant part. Each
 * such thing sets one bit of 64, by where it is and what. So if a has a bit
 * that b has not, a does not cover b, which settles most comparisons in loops
 * that count. A saved 0 sets none: plain zero bytes say the same.
 */

static uint64_t mark(const struct vf_reg *r, uint32_t place, bool saved)
{
	uint64_t v = (uint64_t)(int64_t)r->off << 8 | r->kind;

	if (r->kind == EXO_REG_SCALAR) {
		if (!vf_scalar_is_const(&r->s) || (saved && r->s.t.v == 0))
			return 0;
		v = r->s.t.v;
	}
	v = (v + place) * 0x9e3779b97f4a7c15u;
	v = (v ^ v >> 32) * 0x9e3779b97f4a7c15u;
	return (uint64_t)1 << (v >> 58);
}

static uint64_t marks_of(const struct vf_node *n)
{
	const struct vf_reg *r = vf_node_regs_const(n);
	uint64_t marks = 0;
	uint32_t k, i, h;

	for (k = 0; k <= n->depth; k++) {
		const struct vf_part *part = &n->part[k];
		uint64_t set[2] = { part->start[0], part->start[1] };
		uint32_t place = (k + 1) << 16;

		for (i = 0; i < EXO_R_FP; i++) {
			if ((part->regs >> i & 1) != 0)
				marks |= mark(r++, place + i, false);
		}
		while (next_half(set, &h))
			marks |= mark(r++, place + 256 + h, true);
	}
	return marks;
}

size_t vf_pack_room(const struct vf_state *st)
{
	size_t regs = EXO_R_FP + (size_t)VF_KEPT * st->depth + st->npool;

	return sizeof(struct vf_node) +
	       (st->depth + 1) * (sizeof(struct vf_part) + EXO_STACK_SIZE) +
	       regs * sizeof(struct vf_reg);
}

bool vf_pack(struct vf_node *n, const struct vf_state *st,
    const struct vf_live *const *live, bool coarse, struct vf_idmap *map)
{
	struct pack p = { .n = n, .st = st };
	bool did;
	uint32_t k;

	memset(n, 0, sizeof(*n) + (st->depth + 1) * sizeof(n->part[0]));
	n->depth = (uint8_t)st->depth;
	n->nrefs = (uint8_t)st->nrefs;
	memcpy(n->ref, st->ref, sizeof(n->ref));
	memcpy(n->ref_at, st->ref_at, sizeof(n->ref_at));
	p.bytes = (uint8_t *)(vf_node_regs(n) + vf_nregs(st));
	for (k = 0; k <= st->depth; k++) {
		pack_regs(&p, k, live[k]);
		if ((live[k]->half[0] | live[k]->half[1]) != 0)
			pack_stack(&p, k, live[k]);
	}
	did = coarse && forget_all(&p, live);
	rename_ids(n, map);
	drop_unknown(&p);
	memmove(vf_node_regs(n) + n->nregs, p.bytes, p.nbytes);
	n->mem_min = has_mem(n) ? st->mem_min : 0;
	n->marks = marks_of(n);
	n->size =
	    (uint32_t)((uint8_t *)(vf_node_regs(n) + n->nregs) - (uint8_t *)n) +
	    p.nbytes;
	return did;
}

static void unpack_frame(struct vf_state *st, unsigned k,
    const struct vf_part *part, const struct vf_reg **r, const uint8_t **bytes)
{
	struct vf_frame *f = st->frame[k];
	uint64_t set[2] = { part->half[0], part->half[1] };
	bool top = k == st->depth;
	unsigned i, h;

	for (i = top ? 0 : VF_KEPT_FIRST; i < EXO_R_FP; i++) {
		struct vf_reg *to =
		    top ? &st->r[i] : &f->kept[i - VF_KEPT_FIRST];

		if ((part->regs >> i & 1) != 0)
			*to = *(*r)++;
		else
			to->kind = EXO_REG_UNINIT;
	}
	while (next_half(set, &h)) {
		memcpy(&f->byte[(size_t)h * 4], *bytes, 4);
		*bytes += 4;
		if (vf_bit(part->start, h))
			(void)vf_pool_add(st, k, h, (*r)++);
	}
}

void vf_unpack(struct vf_state *st, const struct vf_node *n)
{
	const struct vf_reg *r = vf_node_regs_const(n);
	const uint8_t *bytes = vf_node_bytes_const(n);
	uint32_t k;

	vf_state_init(st);
	for (k = 1; k <= n->depth; k++)
		vf_state_enter(st, k);
	st->mem_min = n->mem_min;
	st->next_id = n->next_id;
	st->nrefs = n->nrefs;
	memcpy(st->ref, n->ref, sizeof(st->ref));
	memcpy(st->ref_at, n->ref_at, sizeof(st->ref_at));
	for (k = 0; k <= n->depth; k++)
		unpack_frame(st, k, &n->part[k], &r, &bytes);
}

/*
 * The order
 *
 * a covers b when each thing that a says, b says as strongly: then a machine
 * state that fits b fits a. Links of a must be links of b: `map` takes an id
 * of a to the one id of b that all its bearers have there, and distances
 * count from the first of them in both.
 */

/* Memory of ring buffers is held under ids of its own, each once. */
static void match_id(struct vf_idmap *map, uint32_t a, uint32_t b)
{
	bool fresh;
	struct vf_idrow *row = id_row(map, a, &fresh);

	*row = (struct vf_idrow){ .turn = map->turn, .from = a, .to = b };
}

/* Id 0 in b is a link among pointers only, where it says that s is 0. All
 * offsets are within VF_PTR_LIMIT, so that differences do not overflow. */
static bool same_link(
    struct vf_idmap *map, const struct vf_reg *a, const struct vf_reg *b)
{
	bool scalar = a->kind == EXO_REG_SCALAR;
	bool fresh;
	struct vf_idrow *row;

	if (a->id == 0)
		return scalar || (b->id == 0 && a->off == b->off);
	if (!scalar && a->off != b->off)
		return false;
	if (a->id == VF_ID_SIZE || b->id == VF_ID_SIZE)
		return a->id == b->id && a->off == b->off;
	if (b->id == 0 && scalar)
		return false;
	row = id_row(map, a->id, &fresh);
	if (!fresh)
		return row->to == b->id &&
		       (!scalar || row->base == a->off - b->off);
	*row = (struct vf_idrow){ .turn = map->turn,
		.from = a->id,
		.to = b->id,
		.base = a->off - b->off };
	return true;
}

static bool reg_covers(
    struct vf_idmap *map, const struct vf_reg *a, const struct vf_reg *b)
{
	map->looks++;
	return a->kind == b->kind && a->map == b->map && a->frame == b->frame &&
	       a->proven <= b->proven && vf_scalar_covers(&a->s, &b->s) &&
	       same_link(map, a, b);
}

/* Walks the halves of a part in order. */
struct walk {
	const struct vf_part *part;
	const uint8_t *bytes;      /* of the half after the one at hand */
	const struct vf_reg *next; /* saved register that comes next */
	const struct vf_reg *reg;  /* the one that the half at hand is part of,
				      or the last one before it */
	bool starts;               /* one starts here */
};

/* Go to half h, higher than before and in the part. */
static void walk_to(struct walk *w, unsigned h)
{
	w->bytes += 4;
	w->starts = vf_bit(w->part->start, h);
	if (w->starts)
		w->reg = w->next++;
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

static bool are_zero(const uint8_t *four)
{
	return four[0] == VF_BYTE_ZERO && four[1] == VF_BYTE_ZERO &&
	       four[2] == VF_BYTE_ZERO && four[3] == VF_BYTE_ZERO;
}

/* A saved number that may be 0 and is linked to no other one covers zero
 * bytes. If it has two halves, both must be: what b has in the first one was
 * covered, and is no saved register of 8 bytes if the second one is not. */
static bool may_be_zero(const struct vf_reg *r)
{
	struct vf_scalar zero = vf_scalar_const(0, 64);

	return r->kind == EXO_REG_SCALAR && r->id == 0 &&
	       vf_scalar_covers(&r->s, &zero);
}

static bool half_covers(
    struct vf_idmap *map, const struct walk *a, const struct walk *b)
{
	const uint8_t *x = a->bytes - 4;
	const uint8_t *y = b->bytes - 4;
	unsigned k;

	map->looks++;
	if (x[0] == VF_BYTE_SAVED && are_zero(y))
		return may_be_zero(a->reg);
	if (a->starts != b->starts && x[0] == VF_BYTE_SAVED)
		return false;
	if (a->starts &&
	    (a->reg->four != b->reg->four || !reg_covers(map, a->reg, b->reg)))
		return false;
	for (k = 0; k < 4; k++) {
		if (!byte_covers(x[k], y[k], b->reg))
			return false;
	}
	return true;
}

/* Walks both; what b has and a has not is nothing that a says. */
static bool stack_covers(struct vf_idmap *map, struct walk *a, struct walk *b)
{
	const uint64_t *x = a->part->half;
	uint64_t set[2] = { b->part->half[0], b->part->half[1] };
	unsigned h;

	if (((x[0] & ~set[0]) | (x[1] & ~set[1])) != 0)
		return false;
	map->looks += b->part->nhalf / 4;
	while (next_half(set, &h)) {
		walk_to(b, h);
		if (!vf_bit(x, h))
			continue;
		walk_to(a, h);
		if (!half_covers(map, a, b))
			return false;
	}
	return true;
}

static bool part_covers(struct vf_idmap *map, struct walk *a, struct walk *b)
{
	unsigned i;

	if ((a->part->regs & ~b->part->regs) != 0)
		return false;
	for (i = 0; i < EXO_R_FP; i++) {
		bool in_a = (a->part->regs >> i & 1) != 0;

		if (in_a && !reg_covers(map, a->next, b->next))
			return false;
		a->next += in_a;
		b->next += (b->part->regs >> i & 1) != 0;
	}
	return a->part->nhalf == 0 || stack_covers(map, a, b);
}

/* Where the parts of a node begin, one by one. */
struct cursor {
	const struct vf_reg *regs;
	const uint8_t *bytes;
};

static struct walk enter(struct cursor *c, const struct vf_part *part)
{
	struct walk w = { .part = part, .bytes = c->bytes, .next = c->regs };

	c->regs += part->nregs;
	c->bytes += (size_t)4 * part->nhalf;
	return w;
}

bool vf_node_covers(
    const struct vf_node *a, const struct vf_node *b, struct vf_idmap *map)
{
	struct cursor ca = { vf_node_regs_const(a), vf_node_bytes_const(a) };
	struct cursor cb = { vf_node_regs_const(b), vf_node_bytes_const(b) };
	uint32_t k;

	map->looks += 1u + a->depth;
	if (a->mem_min > b->mem_min || a->nrefs != b->nrefs ||
	    !vf_node_may_cover(a, b))
		return false;
	id_start(map);
	for (k = 0; k < a->nrefs; k++)
		match_id(map, a->ref[k], b->ref[k]);
	for (k = 0; k <= a->depth; k++) {
		struct walk wa = enter(&ca, &a->part[k]);
		struct walk wb = enter(&cb, &b->part[k]);

		if (!part_covers(map, &wa, &wb))
			return false;
	}
	return true;
}
