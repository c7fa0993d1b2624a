/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the front-ends share among themselves.
 */
#ifndef FLT_FILTERS_INT_H
#define FLT_FILTERS_INT_H

#include "filters/filters.h"

/** Append an instruction.
 * Returns 0, -EXO_ENOMEM, or -EXO_E2BIG past EXO_INSNS_MAX. */
int flt_code_add(struct flt_code *c, struct exo_insn in);

/** Write a message as printf() does, cut to fit, and return `ret`. */
__attribute__((format(printf, 3, 4))) int flt_fail(
    struct flt_error *err, int ret, const char *fmt, ...);

/** How an expression is compiled; tests use other values. */
struct flt_expr_how {
	uint32_t small_terms; /* libpcap gets the whole up to these, */
	uint32_t small_text;  /* and so many bytes */
	uint32_t node_terms;  /* terms that are compiled together */
	uint32_t cpu, wall;   /* limits of the child, in seconds */
	uint64_t memory;      /* in bytes, beyond what the process has */
};

/** The defaults; docs/exopf.1 states them. */
extern const struct flt_expr_how flt_expr_how;

/** flt_expr_cbpf() by other values. */
int flt_expr_cbpf_by(const struct flt_expr_how *how, const char *expr,
    uint32_t linktype, unsigned flags, struct flt_cbpf **out, uint32_t *n,
    struct flt_error *err);

/** Compile the whole of an expression in this process. */
int flt_expr_whole(const char *expr, uint32_t linktype, unsigned flags,
    struct flt_cbpf **out, uint32_t *n, struct flt_error *err);

/** Compile an expression node by node, without the child. -EXO_ESYNTAX with an
 * empty *err: it is not split; with a text: a node was refused. */
int flt_expr_nodes(const char *expr, uint32_t linktype, unsigned flags,
    uint32_t terms, struct flt_cbpf **out, uint32_t *n, struct flt_error *err);

/** flt_expr_whole() in a process of its own, within how's limits.
 * Returns -EXO_EBUDGET with *err where one is exceeded. */
int flt_expr_child(const struct flt_expr_how *how, const char *expr,
    uint32_t linktype, unsigned flags, struct flt_cbpf **out, uint32_t *n,
    struct flt_error *err);

/** The DLT_* value by which this machine's libpcap knows a LINKTYPE_*. */
int flt_linktype_dlt(uint32_t linktype);

#endif
