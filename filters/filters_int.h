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

/** The DLT_* value by which this machine's libpcap knows a LINKTYPE_*. */
int flt_linktype_dlt(uint32_t linktype);

#endif
