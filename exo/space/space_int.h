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

#define SP_FRAG_WHOLE 0u
#define SP_FRAG_FIRST 1u
#define SP_FRAG_LATER 2u

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

/* --- region.c -------------------------------------------------------------- */

/** Take steps from the budget. Returns 0 or -EXO_EBUDGET. */
int sp_spend(struct sp_work *w, uint64_t steps);

/** Whether some packet is in a cube of tidy atoms: 1, 0, or negative. */
int sp_inhabited(struct sp_work *w, const struct sp_cube *c);

/* --- parse.c --------------------------------------------------------------- */

/** Whether a protocol's header begins with two ports. */
bool sp_has_ports(uint64_t proto);

/** Whether a protocol is ICMP or ICMPv6. */
bool sp_is_icmp(uint64_t proto);

#endif
