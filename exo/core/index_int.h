/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the index call of each other. The data is in index_data.h.
 */
#ifndef EXO_CORE_INDEX_INT_H
#define EXO_CORE_INDEX_INT_H

#include "exo/core/index_data.h"

/* --- index_slab.c ----------------------------------------------------------- */

void ix_slab_init(struct ix_slab *s, uint32_t size, uint32_t first);
void ix_slab_free(struct ix_slab *s, struct exo_mem *mem);

/** Make sure that there is an element i. Returns 0 or -EXO_ENOMEM. */
int ix_slab_reach(struct ix_slab *s, struct exo_mem *mem, uint32_t i);

/** Take an element, zeroed: its number, or 0. The free ones are linked by their
 * first four bytes. */
uint32_t ix_slab_take(struct ix_slab *s, struct exo_mem *mem);
void ix_slab_put(struct ix_slab *s, uint32_t i);

/** Leave something to be freed when its readers have left. */
void ix_retire(struct exo_index *ix, struct ix_dead *d, enum ix_kind kind);
void ix_retire_rec(struct exo_index *ix, uint32_t rec);

/** Free a bounded part of what may be; all of it when the index ends. */
void ix_reclaim(struct exo_index *ix, bool all);

/** A free record's number, or 0. */
uint32_t ix_rec_take(struct exo_index *ix);

/** A record that nobody has seen goes back. */
void ix_rec_put(struct exo_index *ix, uint32_t rec);

/* --- index_class.c ---------------------------------------------------------- */

/** Where a field of a plain packet lies, from its first byte on; -1: it has no
 * such place. */
int32_t ix_class_off(uint32_t cls, uint32_t field);

/** Fields that all, or some, packets of a class have. */
uint64_t ix_class_least(uint32_t cls);
uint64_t ix_class_most(uint32_t cls);

/** Captured bytes that all packets of a class have. */
uint32_t ix_class_bytes(uint32_t cls);

/** Whether a field has one value in a class, and which. */
bool ix_class_fixed(uint32_t cls, uint32_t field, uint64_t *value);

/** The class of each packet, and for plain ones what they have; *common: all of
 * them. Returns the classes seen, as bits. */
uint32_t ix_classify(const struct sp_packet *p, uint32_t n, uint8_t *cls,
    uint64_t *has, uint64_t *common);

/** The value of a field that a plain packet has. */
uint64_t ix_class_value(
    uint32_t cls, const struct sp_packet *p, uint32_t field);

/* --- index_key.c ------------------------------------------------------------ */

/** A value as the wire's bytes, the first the lowest. */
static inline uint64_t ix_wire(uint64_t v, uint32_t bytes)
{
	return __builtin_bswap64(v) >> (64 - 8 * bytes);
}

/** Bytes of a field's place. */
static inline uint32_t ix_bytes(uint32_t field)
{
	return (sp_field_row[field].bits + 7u) / 8;
}

/** Bits of a mask that tell packets apart well. */
uint32_t ix_strength(uint32_t field, uint64_t mask);

/** Read a cube into ix->atom and ix->now. Returns 0 or -EXO_EINVAL. */
int ix_shape_of(struct exo_index *ix, const struct sp_cube *c);

/** Give fields of a shape places that have none yet, as far as there is room.
 * True: there are more places than before. */
bool ix_layout_add(struct ix_layout *lay, const struct ix_shape *s);

/** Work out the programs of a layout whose table's coarse key needs these. */
void ix_layout_progs(struct ix_layout *lay, uint64_t need);

/** The masks of a shape's fields that have a place; returns those fields. */
uint64_t ix_layout_masks(const struct ix_layout *lay, const struct ix_shape *s,
    uint64_t mask[IX_WORDS]);

/** The words of the cube in ix->atom. */
void ix_layout_words(const struct ix_layout *lay, const struct exo_index *ix,
    const struct ix_shape *s, uint64_t w[IX_WORDS]);

/** Whether an atom says no more than mask and presence do. */
bool ix_atom_masked(const struct sp_atom *a);

/* --- index_table.c ---------------------------------------------------------- */

/** Make a table, without buckets when nothing is hashed, or NULL. */
struct ix_table *ix_table_new(struct exo_index *ix, struct ix_layout *lay,
    const uint64_t coarse[IX_WORDS], uint64_t need);

/** Free what a table has, and the table unless it is referred to. */
void ix_table_free(struct exo_index *ix, struct ix_table *t);

/** A record that was put into a table is gone, or a table that was emptied into
 * it: one reference less. */
void ix_origin_drop(struct exo_index *ix, struct ix_table *t);

/** The chain of a record's coarse key: its head, or 0. */
uint32_t ix_chain_of(
    const struct exo_index *ix, struct ix_table *t, const uint64_t *w);

/** Take what ix_chain_add() may need. Returns 0 or -EXO_ENOMEM. */
int ix_chain_reserve(
    struct exo_index *ix, struct ix_table *t, const uint64_t *w);

/** Put a chain, one record or more, in front of that of its coarse key; what it
 * needs was reserved. */
void ix_chain_add(struct exo_index *ix, struct ix_table *t, uint32_t head);

/** Take a record out of the chain that it is in. */
void ix_chain_drop(struct exo_index *ix, struct ix_table *t, uint32_t rec);

/** Move a bucket of a table that is being emptied. False: no memory. */
bool ix_table_move(struct exo_index *ix, struct ix_table *t);

/* --- index_shape.c ---------------------------------------------------------- */

/** The member of the shape ix->now for a record to come: found, or made with its
 * table. Returns 0 and its number, -EXO_ENOMEM or -EXO_ELIMIT. */
int ix_member_get(struct exo_index *ix, uint32_t *number);

/** Make another member of a member's shape, in a finer table, for the records
 * to come. False: there is none, or no room. */
bool ix_member_refine(struct exo_index *ix, uint32_t *number);

/** A member goes if it has no records, and its table if it has no members. */
void ix_member_drop(struct exo_index *ix, uint32_t number);

/* --- index_list.c ----------------------------------------------------------- */

/** Make a table for a shape, known to readers, whose coarse key is these masks
 * of the layout, and whose rules have no better rank. The layout is the table's
 * from then on, or freed. NULL: no memory. */
struct ix_table *ix_table_add(struct exo_index *ix, struct ix_layout *lay,
    const uint64_t coarse[IX_WORDS], uint64_t best);

/** Begin to empty a table into another. */
void ix_table_empty(
    struct exo_index *ix, struct ix_table *t, struct ix_table *into);

/** A table has neither records nor members any more. */
void ix_table_done(struct exo_index *ix, struct ix_table *t);

/** Work on what is left over from other calls, a bounded part of it. */
void ix_step(struct exo_index *ix);

/** Bits of a table's words that tell packets apart well. */
uint32_t ix_words_strength(
    const struct ix_layout *lay, const uint64_t mask[IX_WORDS]);

#endif
