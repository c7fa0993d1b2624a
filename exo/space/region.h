/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cubes and regions: sets of points of header space, and their algebra.
 *
 * Overview
 *	An atom demands something of one field: that it is not there, or that it
 *	is and its number x has x & mask == value and lo <= x <= hi. A cube is
 *	a conjunction of atoms of different fields, a region a union of cubes.
 *	The operations are exact: union, intersection and difference of the
 *	sets of packets, not of the texts. Whether a set is empty depends on
 *	which fields can be together: an ARP packet has no ports. That is asked
 *	of a universe; sp_packets is the one of the canonical parser.
 *
 * Answers
 *	Yes (1), no (0), or a negative number: -EXO_ENOMEM, or -EXO_EBUDGET when
 *	the budget is used up or the universe cannot tell. Whoever asks for
 *	authority is refused then. A guess is never made.
 *
 * Ownership: results live in the arena of the work, inputs may be in any; but
 * results share cubes and atoms with inputs, which must live as long.
 */
#ifndef EXO_SPACE_REGION_H
#define EXO_SPACE_REGION_H

#include "exo/space/space.h"

struct sp_atom {
	uint8_t field; /* enum sp_field */
	bool absent;   /* the field is not there; the rest is 0 then */
	uint64_t mask, value;
	uint64_t lo, hi;
};

/* n tidy atoms, not empty, in the order of their fields; none: every packet. */
struct sp_cube {
	const struct sp_atom *a;
	uint32_t n;
};

/* n cubes; none: no packet. They may overlap. */
struct sp_region {
	const struct sp_cube *v;
	uint32_t n;
};

struct exo_pause;
struct sp_work;

/* What is true of packets besides what the algebra knows. */
struct sp_universe {
	/** The largest number of a field. */
	uint64_t (*max)(uint32_t field);
	/** Whether some packet is in a cube whose atoms are tidy and not empty:
	 * 1, 0, or negative. */
	int (*inhabited)(struct sp_work *w, const struct sp_cube *c);
};

/** Packets as sp_parse() sees them. */
extern const struct sp_universe sp_packets;

/* What an operation works with. */
struct sp_work {
	struct exo_arena *arena; /* for results and on the way */
	uint64_t left;           /* steps: about one for each atom looked at; 0
	                            after -EXO_EBUDGET */
	const struct sp_universe *of;
	void *scratch; /* the universe's, of the arena; NULL at first, and again
	                  when the arena was freed */
	struct exo_pause *pause; /* asked while it works; NULL: nobody is. A no
	                            uses the budget up */
};

/** An atom of one number, of the numbers lo to hi, of those whose masked bits
 * are value's, and of the field's absence. */
struct sp_atom sp_is(enum sp_field f, uint64_t x);
struct sp_atom sp_between(enum sp_field f, uint64_t lo, uint64_t hi);
struct sp_atom sp_masked(enum sp_field f, uint64_t mask, uint64_t value);
struct sp_atom sp_absent(enum sp_field f);

/** The field is there. */
struct sp_atom sp_present(enum sp_field f);

/**
 * Bring an atom into its one form: lo and hi are the least and the greatest
 * number of the set, mask the bits that all of them have alike, value those
 * bits. Two atoms of a field are the same set exactly if the forms are equal.
 * False: the set is empty, as it is when value has bits outside mask or field.
 */
bool sp_tidy(struct sp_atom *a, uint64_t max);

/** Every packet. Returns 0 or negative, as all that make regions; *out is
 * untouched then. */
int sp_all(struct sp_work *w, struct sp_region *out);

/** Those that satisfy all n atoms, which need neither be tidy nor in order;
 * several of a field are intersected. Only this makes cubes of atoms: the other
 * functions trust the form of what they get. */
int sp_conj(struct sp_work *w, const struct sp_atom *a, uint32_t n,
    struct sp_region *out);

/** Union, which takes cubes as they are; of what the others make, each cube has
 * a packet in it. */
int sp_or(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out);
int sp_and(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out);

/** What of a is not in b, or all that is not in it; what is left of one cube is
 * in cubes that exclude each other. */
int sp_minus(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out);
int sp_not(struct sp_work *w, struct sp_region a, struct sp_region *out);

/** The same set of no more cubes: of two that make one cube one is made, one
 * that is in the union of others goes if half the budget is enough to find out.
 * It is used up only by what is needed to sort them. */
int sp_minimise(struct sp_work *w, struct sp_region a, struct sp_region *out);

/** Whether there is no packet in it. */
int sp_empty(struct sp_work *w, struct sp_region a);

/** Whether a packet is in both; if so *out, if not NULL, has a cube of both. */
int sp_overlap(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_cube *out);

/** Whether all of a is in b; if not *out, if not NULL, has a cube of a that is
 * outside b. */
int sp_inside(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_cube *out);

/** Whether a parsed packet is in it. */
bool sp_cube_has(const struct sp_cube *c, const struct sp_view *v);
bool sp_region_has(struct sp_region r, const struct sp_view *v);

/* Why a packet is not as it should be: bits. */
enum sp_flaw {
	SP_FLAW_CUT = 1,       /* less was captured than there was, or more */
	SP_FLAW_VERSION = 2,   /* the IP version is another */
	SP_FLAW_HEADER = 4,    /* an impossible header length */
	SP_FLAW_LENGTH = 8,    /* a length that cannot be the packet's */
	SP_FLAW_CHECKSUM = 16, /* a checksum is wrong */
	SP_FLAW_SHORT = 32,    /* the packet ends within a header */
	SP_FLAW_EXT = 64,      /* too many extension headers */
};

/** What is wrong with a packet: bits of enum sp_flaw. Asked are the headers
 * that the parser knows; padding behind an IP packet is no flaw. */
uint32_t sp_flaws(const struct sp_packet *p);

/** Bytes that are enough for most witnesses. */
#define SP_WITNESS_BYTES 2048u

/**
 * Make a packet that is in the region, in buf of room bytes; it is parsed and
 * looked for in there before it is returned. It is one that is as it should be
 * if the region holds one and half of the budget is enough to find it, else
 * *flaws, if not NULL, says what is wrong with it.
 * Returns 1; 0 when the region is empty; -EXO_E2BIG when room is too small;
 * other negative numbers as above.
 */
int sp_witness(struct sp_work *w, struct sp_region r, uint8_t *buf,
    uint32_t room, struct sp_packet *out, uint32_t *flaws);

#endif
