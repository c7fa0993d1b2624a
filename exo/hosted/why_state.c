/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Abstract states as people read them.
 */
#include "exo/hosted/why.h"

/* -8, 65535, 0xffff0000 */
static void number(struct exo_fmt *f, uint64_t v, bool sgn)
{
	if (sgn && (int64_t)v > -1000000 && (int64_t)v < 0) {
		exo_fmt_i64(f, (int64_t)v);
	} else if (v <= 1000000) {
		exo_fmt_u64(f, v);
	} else {
		exo_fmt_str(f, "0x");
		exo_fmt_hex(f, v, 1);
	}
}

/* 60, -4, -0x7fffffffffffffff */
static void signed_number(struct exo_fmt *f, int64_t v)
{
	if (v >= -1000000 && v <= 1000000) {
		exo_fmt_i64(f, v);
		return;
	}
	exo_fmt_str(f, v < 0 ? "-0x" : "0x");
	exo_fmt_hex(f, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
}

/* Signed bounds, far ones by name. */
static void signed_range(struct exo_fmt *f, int64_t lo, int64_t hi)
{
	if (lo == INT64_MIN && hi < 0)
		exo_fmt_str(f, "any negative number");
	else if (lo == INT64_MIN)
		exo_fmt_str(f, "at most ");
	else
		signed_number(f, lo);
	if (lo == INT64_MIN && hi == -1)
		return;
	if (lo == INT64_MIN && hi < 0)
		exo_fmt_str(f, " up to ");
	else if (lo != INT64_MIN && hi == INT64_MAX)
		exo_fmt_str(f, " or more");
	else if (lo != INT64_MIN)
		exo_fmt_str(f, " to ");
	if (hi != INT64_MAX)
		signed_number(f, hi);
}

static bool range(struct exo_fmt *f, const struct vf_range *r, unsigned w)
{
	bool all_u = r->umin == 0 && r->umax == vf_umax(w);
	bool all_s = r->smin == vf_smin(w) && r->smax == vf_smax(w);

	if (all_u && all_s)
		return false;
	if (all_u || (!all_s && r->smin < 0 && w == 64)) {
		signed_range(f, r->smin, r->smax);
		return true;
	}
	if (r->umax == vf_umax(w)) {
		number(f, r->umin, false);
		exo_fmt_str(f, " or more");
		return true;
	}
	number(f, r->umin, false);
	exo_fmt_str(f, " to ");
	number(f, r->umax, false);
	return true;
}

/* The number of low bits that are known to be 0. */
static unsigned zeros(const struct vf_tnum *t)
{
	uint64_t any = t->v | t->m;
	unsigned n = 0;

	while (n < 64 && (any >> n & 1) == 0)
		n++;
	return n;
}

void why_scalar(struct exo_fmt *f, const struct vf_scalar *s)
{
	unsigned z = zeros(&s->t);

	if (vf_scalar_is_const(s)) {
		number(f, s->t.v, true);
		return;
	}
	if (!range(f, &s->r, 64)) {
		exo_fmt_str(f, "any number");
		if (s->h.umin != 0 || s->h.umax != UINT32_MAX ||
		    s->h.smin != INT32_MIN || s->h.smax != INT32_MAX) {
			exo_fmt_str(f, " with a lower half of ");
			(void)range(f, &s->h, 32);
		}
	}
	if (z > 0 && z < 32) {
		exo_fmt_str(f, ", a multiple of ");
		exo_fmt_u64(f, (uint64_t)1 << z);
	} else if (z == 0 && (s->t.m & 1) == 0) {
		exo_fmt_str(f, ", odd");
	}
}

/* " + 14 + (0 to 60)" */
static void offset(struct exo_fmt *f, const struct vf_reg *r)
{
	int64_t off = r->off;
	bool known = vf_scalar_is_const(&r->s);

	if (known)
		off += (int64_t)r->s.t.v;
	if (off != 0) {
		exo_fmt_str(f, off < 0 ? " - " : " + ");
		exo_fmt_u64(f, (uint64_t)(off < 0 ? -off : off));
	}
	if (!known) {
		exo_fmt_str(f, " + (");
		why_scalar(f, &r->s);
		exo_fmt_char(f, ')');
	}
}

static void bytes(struct exo_fmt *f, uint64_t n)
{
	exo_fmt_u64(f, n);
	exo_fmt_str(f, n == 1 ? " byte" : " bytes");
}

static void proven(struct exo_fmt *f, const struct vf_reg *r)
{
	int64_t n = r->proven == 0 ? 0 : (int64_t)r->proven - 1 - r->off;

	if (r->proven == 0 && r->kind == EXO_REG_MEM)
		return; /* its least size may prove something */
	if (n <= 0) {
		exo_fmt_str(f, ", no byte proven there");
		return;
	}
	exo_fmt_str(f, ", ");
	bytes(f, (uint64_t)n);
	exo_fmt_str(f, " proven from there");
}

static void of_map(struct exo_fmt *f, const char *what, const struct vf_reg *r)
{
	exo_fmt_str(f, what);
	exo_fmt_u64(f, r->map);
}

static void stack(struct exo_fmt *f, const struct vf_reg *r, uint32_t depth)
{
	exo_fmt_str(f, r->frame == depth        ? "r10"
	               : r->frame + 1u == depth ? "the caller's r10"
	                                        : "an outer caller's r10");
	offset(f, r);
}

static void value(
    struct exo_fmt *f, const struct vf_reg *r, const struct vf_input *in)
{
	of_map(f, "value of map ", r);
	offset(f, r);
	if (in != NULL && r->map < in->nmaps) {
		exo_fmt_str(f, ", of ");
		bytes(f, in->maps[r->map].value_size);
	}
}

static void record(struct exo_fmt *f, const struct vf_reg *r)
{
	exo_fmt_str(f, "record");
	offset(f, r);
	exo_fmt_str(f, ", of ");
	bytes(f, r->proven);
}

void why_reg(struct exo_fmt *f, const struct vf_reg *r, uint32_t depth,
    const struct vf_input *in)
{
	switch (r->kind) {
	case EXO_REG_UNINIT:
		exo_fmt_str(f, "not set");
		return;
	case EXO_REG_SCALAR:
		why_scalar(f, &r->s);
		return;
	case EXO_REG_CTX:
		exo_fmt_str(f, "context");
		offset(f, r);
		return;
	case EXO_REG_STACK:
		stack(f, r, depth);
		return;
	case EXO_REG_PKT_END:
		exo_fmt_str(f, "end of the packet");
		return;
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
	case EXO_REG_MEM:
		if (vf_is_mem_end(r)) {
			exo_fmt_str(f, "end of the memory");
			return;
		}
		exo_fmt_str(f, r->kind == EXO_REG_PKT   ? "packet"
		               : r->kind == EXO_REG_MEM ? "memory"
		                                        : "metadata");
		offset(f, r);
		proven(f, r);
		return;
	case EXO_REG_MAP:
		of_map(f, "map ", r);
		return;
	case EXO_REG_MAP_VALUE:
		value(f, r, in);
		return;
	case EXO_REG_MAP_VALUE_OR_NULL:
		of_map(f, "value of map ", r);
		exo_fmt_str(f, ", or null");
		return;
	case EXO_REG_MAP_KEY:
		of_map(f, "key of map ", r);
		offset(f, r);
		return;
	case EXO_REG_RING:
		record(f, r);
		return;
	case EXO_REG_RING_OR_NULL:
		record(f, r);
		exo_fmt_str(f, ", or null");
		return;
	default:
		exo_fmt_str(f, "a function");
	}
}

bool why_same(const struct vf_reg *a, const struct vf_reg *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == EXO_REG_UNINIT)
		return true;
	return a->proven == b->proven && a->off == b->off &&
	       a->s.t.v == b->s.t.v && a->s.t.m == b->s.t.m &&
	       vf_range_covers(&a->s.r, &b->s.r) &&
	       vf_range_covers(&b->s.r, &a->s.r) &&
	       vf_range_covers(&a->s.h, &b->s.h) &&
	       vf_range_covers(&b->s.h, &a->s.h);
}
