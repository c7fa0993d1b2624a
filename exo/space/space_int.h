/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of exo/space share among themselves.
 */
#ifndef EXO_SPACE_INT_H
#define EXO_SPACE_INT_H

#include "exo/space/region.h"

#define SP_TYPE_IP4  0x0800u
#define SP_TYPE_ARP  0x0806u
#define SP_TYPE_RARP 0x8035u
#define SP_TYPE_IP6  0x86ddu

#define SP_AF_INET  2u
#define SP_AF_INET6 30u /* macOS's; FreeBSD has 28, NetBSD and OpenBSD 24 */

/* --- atom.c ---------------------------------------------------------------- */

/** The least x >= lo whose masked bits are value's; false: there is none. */
bool sp_least(uint64_t mask, uint64_t value, uint64_t lo, uint64_t *x);

/** Intersect two tidy atoms of a field into a; false: the set is empty. */
bool sp_atom_and(struct sp_atom *a, const struct sp_atom *b, uint64_t max);

/** Whether a field that is there or not, and then x, satisfies an atom. */
bool sp_atom_has(const struct sp_atom *a, bool there, uint64_t x);

/** Whether all of a, tidy, is in b, tidy. */
bool sp_atom_inside(const struct sp_atom *a, const struct sp_atom *b);

/** The bits of a field that lo and hi begin with alike. */
uint64_t sp_alike(const struct sp_atom *a, uint64_t max);

/** What a tidy atom excludes, as atoms that exclude each other, to be tidied:
 * the i-th. Returns 1; 0 if that one is nothing; -1 behind the last. */
int sp_atom_not(
    const struct sp_atom *b, uint64_t max, uint32_t i, struct sp_atom *out);

/* --- cube.c ---------------------------------------------------------------- */

/** Take steps from the budget. Returns 0 or -EXO_EBUDGET. */
int sp_spend(struct sp_work *w, uint64_t steps);

/** Memory for n things of size bytes, zeroed; NULL: there is none. */
void *sp_get(struct sp_work *w, uint64_t n, size_t size);

/** Whether some packet is in a cube of tidy atoms: 1, 0, or negative. */
int sp_inhabited(struct sp_work *w, const struct sp_cube *c);

/** The atom of a field, or NULL. */
const struct sp_atom *sp_atom_of(const struct sp_cube *c, uint32_t field);

/** Demand one more atom of the *n atoms at v, in place; v has room for it.
 * False: nothing is left, and v is undefined. */
bool sp_narrow(const struct sp_universe *of, struct sp_atom *v, uint32_t *n,
    const struct sp_atom *b);

/** Whether the atoms of two cubes leave something that is in both: 1, 0 or
 * negative. If 1, *open is how many of b's atoms do not hold for all of a. */
int sp_look(struct sp_work *w, const struct sp_cube *a, const struct sp_cube *b,
    uint32_t *open);

/** Make of two cubes for which sp_look() says 1 the one of what is in both;
 * `to` has room for the atoms. Returns 0 or -EXO_EBUDGET. */
int sp_meet(struct sp_work *w, const struct sp_cube *a, const struct sp_cube *b,
    struct sp_atom *to, struct sp_cube *out);

/** Add SP_BIT() of the fields that a region's cubes have atoms of. */
int sp_fields(struct sp_work *w, struct sp_region r, uint64_t *fields);

/** How many fields the cubes of a and b have atoms of, pair wise different. */
int sp_width(
    struct sp_work *w, struct sp_region a, struct sp_region b, uint32_t *width);

/* --- near.c ---------------------------------------------------------------- */

/** Sort n numbers. less(ctx, x, y) is 1, 0 or negative, which ends it. */
int sp_sort(uint32_t *at, uint32_t n, int (*less)(void *, uint32_t, uint32_t),
    void *ctx);

/* Which cubes of a region may meet a cube: an index over one field. */
struct sp_near {
	struct sp_region b;
	uint32_t field; /* SP_FIELDS: none is worth it */
	uint32_t n;     /* of b's with numbers of the field */
	uint32_t *at;   /* b's: these, by their least number; the others */
	uint64_t *lo;   /* their least numbers */
	uint64_t *top;  /* the greatest number up to there */
};

/** Make an index for about so many questions. Returns 0 or negative. */
int sp_near_init(
    struct sp_near *s, struct sp_work *w, struct sp_region b, uint32_t uses);

/** Which of b's may meet a cube: *n numbers in `to`, which has room for all. */
int sp_near_to(const struct sp_near *s, struct sp_work *w,
    const struct sp_cube *a, uint32_t *to, uint32_t *n);

/* --- rest.c ---------------------------------------------------------------- */

struct sp_frame;

/* A walk through what of a cube is in none of many. */
struct sp_rest {
	struct sp_work *w;
	struct sp_near near; /* the many */
	const bool *gone;    /* NULL, or which of them not to heed */
	uint32_t *order;     /* which of them are near; see rest.c */
	uint32_t width;      /* atoms that a cube may come to have */
	struct sp_atom *both;
	uint64_t chance;
	struct sp_frame *bottom; /* for the whole, kept for the next */
	struct sp_frame *at;     /* NULL: the walk is over */
};

/** Prepare for walks with cubes of a through what is not in b. */
int sp_rest_init(struct sp_rest *s, struct sp_work *w, struct sp_region a,
    struct sp_region b);

/** Begin one. Returns 0 or negative. */
int sp_rest_of(struct sp_rest *s, const struct sp_cube *a);

/** The next piece, inhabited; the pieces exclude each other. It is valid until
 * the next call; when it is all of the cube its atoms are the cube's. Returns 1, 0 when there is none, or negative. */
int sp_rest_next(struct sp_rest *s, struct sp_cube *out);

/* --- parse.c --------------------------------------------------------------- */

/** Bytes of an extension header whose first two were captured, and what follows
 * it. */
uint32_t sp_ext_size(const uint8_t *p, uint64_t nh, uint64_t *next);

/** Whether a protocol's header begins with two ports. */
bool sp_has_ports(uint64_t proto);

/** Whether a protocol is ICMP or ICMPv6. */
bool sp_is_icmp(uint64_t proto);

#endif
