/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The growing array of instructions that front-ends write into.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exo/abi/err.h"
#include "filters/filters_int.h"

#define FIRST_ROOM 64u

int flt_code_add(struct flt_code *c, struct exo_insn in)
{
	if (c->n == EXO_INSNS_MAX)
		return -EXO_E2BIG;
	if (c->n == c->room) {
		uint32_t room = c->room != 0 ? c->room * 2 : FIRST_ROOM;
		struct exo_insn *p = realloc(c->insns, room * sizeof(*p));

		if (p == NULL)
			return -EXO_ENOMEM;
		c->insns = p;
		c->room = room;
	}
	c->insns[c->n++] = in;
	return 0;
}

void flt_code_free(struct flt_code *c)
{
	free(c->insns);
	*c = (struct flt_code){ NULL, 0, 0 };
}

int flt_fail(struct flt_error *err, int ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return ret;
}
