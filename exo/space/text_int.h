/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the text form share.
 */
#ifndef EXO_SPACE_TEXT_INT_H
#define EXO_SPACE_TEXT_INT_H

#include "exo/space/text.h"

enum sp_token_kind {
	SP_T_END,
	SP_T_WORD, /* letters, digits, '.', ':' and '_' */
	SP_T_OPEN,
	SP_T_CLOSE,
	SP_T_NOT,
	SP_T_AND,
	SP_T_OR,
	SP_T_EQ,
	SP_T_NE,
	SP_T_LT,
	SP_T_LE,
	SP_T_GT,
	SP_T_GE,
	SP_T_MASK,
	SP_T_SLASH,
	SP_T_DASH,
};

struct sp_token {
	const char *s;
	uint32_t at, n; /* its place in the text */
	uint8_t kind;   /* enum sp_token_kind */
};

struct sp_reader {
	struct sp_work *w;
	const char *text;
	uint32_t len, pos;
	struct sp_token now; /* the one that was not used yet */
	struct sp_text_error *err;
};

/* --- text_lex.c ------------------------------------------------------------ */

/** Go to the next token. Returns 0, -EXO_EINVAL or -EXO_EBUDGET. */
int sp_read_next(struct sp_reader *r);

/** Write a code and its place into *err. Returns -EXO_EINVAL. */
int sp_read_fail(
    struct sp_reader *r, enum sp_text_code code, const struct sp_token *t);

/** Whether a token is this word. */
bool sp_token_is(const struct sp_token *t, const char *word);

/** Whether a token is a word that begins with a digit, or has a colon. */
bool sp_token_is_value(const struct sp_token *t);

/* --- text_value.c ---------------------------------------------------------- */

/* The functions that read go to the token behind what they read. Returns 0,
 * -EXO_EINVAL or -EXO_EBUDGET. */

/** An address. */
struct sp_address {
	uint64_t v[2];        /* the halves; of IPv4 the second only */
	uint32_t width, bits; /* 32 or 128; the prefix's length */
};

int sp_read_number(struct sp_reader *r, uint64_t max, uint64_t *v);

/** A number of a field, in any form that it may be written in. */
int sp_read_value(struct sp_reader *r, enum sp_field f, uint64_t *v);

int sp_read_mac(struct sp_reader *r, uint64_t *v);

/** A prefix's length, behind the slash that is the token now. */
int sp_read_prefix(struct sp_reader *r, uint32_t max, uint32_t *bits);

/** An address; with a prefix if there is one, or if there must be. */
int sp_read_address(struct sp_reader *r, bool prefix, struct sp_address *a);

/** LO-HI. */
int sp_read_range(
    struct sp_reader *r, uint64_t max, uint64_t *lo, uint64_t *hi);

/** The mask of a prefix; the bits that the field has not are in it, too. */
uint64_t sp_prefix_mask(uint32_t width, uint32_t bits);

/** Refuse bits behind a prefix: t is what has them. */
int sp_read_host_bits(struct sp_reader *r, const struct sp_token *t,
    uint8_t form, const struct sp_address *a);

/* --- text_word.c ----------------------------------------------------------- */

#define SP_DRAFT_ATOMS 12u
#define SP_DRAFT_CUBES 6u

/* What words mean: a union of conjunctions, not yet tidied. */
struct sp_draft {
	struct sp_atom a[SP_DRAFT_ATOMS];
	uint32_t end[SP_DRAFT_CUBES]; /* one past the last atom of each */
	uint32_t n, cubes;
	bool differs; /* the first atom, and not what the second demands */
	bool vlan;    /* the word vlan is in it */
};

/** Add an atom to the conjunction that is open, and close it. */
void sp_draft_put(struct sp_draft *d, struct sp_atom a);
void sp_draft_end(struct sp_draft *d);

/** Read what the word that is the token now begins. */
int sp_read_word(struct sp_reader *r, struct sp_draft *d);

/* --- text_atom.c ----------------------------------------------------------- */

/** The field of that name; SP_FIELDS: there is none. */
uint32_t sp_field_named(const struct sp_token *t);

/** Whether the token now says what a field is to be. */
bool sp_at_compare(const struct sp_reader *r);

/** Read that; name is the field's token. */
int sp_read_atom(struct sp_reader *r, const struct sp_token *name,
    enum sp_field f, struct sp_draft *d);

#endif
