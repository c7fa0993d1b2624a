/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: any bytes as assembler text, and as instructions to be shown.
 *
 * Text that assembles must survive being shown and read again; bytes taken
 * as instructions must read back from their own text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/isa/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX   4096u
#define SHOWN 64u  /* slots of raw bytes: more would only be slower */
#define LINE  128u /* no instruction's text is longer */

static struct exo_insn first[MAX], second[MAX];
static char text[MAX * LINE];

/* Show n slots and read them back. */
static void round_trip(const struct exo_insn *insns, uint32_t n)
{
	struct isa_asm_error err;
	struct exo_fmt f;
	uint32_t i, again;

	exo_fmt_init(&f, text, sizeof(text));
	for (i = 0; i < n;) {
		i += isa_disasm(&f, insns, n, i);
		exo_fmt_char(&f, '\n');
	}
	if (i != n || f.cut)
		abort();
	if (isa_asm(text, f.len, second, MAX, &again, &err) != 0 ||
	    again != n || memcmp(insns, second, n * sizeof(*insns)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct isa_asm_error err;
	uint32_t n, max = MAX;
	int rc;

	/* Little room now and then: where labels and program meet. */
	if (size > 0 && data[size - 1] < 16)
		max = data[size - 1];
	memset(&err, 0, sizeof(err));
	rc = isa_asm((const char *)data, size, first, max, &n, &err);
	if (rc == 0) {
		if (n > max)
			abort();
		round_trip(first, n);
	} else if ((rc != -EXO_ESYNTAX && rc != -EXO_E2BIG) || n != 0 ||
	           err.line == 0 || err.col == 0 || err.what[0] == '\0') {
		abort();
	}
	n = (uint32_t)(size / sizeof(*first));
	if (n > SHOWN)
		n = SHOWN;
	memcpy(first, data, n * sizeof(*first));
	round_trip(first, n);
	return 0;
}
