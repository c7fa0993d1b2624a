/* SPDX-License-Identifier: BSD-2-Clause */
/* Recorded states, and whether a machine state is one of them: contain.h. */
#include "tests/support/contain.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/world_int.h"

/* A register of a state: in a frame, or saved on its stack. */
struct item {
	struct vf_reg r;
	uint8_t frame;
	uint8_t reg; /* or NO_REG: saved at r.at */
};
#define NO_REG 0xffu

struct contain_state {
	struct contain_state *next;
	uint64_t mem_min;
	uint32_t call[EXO_MAX_FRAMES]; /* [k]: where frame k was left */
	uint32_t depth;
	uint32_t nrefs;
	uint32_t ref[VF_REFS_MAX];
	uint32_t nitems, nzeros;
	uint16_t *zero; /* bytes of all frames that are 0 */
	struct item item[];
};

static void *need(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

/*
 * Memory: states are made by the hundred and all dropped together, so they
 * stand in blocks that are kept from program to program.
 */

#define BLOCK ((size_t)1 << 18) /* no state is larger */

struct contain_block {
	struct contain_block *next;
	size_t used; /* of room */
	max_align_t room[BLOCK / sizeof(max_align_t)];
};

static void *room_for(struct contain *c, size_t size)
{
	const size_t unit = sizeof(max_align_t);
	struct contain_block *b = c->block;
	void *p;

	size = (size + unit - 1) / unit * unit;
	if (size > BLOCK)
		abort();
	if (b == NULL || size > BLOCK - b->used) {
		b = b == NULL ? c->blocks : b->next;
		if (b == NULL) {
			b = need(malloc(sizeof(*b)));
			b->next = NULL;
			if (c->block == NULL)
				c->blocks = b;
			else
				c->block->next = b;
		}
		b->used = 0;
		c->block = b;
	}
	p = (char *)b->room + b->used;
	b->used += size;
	return p;
}

static void drop_all(struct contain *c)
{
	memset(c->at, 0, c->n * sizeof(c->at[0]));
	c->block = NULL;
	c->states = 0;
}

void contain_start(struct contain *c, uint32_t n)
{
	if (c->room < n) {
		c->at = need(realloc(c->at, n * sizeof(c->at[0])));
		c->room = n;
	}
	c->n = n;
	drop_all(c);
}

void contain_free(struct contain *c)
{
	struct contain_block *b = c->blocks;

	while (b != NULL) {
		struct contain_block *next = b->next;

		free(b);
		b = next;
	}
	free(c->at);
	memset(c, 0, sizeof(*c));
}

/*
 * Recording
 */

/* The verification that a shown state is part of. */
static const struct vf_env *env_of(const struct vf_state *st)
{
	return (const void *)((const char *)st - offsetof(struct vf_env, st));
}

static void put_item(struct contain_state *s, const struct vf_env *env,
    const struct vf_reg *r, unsigned frame, unsigned reg)
{
	struct item *it = &s->item[s->nitems];

	if (r->kind == EXO_REG_UNINIT)
		return;
	it->r = *r;
	it->frame = (uint8_t)frame;
	it->reg = (uint8_t)reg;
	if (r->kind == EXO_REG_FUNC)
		it->r.proven = env->funcs[r->off].entry;
	s->nitems++;
}

/* The bytes of a frame that are 0, at most at the end of zero. Most slots hold
 * none, and eight bytes tell it at once. */
static void put_zeros(
    struct contain_state *s, uint16_t *zero, const uint8_t *byte, uint32_t k)
{
	const uint64_t ones = 0x0101010101010101u;
	uint32_t b, i;

	for (b = 0; b < EXO_STACK_SIZE; b += 8) {
		uint64_t x;

		memcpy(&x, byte + b, 8);
		x ^= ones * VF_BYTE_ZERO;
		if (((x - ones) & ~x & ones << 7) == 0)
			continue;
		for (i = b; i < b + 8; i++) {
			if (byte[i] == VF_BYTE_ZERO)
				zero[s->nzeros++] =
				    (uint16_t)(k * EXO_STACK_SIZE + i);
		}
	}
}

static void put_frames(
    struct contain *c, struct contain_state *s, const struct vf_env *env)
{
	const struct vf_state *st = &env->st;
	uint16_t zero[EXO_MAX_FRAMES * EXO_STACK_SIZE];
	uint32_t k, i;

	for (i = 0; i < EXO_R_FP; i++)
		put_item(s, env, &st->r[i], st->depth, i);
	for (k = 0; k <= st->depth; k++) {
		for (i = 0; k < st->depth && i < VF_KEPT; i++)
			put_item(s, env, &st->frame[k]->kept[i], k,
			    VF_KEPT_FIRST + i);
		put_zeros(s, zero, st->frame[k]->byte, k);
	}
	for (i = 0; i < st->npool; i++)
		put_item(s, env, &st->pool[i], 0, NO_REG);
	if (s->nzeros == 0)
		return;
	s->zero = room_for(c, s->nzeros * sizeof(zero[0]));
	memcpy(s->zero, zero, s->nzeros * sizeof(zero[0]));
}

void contain_add(void *ctx, uint32_t pc, const struct vf_state *st)
{
	struct contain *c = ctx;
	const struct vf_env *env;
	const struct vf_inst *inst;
	struct contain_state *s;

	if (st == NULL) { /* a new pass */
		drop_all(c);
		return;
	}
	if (pc >= c->n)
		abort();
	env = env_of(st);
	s = room_for(
	    c, sizeof(*s) + (EXO_R_FP + VF_KEPT * st->depth + st->npool) *
	                        sizeof(s->item[0]));
	memset(s, 0, sizeof(*s));
	s->depth = st->depth;
	s->mem_min = st->mem_min;
	s->nrefs = st->nrefs;
	memcpy(s->ref, st->ref, sizeof(s->ref));
	for (inst = env->inst; inst->parent != NULL; inst = inst->parent)
		s->call[inst->depth - 1] = inst->call;
	put_frames(c, s, env);
	if (c->at[pc].last == NULL)
		c->at[pc].first = s;
	else
		c->at[pc].last->next = s;
	c->at[pc].last = s;
	c->states++;
}

/*
 * One value
 */

static bool in_range(const struct vf_range *r, uint64_t x, unsigned w)
{
	int64_t s = vf_signed(x, w);

	return r->umin <= x && x <= r->umax && r->smin <= s && s <= r->smax;
}

static bool in_scalar(const struct vf_scalar *s, uint64_t x)
{
	return vf_tnum_has(s->t, x) && in_range(&s->r, x, 64) &&
	       in_range(&s->h, x & UINT32_MAX, 32);
}

/* The machine at one step. */
struct real {
	struct isa_vm *vm;
	const struct isa_state *s;
	uint64_t mem_at, mem; /* of a mem program: address, size */
};

/* The first byte of the object behind an address in the upper half of which
 * nothing is but its number. */
static uint64_t object(uint64_t x)
{
	return (x + ((uint64_t)1 << 31)) & 0xffffffff00000000u;
}

/* The address at which a pointer's object begins, were it this one's; *room:
 * how many bytes of it `proven` may speak of. False: it is none of that
 * kind. x is the value less the constant part. */
static bool base_of(const struct real *m, const struct vf_reg *r, uint64_t x,
    uint64_t *base, uint64_t *room)
{
	uint64_t pkt = isa_addr(isa_pkt_id(m->vm), ISA_PKT_START);
	uint32_t meta = m->vm->room.meta, id;

	*base = object(x);
	*room = UINT64_MAX >> 1;
	id = (uint32_t)(*base >> 32);
	switch (r->kind) {
	case EXO_REG_CTX:
		*base = isa_addr(ISA_REGION_CTX, 0);
		return true;
	case EXO_REG_STACK:
		*base = isa_addr(
		    ISA_REGION_STACK, (r->frame + 1u) * EXO_STACK_SIZE);
		return true;
	case EXO_REG_PKT:
		*base = pkt + meta;
		*room = m->vm->pkt.caplen;
		return true;
	case EXO_REG_PKT_META:
		*base = pkt;
		*room = meta;
		return true;
	case EXO_REG_PKT_END:
		*base = pkt + meta + m->vm->pkt.caplen;
		return true;
	case EXO_REG_MEM:
		*base = m->mem_at;
		*room = m->mem;
		return true;
	case EXO_REG_MAP:
		*base = world_addr(WORLD_ID_MAP | r->map);
		return true;
	case EXO_REG_MAP_VALUE:
	case EXO_REG_MAP_VALUE_OR_NULL:
		return id >= WORLD_ID_VALUE &&
		       (id - WORLD_ID_VALUE) >> 24 == r->map;
	case EXO_REG_MAP_KEY:
		return (id & WORLD_ID_KINDS) == WORLD_ID_KEY;
	case EXO_REG_RING:
	case EXO_REG_RING_OR_NULL:
		return (id & WORLD_ID_KINDS) == WORLD_ID_RECORD &&
		       isa_mem(m->vm, *base, r->proven, true) != NULL;
	default:
		return false;
	}
}

/* Values of ids that were met in a state. */
struct ids {
	uint32_t n;
	struct {
		uint32_t id;
		uint8_t kind;
		uint64_t x;
	} row[EXO_REGS + EXO_MAX_FRAMES * (VF_KEPT + VF_HALVES)];
};

static bool same(struct ids *ids, const struct vf_reg *r, uint64_t x)
{
	uint32_t i;

	if (r->id == 0)
		return true;
	for (i = 0; i < ids->n; i++) {
		if (ids->row[i].id == r->id && ids->row[i].kind == r->kind)
			return ids->row[i].x == x;
	}
	ids->row[i].id = r->id;
	ids->row[i].kind = r->kind;
	ids->row[i].x = x;
	ids->n++;
	return true;
}

static const char *number_fits(
    const struct real *m, struct ids *ids, const struct vf_reg *r, uint64_t x)
{
	uint64_t b = x - (uint64_t)(int64_t)r->off;

	if (!in_scalar(&r->s, x))
		return "number out of range";
	if (r->id == VF_ID_SIZE && b != m->mem)
		return "not the memory's size";
	return same(ids, r, b) ? NULL : "link broken";
}

static const char *reg_fits(
    const struct real *m, struct ids *ids, const struct vf_reg *r, uint64_t x)
{
	uint64_t base, room, part;

	if (r->kind == EXO_REG_SCALAR)
		return number_fits(m, ids, r, x);
	if (r->kind == EXO_REG_FUNC)
		return x == isa_addr(ISA_ID_FUNC, r->proven) ? NULL
		                                             : "function";
	if (vf_is_or_null(r) && !same(ids, r, x))
		return "maybe-null link broken";
	if (vf_is_or_null(r) && x == 0)
		return NULL;
	part = x - (uint64_t)(int64_t)r->off;
	if (!base_of(m, r, part, &base, &room))
		return "not that kind of pointer";
	part -= base;
	if (r->id == 0 && part != 0)
		return "variable part of id 0";
	if (r->id == VF_ID_SIZE && part != m->mem)
		return "not the memory's end";
	if (!in_scalar(&r->s, part))
		return "variable part out of range";
	if (r->off <= -VF_PTR_LIMIT || r->off >= VF_PTR_LIMIT ||
	    (!vf_is_near(&r->s) && !vf_is_mem_end(r)))
		return "moved too far";
	if (r->proven != 0 && (int64_t)(part + r->proven - 1) > (int64_t)room)
		return "proven bytes are missing";
	if (vf_is_or_null(r) || r->kind == EXO_REG_RING)
		return part == 0 || r->kind == EXO_REG_RING ? NULL : "moved";
	return same(ids, r, part) ? NULL : "pointer link broken";
}

/*
 * One state
 */

static uint64_t value_of(const struct real *m, const struct item *it)
{
	uint64_t x = 0;

	if (it->reg == NO_REG)
		memcpy(
		    &x, isa_frames(m->vm) + it->r.at * 4u, it->r.four ? 4 : 8);
	else if (it->frame == m->s->depth)
		x = m->s->r[it->reg];
	else
		x = m->s->saved[it->frame].r6_r9[it->reg - VF_KEPT_FIRST];
	return x;
}

/* Memory of ring buffers: a reference counts unless its pointer is 0. */
static bool refs_fit(const struct real *m, const struct contain_state *s)
{
	uint32_t least = 0, most = s->nrefs, k, i;

	for (k = 0; k < s->nrefs; k++) {
		for (i = 0; i < s->nitems; i++) {
			const struct item *it = &s->item[i];

			if (it->r.id != s->ref[k] ||
			    (it->r.kind != EXO_REG_RING &&
			        it->r.kind != EXO_REG_RING_OR_NULL))
				continue;
			if (it->r.kind == EXO_REG_RING || value_of(m, it) != 0)
				least++;
			else
				most--;
			break;
		}
	}
	return m->vm->held >= least && m->vm->held <= most;
}

static const char *state_fits(
    const struct real *m, const struct contain_state *s, uint32_t *item)
{
	static struct ids ids;
	const char *why;
	uint32_t i;

	*item = UINT32_MAX;
	for (i = 0; i < s->depth; i++) {
		if (s->call[i] + 1 != m->s->saved[i].pc)
			return "another chain of calls";
	}
	if (s->mem_min > m->mem)
		return "less memory than proven";
	ids.n = 0;
	for (i = 0; i < s->nitems; i++) {
		*item = i;
		why =
		    reg_fits(m, &ids, &s->item[i].r, value_of(m, &s->item[i]));
		if (why != NULL)
			return why;
	}
	*item = UINT32_MAX;
	for (i = 0; i < s->nzeros; i++) {
		if (isa_frames(m->vm)[s->zero[i]] != 0)
			return "stack byte is not zero";
	}
	return refs_fit(m, s) ? NULL : "references";
}

static void explain(struct contain *c, const struct real *m,
    const struct contain_state *s, uint32_t item, const char *why)
{
	const struct item *it;

	if (item >= s->nitems) {
		snprintf(c->why, sizeof(c->why), "%s", why);
		return;
	}
	it = &s->item[item];
	snprintf(c->why, sizeof(c->why),
	    "%s: frame %u %s%d kind %u is %#" PRIx64 ", u %#" PRIx64
	    "..%#" PRIx64 " t %#" PRIx64 "/%#" PRIx64 " off %d proven %u",
	    why, it->frame, it->reg == NO_REG ? "slot " : "r",
	    it->reg == NO_REG ? it->r.at : it->reg, it->r.kind, value_of(m, it),
	    it->r.s.r.umin, it->r.s.r.umax, it->r.s.t.v, it->r.s.t.m, it->r.off,
	    it->r.proven);
}

static bool fits_somewhere(struct contain *c, const struct real *m, uint32_t pc)
{
	struct contain_bucket *b = &c->at[pc];
	struct contain_state *s = b->hint != NULL ? b->hint : b->first;
	struct contain_state *start = s;
	const struct contain_state *near = NULL;
	uint32_t item, near_item = 0;
	const char *why, *near_why = NULL;

	snprintf(c->why, sizeof(c->why), "no state was recorded");
	if (s == NULL)
		return false;
	do {
		if (s->depth == m->s->depth) {
			why = state_fits(m, s, &item);
			if (why == NULL) {
				b->hint = s->next;
				return true;
			}
			near = s;
			near_item = item;
			near_why = why;
		}
		s = s->next == NULL ? b->first : s->next;
	} while (s != start);
	if (near != NULL)
		explain(c, m, near, near_item, near_why);
	return false;
}

bool contain_look(
    void *ctx, struct isa_vm *vm, struct isa_state *s, uint32_t pc)
{
	struct contain *c = ctx;
	struct real m = { .vm = vm, .s = s };

	if (s->code.insns != c->insns || c->steps >= c->most)
		return true;
	c->steps++;
	m.mem = vm->region[ISA_REGION_MEM].size;
	if (m.mem != 0)
		m.mem_at = isa_addr(ISA_REGION_MEM, 0);
	if (fits_somewhere(c, &m, pc))
		return true;
	c->failed = true;
	c->failed_pc = pc;
	return false;
}
