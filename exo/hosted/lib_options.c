/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a program: see include/exopf/exopf.h. */
#include "exo/hosted/lib.h"

#include "exo/hosted/heap.h"

#include <string.h>

#define FLAGS    (EXOPF_NO_HELPERS | EXOPF_NO_PACKET_WRITE)
#define READ_MAX 4096u /* no version has as many bytes */

/* What a caller of a later version says in fields that this one has not. */
static bool says_more(const struct exopf_options *from)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t i;

	for (i = sizeof(*from); i < from->size; i++) {
		if (p[i] != 0)
			return true;
	}
	return false;
}

int lib_options_take(const struct exopf_options *from, struct exopf_options *to)
{
	memset(to, 0, sizeof(*to));
	if (from != NULL) {
		if (from->size < sizeof(*from) || from->size > READ_MAX)
			return EXOPF_EINVAL;
		if (says_more(from))
			return EXOPF_E2BIG;
		*to = *from;
	}
	to->size = sizeof(*to);
	if (to->memory == 0)
		to->memory = EXOPF_MEMORY_DEFAULT;
	if ((to->flags & ~FLAGS) != 0 ||
	    (to->alloc == NULL) != (to->release == NULL) ||
	    (to->maps == NULL && to->n_maps != 0))
		return EXOPF_EINVAL;
	return to->n_maps > EXO_WORLD_MAPS ? EXOPF_E2BIG : 0;
}

struct exo_mem lib_options_mem(const struct exopf_options *options)
{
	struct exo_mem mem = cmd_heap();

	if (options->alloc != NULL) {
		mem.get = options->alloc;
		mem.put = options->release;
		mem.ctx = options->arg;
	}
	mem.limit = options->memory;
	return mem;
}
