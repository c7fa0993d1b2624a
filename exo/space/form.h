/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms: the ways in which a packet can be laid out.
 *
 * Overview
 *	A form says which headers there are, where they begin, and which bits
 *	make it so; what a packet of the form holds besides is free. Within one
 *	form each field has one place, or one value, or is never there, so that
 *	a cube becomes demands on bits at places and on the captured length.
 *	sp_forms() goes through all forms that may matter for a cube.
 *
 * Why that is exact
 *	Each packet is of one form (the lists of forms.c and chains.c follow
 *	parse.c step by step). A form that is left out never has a field that
 *	the cube needs, or has a twin that is tried: one that no atom of the
 *	cube tells from it. Demands on bits are decided
 *	by bits.c exactly, and so is the captured length.
 */
#ifndef EXO_SPACE_FORM_H
#define EXO_SPACE_FORM_H

#include "exo/space/region.h"

#define SP_HEADERS (SP_H_TCP + 1)

/* An atom at a place: a number of a->bits bits that begins at a bit, counted
 * from the packet's first, highest first. */
struct sp_span {
	uint32_t bit;
	uint8_t bits;
	struct sp_atom a; /* tidy; field has no meaning */
};

/* Where a packet's headers are. A header that is not there is SP_NOWHERE. */
struct sp_layout {
	uint32_t link;
	uint32_t at[SP_HEADERS]; /* where the header's bytes count from */
	uint32_t
	    from[SP_HEADERS];   /* captured bytes that it takes to get there */
	uint32_t type, type_at; /* TYPE: its place, or else its value */
	uint32_t type_from;     /* captured bytes that it takes; SP_NOWHERE:
	                              it is never there */
	uint32_t tags, tags_from;
	uint32_t frag, frag_from;
	uint32_t proto_at, proto_from;
	uint32_t proto;  /* where that was chosen */
	uint32_t l3, e4; /* the network header, the transport header */
};

#define SP_MUST_MAX  28u
#define SP_GROUP_MAX 12u /* numbers that overlap, neighbour by neighbour */

struct sp_search;

/** What to do with a form: 1 ends the search, 0 goes on, negative fails. */
typedef int sp_form_fn(struct sp_search *s);

/* One search. */
struct sp_search {
	struct sp_work *w;
	const struct sp_cube *c;
	uint64_t asked;         /* fields of its atoms */
	uint64_t gone;          /* those that must not be there */
	uint8_t nth[SP_FIELDS]; /* which atom is a field's */
	bool whole;             /* every choice is made, and the form is one of
	                            packets as they should be */
	struct sp_layout f;     /* the form at hand */
	uint64_t let;           /* atoms of these fields are let pass */
	bool tight;             /* a form failed for want of a length */
	uint32_t n;             /* what makes it so */
	struct sp_span must[SP_MUST_MAX];
	sp_form_fn *found;
	void *ctx; /* found's own */
};

/** Start a search for a cube. */
void sp_search_init(struct sp_search *s, struct sp_work *w,
    const struct sp_cube *c, sp_form_fn *found, void *ctx);

/** Go through the forms until found() returns other than 0; returns that. */
int sp_forms(struct sp_search *s);

/** The atom of a field, or NULL. */
const struct sp_atom *sp_asked(const struct sp_search *s, enum sp_field f);

/** Whether some of these fields must be there. */
bool sp_needed(const struct sp_search *s, uint64_t fields);

/** Demand bits of the form. */
void sp_must_be(struct sp_search *s, uint32_t bit, uint8_t bits, uint64_t x);
void sp_must_have(struct sp_search *s, uint32_t bit, uint8_t bits,
    uint64_t mask, uint64_t value);
void sp_must_lie(
    struct sp_search *s, uint32_t bit, uint8_t bits, uint64_t lo, uint64_t hi);

/** The intersection of the atoms of two fields that are the same bytes, there
 * or not; false: they exclude each other. */
bool sp_both(const struct sp_search *s, enum sp_field f, enum sp_field g,
    struct sp_atom *out);

/** The least number of an atom that is not below *x; false: none. */
bool sp_next(const struct sp_atom *a, uint64_t *x);

/** The least number of an atom that is not in a set, which is small. */
bool sp_pick(const struct sp_atom *a, bool (*in)(uint64_t), uint64_t *x);

#define SP_FIRST_TO(first, last) ((SP_BIT(last) << 1) - SP_BIT(first))

/* Those of one network header each. */
#define SP_IP4_FIELDS (SP_FIRST_TO(SP_IP_VHL, SP_IP_DST))
#define SP_IP6_FIELDS (SP_FIRST_TO(SP_IP6_VTF, SP_IP6_XNH))
#define SP_ARP_FIELDS (SP_FIRST_TO(SP_ARP_HRD, SP_ARP_TPA))

/* --- forms_net.c ------------------------------------------------------------- */

/* Fields that are seen only behind a right IP header, those of the transport
 * header, and the literal ones of what should be it. */
#define SP_SEEN_FIELDS (SP_FIRST_TO(SP_FRAG, SP_TCP_FLAGS))
#define SP_TRANSPORT   (SP_FIRST_TO(SP_SPORT, SP_TCP_FLAGS))
#define SP_LITERAL4    (SP_FIRST_TO(SP_L4_0, SP_L4_LEFT))

/** The forms of a network header of this EtherType at f.l3. */
int sp_forms_net(struct sp_search *s, uint32_t type);

/** Protocols that matter for a cube, one after the other, behind a network
 * header whose protocol byte, at f.proto_at, is two fields'; if `six`, no
 * extension header is among them. */
int sp_forms_proto(
    struct sp_search *s, enum sp_field f, enum sp_field g, bool six);

/* --- forms_ext.c ------------------------------------------------------------- */

/** What may follow an IPv6 header at f.l3 of version 6. */
int sp_forms_ext(struct sp_search *s);

/** An extension header among an atom's numbers; false: none. */
bool sp_pick_ext(const struct sp_atom *a, uint64_t *x);

/* --- place.c ---------------------------------------------------------------- */

/** Whether a packet of the form is in the cube: 1, with *cap its captured
 * length, the least; 0; negative. */
int sp_place(struct sp_search *s, uint32_t least, uint32_t *cap);

/** Lay out the demands on bits: 1, 0 if they exclude each other, or negative.
 * buf, if not NULL, has room bytes; what is free in it stays. */
int sp_lay(struct sp_search *s, uint8_t *buf, uint32_t room);

/* --- add.c ------------------------------------------------------------------- */

/** The least x of an atom such that x - plus, which is not negative for any of
 * them, is of another atom: 1, 0, or negative. Both are of 32 bits. */
int sp_sum(struct sp_work *w, const struct sp_atom *x, const struct sp_atom *y,
    uint32_t plus, uint32_t *least);

/* --- bits.c ----------------------------------------------------------------- */

/** Whether spans, all of them overlapping neighbours, in the order of their
 * first bits, have bits in common; as sp_lay(). */
int sp_bits(struct sp_work *w, const struct sp_span *v, uint32_t n,
    uint8_t *buf, uint32_t room);

#endif
