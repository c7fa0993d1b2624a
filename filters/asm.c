/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assembler text to filter image.
 */
#include <stdlib.h>

#include "exo/abi/err.h"
#include "exo/isa/text.h"
#include "filters/filters_int.h"

/* Enough slots for a text: an instruction has a line of its own and takes two
 * at most; a label, for which the assembler uses free ones, has a colon. */
static uint32_t slots(const char *text, size_t len)
{
	uint32_t n = 2;
	size_t i;

	for (i = 0; i < len && n < 3 * EXO_INSNS_MAX; i++)
		if (text[i] == '\n' || text[i] == ':')
			n += 2;
	return n;
}

static int assemble(const char *text, size_t len, struct exo_insn *insns,
    uint32_t max, uint32_t *n, struct flt_error *err)
{
	struct isa_asm_error where;
	int ret = isa_asm(text, len, insns, max, n, &where);

	if (ret == -EXO_ESYNTAX)
		return flt_fail(err, ret, "line %u, column %u: %s", where.line,
		    where.col, where.what);
	if (ret < 0)
		return flt_fail(err, ret,
		    "the program has more than %u instructions", EXO_INSNS_MAX);
	return 0;
}

int flt_asm_image(const char *text, size_t len, uint32_t type, const char *name,
    struct flt_image *out, struct flt_error *err)
{
	uint32_t max = slots(text, len), n = 0;
	struct exo_insn *insns = calloc(max, sizeof(*insns));
	int ret;

	*out = (struct flt_image){ NULL, 0 };
	if (insns == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	ret = assemble(text, len, insns, max, &n, err);
	if (ret == 0)
		ret = flt_image_write(type, insns, n, name, NULL, out, err);
	free(insns);
	return ret;
}
