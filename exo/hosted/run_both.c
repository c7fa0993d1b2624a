/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two runs of one program, by two engines: are they the same?
 *
 * Compared is all that a run leaves: the result, the memory or packet, and
 * the maps. A load past the packet gives 0 in compiled code, as it does to
 * whoever called the filter.
 */
#include "exo/hosted/run.h"

#include "exo/abi/err.h"
#include "exo/lib/fmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool result_differs(const struct run_result *a,
    const struct run_result *b, char *text, size_t size)
{
	if (run_is_trap(a->end)) {
		snprintf(text, size,
		    "the interpreter ends in a trap at instruction %u, "
		    "compiled code with r0 0x%" PRIx64,
		    a->pc, b->r0);
		return true;
	}
	snprintf(text, size,
	    "r0 is 0x%" PRIx64 " in the interpreter, 0x%" PRIx64
	    " in compiled code",
	    a->r0, b->r0);
	return a->r0 != b->r0;
}

static bool bytes_differ(const struct run_job *job, const struct run_result *a,
    const struct run_result *b, char *text, size_t size)
{
	const char *what =
	    job->program.type == EXO_PROG_MEM ? "memory" : "the packet";
	uint32_t na, nb, i;
	const uint8_t *pa = run_after(job, a, &na);
	const uint8_t *pb = run_after(job, b, &nb);

	if (na != nb) {
		snprintf(text, size,
		    "%s has %u bytes after the interpreter, %u after compiled "
		    "code",
		    what, na, nb);
		return true;
	}
	for (i = 0; i < na && pa[i] == pb[i]; i++)
		;
	if (i == na)
		return false;
	snprintf(text, size,
	    "byte %u of %s is 0x%02x after the interpreter, 0x%02x after "
	    "compiled code",
	    i, what, pa[i], pb[i]);
	return true;
}

/* Both tables were made with the same key, and so have the same order. */
static bool values_differ(
    const struct exo_map_def *def, struct exo_world *const w[2], uint32_t map)
{
	static uint8_t key[2][EXO_MAP_KEY_MAX], value[2][EXO_MAP_VALUE_MAX];
	uint32_t pos[2] = { 0, 0 }, i;
	int ret[2];

	do {
		for (i = 0; i < 2; i++)
			ret[i] = exo_world_next(
			    w[i], map, &pos[i], key[i], value[i]);
		if (ret[0] != ret[1])
			return true;
		if (ret[0] == 0 &&
		    (memcmp(key[0], key[1], def->key_size) != 0 ||
		        memcmp(value[0], value[1], def->value_size) != 0))
			return true;
	} while (ret[0] == 0);
	return false;
}

static bool records_differ(struct exo_world *const w[2], uint32_t map)
{
	const uint8_t *data[2];
	uint32_t n[2], i;

	do {
		for (i = 0; i < 2; i++)
			data[i] = exo_world_record(w[i], map, &n[i]);
		if ((data[0] == NULL) != (data[1] == NULL))
			return true;
		if (data[0] != NULL &&
		    (n[0] != n[1] || memcmp(data[0], data[1], n[0]) != 0))
			return true;
	} while (data[0] != NULL);
	return false;
}

bool run_differ(const struct run_job *job, const struct run_result *interp,
    const struct run_result *jit, char *text, size_t size)
{
	struct exo_world *const w[2] = { interp->world, jit->world };
	uint32_t i;

	if (result_differs(interp, jit, text, size) ||
	    bytes_differ(job, interp, jit, text, size))
		return true;
	for (i = 0; i < job->nmaps; i++) {
		if (!values_differ(&job->maps[i], w, i) &&
		    !records_differ(w, i))
			continue;
		snprintf(text, size, "map %u holds something else", i);
		return true;
	}
	return false;
}
