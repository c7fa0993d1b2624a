/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boolean structure of a tcpdump expression, without libpcap.
 *
 * split_token.c makes tokens of the text, split.c terms and their structure,
 * split_chunk.c nodes: small expressions, each with the node that a match and
 * a mismatch lead to. libpcap compiles the nodes, join.c makes one program of
 * their programs.
 */
#ifndef FLT_SPLIT_H
#define FLT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/filters.h"

/** What a token is to the structure. */
enum flt_token {
	FLT_T_END,
	FLT_T_ODD,   /* what is not understood */
	FLT_T_NEVER, /* a keyword that is not split around */
	FLT_T_AND,
	FLT_T_OR,
	FLT_T_NOT,
	FLT_T_OPEN,
	FLT_T_CLOSE,
	FLT_T_WORD,  /* a name, a number, an address */
	FLT_T_PNAME, /* tcp, ip, ether, ... */
	FLT_T_DIR,   /* src, dst */
	FLT_T_TYPE,  /* host, net, port, portrange, proto */
	FLT_T_MASK,
	FLT_T_LEN,
	FLT_T_CAST, /* broadcast, multicast */
	FLT_T_SIZE, /* less, greater */
	FLT_T_BYTE,
	FLT_T_REL,   /* = != < > <= >= */
	FLT_T_ARITH, /* + - * % & | ^ << >> */
	FLT_T_SLASH,
	FLT_T_LEFT,  /* [ */
	FLT_T_RIGHT, /* ] */
	FLT_T_COLON,
	FLT_T_PAIR, /* A:B between brackets, three tokens to libpcap */
};

struct flt_lexer {
	const char *text;
	size_t pos;        /* where the next token is looked for */
	size_t start, len; /* of the last token */
	bool spaced;       /* white space lies before it */
};

/** Read the next token. Each call consumes at least one byte until the end. */
enum flt_token flt_lex(struct flt_lexer *lx);

/** How many terms an expression may have at most: one more than `and`s and
 * `or`s. */
size_t flt_split_terms(const char *expr);

#define FLT_SPLIT_TRUE  UINT32_MAX       /* accept */
#define FLT_SPLIT_FALSE (UINT32_MAX - 1) /* reject */

/** A small expression, compiled by itself. */
struct flt_split_node {
	uint32_t at, len; /* its text */
	uint32_t t, f;    /* where a match and a mismatch lead: a later node,
	                   * FLT_SPLIT_TRUE or FLT_SPLIT_FALSE */
};

struct flt_split {
	char *text; /* a string: the expression, every qualifier written out */
	struct flt_split_node *nodes; /* evaluation begins with the first */
	uint32_t n;
};

/**
 * Split an expression into nodes of at most `terms` terms (1 or more).
 * Returns 0, -EXO_ENOMEM, or -EXO_ESYNTAX: it is not split, be it wrong or not
 * understood. On failure *out is empty.
 */
int flt_split(const char *expr, uint32_t terms, struct flt_split *out);

void flt_split_free(struct flt_split *s);

/** A part of the structure as split.c finds it and split_chunk.c makes nodes
 * of it: a term, or the beginning or the end of a group. */
enum flt_part_kind {
	FLT_PART_TERM,
	FLT_PART_OPEN,
	FLT_PART_CLOSE,
};

struct flt_part {
	uint8_t kind;
	uint8_t op;       /* FLT_T_AND, FLT_T_OR, 0 for the first of a group */
	bool negated;     /* groups: behind an odd number of `not` */
	uint32_t at, len; /* the text of a term, of some terms later */
};

/** The program of a node. */
struct flt_part_prog {
	struct flt_cbpf *insns;
	uint32_t n;
};

/**
 * Join the programs of s's nodes; progs[i] is that of node i. *out is
 * malloc()ed. Returns 0, -EXO_ENOMEM, -EXO_E2BIG past EXO_INSNS_MAX, or
 * -EXO_EINVAL for a program that cannot be joined.
 */
int flt_join(const struct flt_split *s, const struct flt_part_prog *progs,
    struct flt_cbpf **out, uint32_t *n);

#endif
